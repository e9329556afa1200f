package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
)

// participant is a caller with the demonstration's certificate.
func participant(t *testing.T, o *node.InfoOpenFinance) *http.Client {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
	must(t, err)
	ca, err := os.ReadFile(o.CA)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// send answers with the status and what is known of a client.
func send(t *testing.T, client *http.Client, method, url, token, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	var answer map[string]any
	must(t, json.Unmarshal(raw, &answer))
	return res.StatusCode, answer
}

// registered registers the demonstration's software.
func registered(t *testing.T, client *http.Client, o *node.InfoOpenFinance) (id, token string) {
	t.Helper()
	res, err := http.Get(o.StatementURL)
	must(t, err)
	defer res.Body.Close()
	statement, err := io.ReadAll(res.Body)
	must(t, err)
	status, made := send(t, client, "POST", o.URL, "", `{"software_statement":"`+string(statement)+`","redirect_uris":["https://software.example/callback"]}`)
	if status != 201 {
		t.Fatalf("register: %d %v", status, made)
	}
	return made["client_id"].(string), made["registration_access_token"].(string)
}

// TestDevKeepsItsCertificates: a later start with the same database serves the
// client of an earlier one, by the same certificate.
func TestDevKeepsItsCertificates(t *testing.T) {
	dir := t.TempDir()
	db, file := filepath.Join(dir, "dev.db"), filepath.Join(dir, "info.json")
	first := started(t, file, "dev", "--database", db)
	files := []string{first.info.OpenFinance.CA, first.info.OpenFinance.Cert, first.info.OpenFinance.Key}
	var before [][]byte
	for _, f := range files {
		raw, err := os.ReadFile(f)
		must(t, err)
		before = append(before, raw)
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info, err)
		}
	}
	client := participant(t, first.info.OpenFinance)
	id, token := registered(t, client, first.info.OpenFinance)
	first.stop(t)

	second := started(t, file, "dev", "--database", db)
	o := second.info.OpenFinance
	if o.SetupID != first.info.OpenFinance.SetupID || o.CA != files[0] {
		t.Fatalf("%+v, was %+v", o, first.info.OpenFinance)
	}
	for i, f := range files {
		if raw, err := os.ReadFile(f); err != nil || !bytes.Equal(raw, before[i]) {
			t.Errorf("%s changed over a restart: %v", f, err)
		}
	}
	if status, read := send(t, client, "GET", o.URL+"/"+id, token, ""); status != 200 || read["client_id"] != id {
		t.Errorf("read after restart: %d %v", status, read)
	}
	second.stop(t)
}

func TestDevNamesItsCertificatesForCallersAnywhere(t *testing.T) {
	t.Chdir(t.TempDir())
	p := started(t, "", "dev", "--database", "dev.db")
	o := p.info.OpenFinance
	for _, path := range []string{o.CA, o.Cert, o.Key} {
		if !filepath.IsAbs(path) {
			t.Errorf("%s holds in one folder only", path)
		}
	}
	p.stop(t)
}

func TestDevWithoutOpenFinance(t *testing.T) {
	p := started(t, "", "dev", "--open-finance-listen", "off")
	if p.info.OpenFinance != nil {
		t.Errorf("%+v", p.info.OpenFinance)
	}
	p.stop(t)
	if code, out := fails(t, "dev", "--listen", "127.0.0.1:0", "--open-finance-listen", "0.0.0.0:0"); code != exit.Usage || !strings.Contains(out, "--open-finance-listen") {
		t.Errorf("for everybody: %d %s", code, out)
	}
}
