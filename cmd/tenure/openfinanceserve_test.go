package main

import (
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/demo/demotest"
)

// The software and its organization in these tests.
const (
	testSoftware = "67c57882-043b-11ec-9a03-0242ac130003"
	testOrg      = "74e929d9-33b6-4d85-8ba7-c146c867a817"
	testNumber   = "43142666000197"
)

// world is an authority with what it issued, and a directory, in files.
type world struct {
	dir, ca, crl, keys, cert, key string
	directory                     *demo.Directory
	authority                     *demo.Authority
	good, revoked                 *demo.Pair
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	var err error
	w.authority, err = demo.NewAuthority(time.Now)
	must(t, err)
	w.directory, err = demo.NewDirectory("keys-of-a-test", time.Now)
	must(t, err)
	subject := demo.Subject{SoftwareID: testSoftware, OrgID: testOrg, CNPJ: testNumber, Organization: "Bank", CommonName: "bank.example"}
	w.good, err = w.authority.Client(subject)
	must(t, err)
	w.revoked, err = w.authority.Client(subject)
	must(t, err)
	server, err := w.authority.Server()
	must(t, err)
	list, err := demotest.Revoke(w.authority, time.Now(), 1, w.revoked.Certificate)
	must(t, err)
	file := func(name string, raw []byte) string {
		path := filepath.Join(w.dir, name)
		must(t, os.WriteFile(path, raw, 0o600))
		return path
	}
	w.ca, w.crl, w.keys = file("ca.pem", w.authority.PEM()), file("crl.der", list), file("keys.json", w.directory.JWKS())
	w.cert, w.key = file("server.pem", server.CertPEM()), file("server.key", server.KeyPEM())
	return w
}

// caller presents a certificate, or none.
func (w *world) caller(t *testing.T, pair *demo.Pair) *http.Client {
	t.Helper()
	config := &tls.Config{RootCAs: w.authority.Pool()}
	if pair != nil {
		config.Certificates = []tls.Certificate{pair.TLS()}
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func (w *world) registration(t *testing.T) string {
	t.Helper()
	statement, err := w.directory.Sign(w.directory.Claims(demo.Software{ID: testSoftware, OrgID: testOrg, OrgName: "Bank", CNPJ: testNumber, Name: "App",
		JWKSURI: "https://keystore.example/application.jwks", RedirectURIs: []string{"https://software.example/callback"}, Roles: []string{"DADOS"}}))
	must(t, err)
	return `{"software_statement":"` + statement + `","redirect_uris":["https://software.example/callback"]}`
}

// byStatement has the default setup take statements, without a look at the key
// set, which no test's address could pass.
func (p *program) byStatement(t *testing.T, client *http.Client) {
	t.Helper()
	status, policy := send(t, client, "PUT", p.info.URL+"/v1/setups/"+string(p.info.SetupID)+"/policy", p.info.Organizations[0].APIKey,
		`{"registration":"statement","open_finance_profile":"ofb-id3"}`)
	if status != 200 {
		t.Fatalf("policy: %d %v", status, policy)
	}
}

func TestServeOpenFinanceOnAListenerOfItsOwn(t *testing.T) {
	w := newWorld(t)
	p := started(t, "", "serve", "--database", filepath.Join(w.dir, "x.db"), "--tls-cert", w.cert, "--tls-key", w.key, "--client-ca", w.ca,
		"--client-crl", w.crl, "--directory-keys", w.keys, "--directory-issuer", demo.Issuer, "--directory-environment", "production", "--directory-mode", "Live")
	good, none, url := w.caller(t, w.good), w.caller(t, nil), p.info.URL+"/reg"
	p.byStatement(t, none)
	for name, client := range map[string]*http.Client{"no certificate": none, "a revoked one": w.caller(t, w.revoked)} {
		if status, answer := send(t, client, "POST", url, "", w.registration(t)); status != 400 || answer["error"] != "unapproved_software_statement" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	status, made := send(t, good, "POST", url, "", w.registration(t))
	if status != 201 {
		t.Fatalf("register: %d %v", status, made)
	}
	own, token := made["registration_client_uri"].(string), made["registration_access_token"].(string)
	if status, read := send(t, good, "GET", own, token, ""); status != 200 || read["client_id"] != made["client_id"] {
		t.Errorf("read: %d %v", status, read)
	}
	if status, answer := send(t, none, "GET", own, token, ""); status != 401 || answer["error"] != "invalid_token" {
		t.Errorf("read without a certificate: %d %v", status, answer)
	}
	p.stop(t)
}

func TestServeOpenFinanceBehindAProxy(t *testing.T) {
	w := newWorld(t)
	start := func(from string) *program {
		p := started(t, "", "serve", "--database", filepath.Join(t.TempDir(), "x.db"), "--client-ca", w.ca, "--client-crl", w.crl, "--directory-keys", w.keys,
			"--proxy-cert-header", "Client-Cert", "--proxy-cert-format", "rfc9440", "--trusted-proxy", from)
		p.byStatement(t, http.DefaultClient)
		return p
	}
	hand := func(pair *demo.Pair) *http.Client {
		return &http.Client{Transport: handing(":" + base64.StdEncoding.EncodeToString(pair.Certificate.Raw) + ":")}
	}
	p := start("127.0.0.1,10.0.0.0/8")
	for name, c := range map[string]struct {
		client *http.Client
		status int
	}{"no header": {http.DefaultClient, 400}, "a revoked certificate": {hand(w.revoked), 400}} {
		if status, answer := send(t, c.client, "POST", p.info.URL+"/reg", "", w.registration(t)); status != c.status {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if status, made := send(t, hand(w.good), "POST", p.info.URL+"/reg", "", w.registration(t)); status != 201 {
		t.Errorf("register: %d %v", status, made)
	}
	p.stop(t)
	p = start("10.0.0.0/8")
	if status, answer := send(t, hand(w.good), "POST", p.info.URL+"/reg", "", w.registration(t)); status != 400 || answer["error"] != "unapproved_software_statement" {
		t.Errorf("the header of an address that is no proxy: %d %v", status, answer)
	}
	p.stop(t)
}

// handing is a proxy's way to hand on a certificate.
type handing string

func (h handing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Client-Cert", string(h))
	return http.DefaultTransport.RoundTrip(r)
}
