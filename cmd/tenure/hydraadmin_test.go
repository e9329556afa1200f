package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/cmd/tenure/exit"
)

// without sends a request with no credential and returns status and body.
func without(t *testing.T, client *http.Client, method, url, body string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	must(t, err)
	for _, c := range change {
		c(req)
	}
	res, err := client.Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(raw)
}

func TestHydraAdminListener(t *testing.T) {
	p := started(t, "", "dev", "--hydra-admin-listen", "127.0.0.1:0", "--hydra-admin-host", "hydra.internal")
	admin, c := p.info.HydraAdminURL, http.DefaultClient
	if admin == "" || admin == p.info.URL {
		t.Fatalf("the info file says %q", admin)
	}
	for _, path := range []string{"/admin/clients", "/clients", "/clients/", "/health/ready", "/version"} {
		if status, body := without(t, c, "GET", admin+path, ""); status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	status, body := without(t, c, "POST", admin+"/clients", `{"client_id":"from the admin port"}`)
	if status != 201 || !strings.Contains(body, `"registration_client_uri":"`+p.info.URL+`/oauth2/register/from%20the%20admin%20port"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := without(t, c, "GET", p.info.URL+"/admin/clients", ""); status != 401 {
		t.Errorf("the other listener: %d %s", status, body)
	}
	for name, change := range map[string]func(*http.Request){
		"origin":       func(r *http.Request) { r.Header.Set("Origin", admin) },
		"foreign host": func(r *http.Request) { r.Host = "evil.example" },
	} {
		if status, body := without(t, c, "GET", admin+"/admin/clients", "", change); status != 403 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, body := without(t, c, "GET", admin+"/admin/clients", "", func(r *http.Request) { r.Host = "hydra.internal:4445" }); status != 200 {
		t.Errorf("its own name: %d %s", status, body)
	}
	for _, path := range []string{"/v1/organizations", "/v2/modules/oauthv2/setups", "/healthz"} {
		if status, body := without(t, c, "GET", admin+path, ""); status != 404 {
			t.Errorf("%s is there: %d %s", path, status, body)
		}
	}
	// The caller's own headers do not widen what the key may do.
	widen := func(r *http.Request) { r.Header.Set("Tenure-Org", string(p.info.Organizations[0].ID)) }
	if status, body := without(t, c, "GET", admin+"/admin/clients", "", widen); status != 200 {
		t.Errorf("with Tenure-Org: %d %s", status, body)
	}
	p.stop(t)
}

func TestHydraAdminSocket(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "admin.sock")
	stale, err := net.Listen("unix", socket)
	must(t, err)
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	must(t, stale.Close())
	p := started(t, "", "dev", "--hydra-admin-listen", "unix:"+socket)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 || p.info.HydraAdminURL != "unix:"+socket {
		t.Errorf("%v %v %s", info, err, p.info.HydraAdminURL)
	}
	over := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	if status, body := without(t, over, "GET", "http://localhost/clients", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if code, out := fails(t, "dev", "--listen", "127.0.0.1:0", "--hydra-admin-listen", "unix:"+socket); code != exit.Listen || !strings.Contains(out, "another process") {
		t.Errorf("a second server: %d %s", code, out)
	}
	p.stop(t)
}

func TestHydraAdminKeys(t *testing.T) {
	dir := t.TempDir()
	db, key := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "key")
	p := started(t, "", "serve", "--database", db)
	must(t, os.WriteFile(key, []byte(p.info.Organizations[0].APIKey+"\n"), 0o600))
	p.stop(t)
	other := filepath.Join(dir, "other")
	must(t, os.WriteFile(other, []byte("tenure_"+strings.Repeat("A", 43)), 0o600))
	listen := []string{"serve", "--database", db, "--listen", "127.0.0.1:0", "--hydra-admin-listen", "127.0.0.1:0"}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"needs --hydra-admin-key-file", listen},
		{"--hydra-admin-allow-root", append(listen[:len(listen):len(listen)], "--hydra-admin-key-file", key)},
		{"not valid", append(listen[:len(listen):len(listen)], "--hydra-admin-key-file", other)},
		{"no such file", append(listen[:len(listen):len(listen)], "--hydra-admin-key-file", filepath.Join(dir, "none"))},
		{"--hydra-admin-allow-remote", []string{"serve", "--database", db, "--listen", "127.0.0.1:0", "--hydra-admin-listen", "0.0.0.0:0", "--hydra-admin-key-file", other}},
	} {
		if code, out := fails(t, c.args...); code != exit.Usage || !strings.Contains(out, c.says) || strings.Contains(out, "AAAA") {
			t.Errorf("%v: %d %s", c.args, code, out)
		}
	}
	again := started(t, "", "serve", "--database", db, "--public-url", "https://id.example", "--hydra-admin-listen", "127.0.0.1:0",
		"--hydra-admin-key-file", key, "--hydra-admin-allow-root")
	status, body := without(t, http.DefaultClient, "POST", again.info.HydraAdminURL+"/clients", `{"client_id":"c"}`)
	if status != 201 || !strings.Contains(body, `"https://id.example/oauth2/register/c"`) {
		t.Errorf("%d %s", status, body)
	}
	again.stop(t)
}
