package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hydraStandIn does what the document asks of Hydra's command line: it lists
// clients from an endpoint, with a header.
const hydraStandIn = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --endpoint) endpoint=$2; shift ;;
    -H) header=$2; shift ;;
  esac
  shift
done
items=$(curl -sf -H "${header:-Accept: */*}" "$endpoint/admin/clients?page_size=500") || exit 1
printf '{"items":%s,"next_page_token":"","is_last_page":true}\n' "$items"
`

// TestCommandsOfTheHydraDocument runs every shell block of docs/hydra.md, one
// after another in one shell, as somebody does who follows it.
func TestCommandsOfTheHydraDocument(t *testing.T) {
	needCurl(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "hydra.md"))
	must(t, err)
	dir, bin := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(bin, "hydra"), []byte(hydraStandIn), 0o700))
	own := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", asProgram, os.Args[0])
	must(t, os.WriteFile(filepath.Join(bin, "tenure"), []byte(own), 0o700))
	makeHydraDatabase(t, filepath.Join(dir, "hydra.sqlite"))

	script := "set -eu\ntrap 'kill $! 2>/dev/null' EXIT\n"
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	for i, m := range blocks {
		script += fmt.Sprintf("echo '== block %d'\n%s", i+1, m[1])
	}
	script = strings.NewReplacer("127.0.0.1:8080", freeAddress(t), "127.0.0.1:4445", freeAddress(t), "sleep 1", "sleep 0.1").Replace(script)
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n--\n%s", err, script, out)
	}
	for _, says := range []string{"1 clients: 1 created, 0 updated, 0 unchanged, 0 refused; nothing was written\n",
		"1 clients: 1 created, 0 updated, 0 unchanged, 0 refused\n", "unchanged  shop\n", `"unchanged":1`, `"dry_run":true`,
		`"client_name":"agent"`, `"registration":"token"`, "Hydra's admin API is on http://127.0.0.1:"} {
		if !strings.Contains(strings.ReplaceAll(string(out), `": `, `":`), says) {
			t.Errorf("nothing said %q:\n%s", says, out)
		}
	}
	if len(blocks) < 9 {
		t.Errorf("only %d blocks found", len(blocks))
	}
}

// makeHydraDatabase writes a SQLite file as Hydra leaves it, with one client and
// the hash of its secret.
func makeHydraDatabase(t *testing.T, path string) {
	t.Helper()
	const rounds, salt = 25000, "sixteen bytes ok"
	key, err := pbkdf2.Key(sha256.New, "s3cret of the shop", []byte(salt), rounds, 32)
	must(t, err)
	b64 := base64.RawStdEncoding.EncodeToString
	d, err := sql.Open("sqlite3", path)
	must(t, err)
	_, err = d.Exec(`CREATE TABLE hydra_client (id VARCHAR(255) NOT NULL, nid CHAR(36) NOT NULL, client_secret TEXT NOT NULL,
		token_endpoint_auth_method VARCHAR(25) NOT NULL, scope TEXT NOT NULL, subject_type VARCHAR(15) NOT NULL,
		userinfo_signed_response_alg VARCHAR(10) NOT NULL, grant_types TEXT NOT NULL)`)
	must(t, err)
	_, err = d.Exec(`INSERT INTO hydra_client VALUES ('shop', '8a3a4a4e-4d2e-4b6e-9d0c-5f5f5f5f5f5f', ?, 'client_secret_basic', 'openid',
		'public', 'none', '["client_credentials"]')`, fmt.Sprintf("$pbkdf2-sha256$i=%d,l=32$%s$%s", rounds, b64([]byte(salt)), b64(key)))
	must(t, err)
	must(t, d.Close())
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}
