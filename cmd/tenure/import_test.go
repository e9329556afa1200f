package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/cmd/tenure/exit"
)

func TestImportIsToldWhereTo(t *testing.T) {
	dir := t.TempDir()
	held := filepath.Join(dir, "held.db")
	started(t, "", "serve", "--database", held)
	list := importFixture("list.json")
	for _, c := range []struct {
		name, says string
		code       int
		args       []string
	}{
		{"nowhere", "--database is required", exit.Usage, []string{list}},
		{"both", "must not be given together", exit.Usage, []string{list, "--database", "x", "--url", "http://127.0.0.1:1"}},
		{"no file", "no such file", exit.Usage, []string{filepath.Join(dir, "none"), "--database", filepath.Join(dir, "a.db")}},
		{"no argument", "needs an argument: FILE", exit.Usage, nil},
		{"format", "--format must be text or json", exit.Usage, []string{list, "--database", filepath.Join(dir, "a.db"), "--format", "yaml"}},
		{"a server has it", "in use by another process", exit.Database, []string{list, "--database", held}},
		{"setup", "--setup nope", exit.Usage, []string{list, "--database", filepath.Join(dir, "b.db"), "--setup", "nope"}},
		{"owner", "no organization has that name or id", exit.Usage, []string{list, "--database", filepath.Join(dir, "b.db"), "--owner", "nobody"}},
		{"no key", "--api-key-file is required with --url", exit.Usage, []string{list, "--url", "http://127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out := fails(t, append([]string{"import", "hydra"}, c.args...)...)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit %d, %s; want %d and %q", code, out, c.code, c.says)
			}
		})
	}
}

func TestImportFromStandardInput(t *testing.T) {
	database := filepath.Join(t.TempDir(), "tenure.db")
	cmd := command("import", "hydra", "-", "--database", database)
	cmd.Stdin = strings.NewReader(`{"client_id":"piped","token_endpoint_auth_method":"none"}`)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "created    piped\n") {
		t.Errorf("%v %s", err, out)
	}
	cmd = command("import", "hydra", "-", "--database", database)
	cmd.Stdin = bytes.NewReader([]byte("SQLite format 3\x00\x00"))
	out, err = cmd.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exit.Usage || !strings.Contains(string(out), "cannot be read from standard input") {
		t.Errorf("%v %s", err, out)
	}
}

// TestImportOfWeakKeys: another installation's weak keys are imported with a warning, and the check
// of keys reports them.
func TestImportOfWeakKeys(t *testing.T) {
	database := filepath.Join(t.TempDir(), "tenure.db")
	cmd := command("import", "hydra", "-", "--database", database)
	cmd.Stdin = strings.NewReader(`{"client_id":"old","token_endpoint_auth_method":"none","jwks":{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}}` +
		`{"client_id":"bad","token_endpoint_auth_method":"none","jwks":{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]}}`)
	out, err := cmd.CombinedOutput()
	for _, line := range []string{"created    old\n           warning: /jwks/keys/0/n: The modulus must have at least 2,048 bits (RFC 7518",
		"refused    bad\n           /jwks/keys/0/d: A set must not hold private key material."} {
		if err == nil || !strings.Contains(string(out), line) {
			t.Errorf("%v, no %q in %s", err, line, out)
		}
	}
	if code, said := fails(t, "check", "--database", database); code != 0 || strings.Contains(said, "/jwks") {
		t.Errorf("exit %d, %s", code, said)
	}
	code, said := fails(t, "check", "--keys", "--database", database)
	if code != exit.Problems || !strings.Contains(said, "is consistent") || !strings.Contains(said, `client "old"`) ||
		!strings.Contains(said, ": /jwks/keys/0/n: rsa-modulus-small: ") {
		t.Errorf("exit %d, %s", code, said)
	}
}

// TestInterruptedImport stops in the middle, says so, and is finished by the
// next run.
func TestInterruptedImport(t *testing.T) {
	database := filepath.Join(t.TempDir(), "tenure.db")
	cmd := command("import", "hydra", "-", "--database", database)
	in, err := cmd.StdinPipe()
	must(t, err)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	must(t, cmd.Start())
	_, err = in.Write([]byte(`[{"client_id":"a"},{"client_id":"b"},`))
	must(t, err)
	for deadline := time.Now().Add(30 * time.Second); clientsIn(database) < 2; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing happens")
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGINT))
	for i := 0; err == nil; i++ { // the list goes on until the program no longer reads it
		_, err = fmt.Fprintf(in, `{"client_id":"c%d"},`, i)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(out.String(), "created    b") || !strings.Contains(out.String(), " 0 refused\n") ||
		!strings.Contains(said.String(), "interrupted; run the same command again") {
		t.Errorf("%v %s %s", err, out.String(), said.String())
	}
	if code, said := fails(t, "check", "--database", database); code != 0 {
		t.Errorf("check: %d %s", code, said)
	}
}

// clientsIn counts the clients of a database that another process writes.
func clientsIn(database string) (n int) {
	d, err := sql.Open("sqlite3", "file:"+database+"?mode=ro")
	if err != nil {
		return 0
	}
	defer d.Close()
	if err := d.QueryRow("SELECT count(*) FROM entity WHERE kind = 'client'").Scan(&n); err != nil {
		return 0 // not made yet
	}
	return n
}
