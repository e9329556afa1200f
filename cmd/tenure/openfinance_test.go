package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/openfinance/demo"
)

func TestOpenFinanceFlagsThatCannotWork(t *testing.T) {
	dir := t.TempDir()
	authority, err := demo.NewAuthority(time.Now)
	must(t, err)
	ca, none := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "none")
	must(t, os.WriteFile(ca, authority.PEM(), 0o600))
	proxy := []string{"--client-ca", ca, "--proxy-cert-header", "Client-Cert", "--proxy-cert-format", "rfc9440", "--trusted-proxy", "127.0.0.1,10.0.0.0/8"}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"must be given together", []string{"--proxy-cert-header", "x"}},
		{"needs --client-ca", proxy[2:]},
		{"--client-crl needs", []string{"--client-crl", ca}},
		{"--client-crl-allow-expired needs", append([]string{"--client-crl-allow-expired"}, proxy...)},
		{"--client-ca needs", []string{"--client-ca", ca}},
		{"--directory-keys needs", []string{"--directory-keys", none}},
		{"need --directory-keys", []string{"--directory-issuer", "x"}},
		{"--client-ca: ", append([]string{"--client-ca", none}, proxy[2:]...)},
		{"--client-crl: ", append([]string{"--client-crl", ca}, proxy...)},
		{"--trusted-proxy: nowhere", append(proxy[:6:6], "--trusted-proxy", "nowhere")},
		{"must be given together", proxy[:6:6]},
		{"all addresses", []string{"--trusted-proxy", "10.0.0.0/8,0.0.0.0/0"}},
		{"--proxy-from is now --trusted-proxy", append(proxy[:6:6], "--proxy-from", "127.0.0.1")},
		{"--directory-keys: ", append([]string{"--directory-keys", none}, proxy...)},
		{"https URL", append([]string{"--directory-keys", "http://directory.example/keys"}, proxy...)},
	} {
		args := append([]string{"serve", "--database", filepath.Join(dir, "x.db"), "--listen", "127.0.0.1:0"}, c.args...)
		if code, out := fails(t, args...); code != exit.Usage || !strings.Contains(out, c.says) {
			t.Errorf("%v: %d %s", c.args, code, out)
		}
	}
	// A directory that does not answer yet is no reason not to start.
	started(t, "", append([]string{"serve", "--database", filepath.Join(dir, "y.db"), "--directory-keys", "http://127.0.0.1:1/keys"}, proxy...)...).stop(t)
}
