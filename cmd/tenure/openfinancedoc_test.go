package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRequestsOfTheOpenFinanceDocument runs every shell block of
// docs/openfinance.md, one after another in one shell.
func TestRequestsOfTheOpenFinanceDocument(t *testing.T) {
	needCurl(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "openfinance.md"))
	must(t, err)
	p := started(t, "", "dev")
	defer p.stop(t)
	script := "set -eu\n"
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		script += m[1]
	}
	o := p.info.OpenFinance
	cmd := exec.Command("sh", "-c", script+"reg -H \"Authorization: Bearer $token\" $uri")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "REG="+o.URL, "CA="+o.CA, "CERT="+o.Cert, "KEY="+o.Key, "STATEMENT_URL="+o.StatementURL)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, says := range []string{`"scope":"openid accounts"`, "unapproved_software_statement", `"error":"invalid_token"`} {
		if !strings.Contains(string(out), says) {
			t.Errorf("nothing said %s:\n%s", says, out)
		}
	}
}
