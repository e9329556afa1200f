package openfinance_test

import (
	"bytes"
	"net/netip"
	"os"
	"strings"
	"testing"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// behind puts the surface behind a proxy at some addresses.
func behind(format, from string) config {
	return func(_ *fixture, c *openfinance.Deps) {
		c.Scheme.Proxy = &scheme.Proxy{Header: "X-Client-Cert", Format: format, From: []netip.Prefix{netip.MustParsePrefix(from)}}
	}
}

// TestProxyHandsOnTheCertificate in each format. The proxy's own certificate
// never counts.
func TestProxyHandsOnTheCertificate(t *testing.T) {
	for format, write := range map[string]func(*demo.Pair) string{
		scheme.ProxyPEM:     func(p *demo.Pair) string { return pemEscaped(p) },
		scheme.ProxyRFC9440: sequence,
		scheme.ProxyXFCC:    func(p *demo.Pair) string { return `Hash=abc;Cert="` + pemEscaped(p) + `"` },
	} {
		t.Run(format, func(t *testing.T) {
			f := newFixture(t, dbtest.SQLite(t), behind(format, "127.0.0.0/8"))
			header := func(p *demo.Pair) string { return "X-Client-Cert: " + write(p) }
			before := f.stored(t)
			for _, line := range []string{"X: x", "X-Client-Cert: ", "X-Client-Cert: junk", header(sister()), header(forged()), header(expired()), header(elsewhere())} {
				a := f.send(t, good(), "POST", "/reg", f.body(nil), line)
				if a.status != 400 && a.status != 401 || a.text("client_id") != "" {
					t.Errorf("%.40s: %d %s", line, a.status, a.raw)
				}
			}
			f.send(t, nil, "POST", "/reg", f.body(nil), header(good()), header(good())).want(t, 400)
			f.unchanged(t, before)
			made := f.send(t, sister(), "POST", "/reg", f.body(nil), header(good())).want(t, 201)
			f.send(t, nil, "GET", made.uri(), "", made.bearer(), header(good())).want(t, 200)
			f.send(t, good(), "GET", made.uri(), "", made.bearer(), header(sister())).want(t, 401)
			f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 401)
			f.send(t, nil, "DELETE", made.uri(), "", made.bearer(), header(good())).want(t, 204)
		})
	}
}

// TestUntrustedPeerHandsOnNothing: its header is not looked at.
func TestUntrustedPeerHandsOnNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), behind(scheme.ProxyRFC9440, "10.0.0.0/8"))
	header := func(p *demo.Pair) string { return "X-Client-Cert: " + sequence(p) }
	before := f.stored(t)
	a := f.send(t, nil, "POST", "/reg", f.body(nil), header(good()))
	if a.status != 400 && a.status != 401 {
		t.Errorf("%d %s", a.status, a.raw)
	}
	f.send(t, sister(), "POST", "/reg", f.body(nil), header(good())).want(t, 400, "unapproved_software_statement")
	f.unchanged(t, before)
	made := f.send(t, good(), "POST", "/reg", f.body(nil), header(sister())).want(t, 201)
	f.send(t, good(), "GET", made.uri(), "", made.bearer(), "X-Client-Cert: junk", header(sister())).want(t, 200)
	f.send(t, sister(), "GET", made.uri(), "", made.bearer(), header(good())).want(t, 401)
}

// malformed are the four headers, each with a value that is none.
var malformed = map[string]string{"x-fapi-interaction-id": "no-uuid-at-all", "x-fapi-auth-date": "Sun, 1 Sep 2017 19:43:31 UTC",
	"x-fapi-customer-ip-address": "not-an-address", "x-customer-user-agent": strings.Repeat("agent", 21)}

