package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tenure/cmd/tenure/demo"
	"tenure/cmd/tenure/node"

	"github.com/spf13/pflag"
)

// TestRequestsOfTheOpenFinanceDocument runs every shell block of
// docs/api/openfinance.md, one after another in one shell.
func TestRequestsOfTheOpenFinanceDocument(t *testing.T) {
	needCurl(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "api", "openfinance.md"))
	must(t, err)
	p := started(t, "", "dev")
	defer p.stop(t)
	script := "set -eu\n"
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		script += m[1]
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = os.Environ()
	for _, v := range demo.Variables(p.info) {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for says, times := range map[string]int{`"scope":"openid accounts"`: 1, `"error":"unapproved_software_statement"`: 1,
		`"error":"invalid_redirect_uri"`: 1, `"error":"invalid_software_statement"`: 1, `"error":"invalid_token"`: 2,
		`"client_name":"app"`: 1} {
		if n := strings.Count(string(out), says); n != times {
			t.Errorf("%s was said %d times, not %d:\n%s", says, n, times, out)
		}
	}
}

// TestFlagsOfTheOpenFinanceDocument: serve has every flag that the document and
// the README name, and they name every flag of /reg.
func TestFlagsOfTheOpenFinanceDocument(t *testing.T) {
	serve, dev := serveCommand().Flags(), devCommand().Flags()
	named := regexp.MustCompile(`--[a-z]+(-[a-z]+)*`)
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "api", "openfinance.md"))
	must(t, err)
	_, doc, _ = bytes.Cut(doc, []byte("## Setting up a server"))
	for _, flag := range named.FindAllString(string(doc), -1) {
		if serve.Lookup(flag[2:]) == nil {
			t.Errorf("serve has no %s", flag)
		}
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	var own pflag.FlagSet
	openFinanceFlags(&own, &node.OpenFinance{})
	own.AddFlag(dev.Lookup("open-finance-listen"))
	own.VisitAll(func(f *pflag.Flag) {
		if !strings.Contains(string(readme), "`--"+f.Name+"`") {
			t.Errorf("the README does not name --%s", f.Name)
		}
		if f.Name != "open-finance-listen" && !strings.Contains(string(doc), "--"+f.Name) {
			t.Errorf("the document does not name --%s", f.Name)
		}
	})
}