// TestA22HeadersByDefault: a malformed one is named in the log, without its
// value, and the call goes on.
func TestA22HeadersByDefault(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	f.send(t, good(), "GET", made.uri(), "", made.bearer(), "x-fapi-auth-date: Sun, 10 Sep 2017 19:43:31 GMT").want(t, 200)
	if strings.Contains(f.log.String(), "ignored_headers") {
		t.Fatal(f.log.String())
	}
	for name, value := range malformed {
		f.log.Reset()
		f.send(t, good(), "GET", made.uri(), "", made.bearer(), name+": "+value).want(t, 200)
		if log := f.log.String(); !strings.Contains(log, `"ignored_headers":["`+name+`"]`) || strings.Contains(log, value) {
			t.Errorf("%s: the log is %s", name, log)
		}
	}
}

// TestA22StrictHeaders: where the setup is strict the call is refused, the
// header named.
func TestA22StrictHeaders(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.StrictHeaders = true })
	before := f.stored(t)
	for name, value := range malformed {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			a := f.send(t, good(), method, made.uri(), "", made.bearer(), name+": "+value).want(t, 400, "invalid_request")
			if !strings.Contains(a.text("error_description"), name) || strings.Contains(string(a.raw), value) {
				t.Errorf("%s: %s", name, a.raw)
			}
		}
		f.send(t, rival(), "POST", "/reg", f.body(nil), name+": "+value).want(t, 400, "invalid_request")
	}
	f.unchanged(t, before)
	f.send(t, good(), "GET", made.uri(), "", made.bearer(), "x-fapi-auth-date: Sun, 10 Sep 2017 19:43:31 GMT", "x-fapi-customer-ip-address: 2001:db8::1",
		"x-customer-user-agent: agent", sendsID).want(t, 200).echoed(t)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logText) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// TestSecretsStayOut of the log and of the database's files, whatever becomes
// of the call that held them.
func TestSecretsStayOut(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.policy(t, f.South, setupOf(f.plain), func(p *snapshots.Policy) { p.Registration, p.RotateTokens = snapshots.RegistrationToken, true })
	_, initial, err := f.store.CreateInitialToken(ctx, f.Scope(t, f.South, tenancy.Admin), setupOf(f.plain), snapshots.InitialToken{Name: "any"})
	ok(t, err)
	signed := f.registered(t)
	statement := f.fresh(nil)
	f.send(t, good(), "PUT", signed.uri(), f.own(signed, map[string]any{"software_statement": statement, "scope": "openid"}), signed.bearer()).want(t, 200)
	plain := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"token_endpoint_auth_method": "client_secret_basic"}), bearer(initial)).want(t, 201)
	next := f.send(t, nil, "PUT", plain.uri(), f.own(plain, map[string]any{"client_name": "findme"}), plain.bearer()).want(t, 200)
	key := f.Key(f.South, tenancy.Admin)
	f.send(t, nil, "GET", next.uri(), "", bearer(key)).want(t, 200)
	f.send(t, nil, "GET", next.uri()+"?access_token="+next.token(), "").want(t, 401)
	f.send(t, nil, "PUT", next.uri(), f.own(next, map[string]any{"client_secret": next.text("client_secret") + "x"}), next.bearer()).want(t, 400)
	secrets := map[string]string{"a token": signed.token(), "a rotated token": plain.token(), "its successor": next.token(), "a client secret": plain.text("client_secret"),
		"an initial token": initial, "an API key": key, "a statement": statement}
	files := databaseFiles(t, f.DSN)
	if !bytes.Contains(files, []byte("findme")) || !strings.Contains(f.log.String(), `"status":201`) {
		t.Fatal("what must be there is not found either")
	}
	for about, secret := range secrets {
		if len(secret) < 40 {
			t.Fatalf("%s is %q", about, secret)
		}
		end := secret[len(secret)-20:]
		if strings.Contains(f.log.String(), end) {
			t.Errorf("%s is in the log", about)
		}
		if bytes.Contains(files, []byte(end)) {
			t.Errorf("%s is in the database", about)
		}
	}
}

// databaseFiles are the bytes of an SQLite database, its write-ahead log too.
func databaseFiles(t *testing.T, dsn string) []byte {
	t.Helper()
	raw, err := os.ReadFile(dsn)
	ok(t, err)
	wal, err := os.ReadFile(dsn + "-wal")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return append(raw, wal...)
}
