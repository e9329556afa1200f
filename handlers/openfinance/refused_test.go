package openfinance_test

import (
	"crypto/x509"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/db/dbtest"
)

// badStatements are statements that prove nothing, by what is wrong with them.
func (f *fixture) badStatements(t *testing.T) map[string]any {
	t.Helper()
	now := f.Clock.Now()
	as := func(header map[string]any) string {
		claims := with(map[string]any{"iat": now.Unix()})
		return must(directory().SignAs(header, claims))
	}
	good := f.fresh(nil)
	last := strings.LastIndex(good, ".")
	stranger := must(demo.NewDirectory("sign-1", clock))
	return map[string]any{
		"none": nil, "null": null, "empty": "",
		"broken signature": good[:last+1] + strings.ToUpper(good[last+1:last+40]) + strings.ToLower(good[last+40:]), "no signature": good[:last+1],
		"alg none": as(map[string]any{"alg": "none"}), "RS256": as(map[string]any{"alg": "RS256"}), "HS256 with the public key": as(map[string]any{"alg": "HS256"}),
		"wrong kid": as(map[string]any{"kid": "sign-2"}), "no kid": as(map[string]any{"kid": nil}), "jku": as(map[string]any{"kid": "x", "jku": "https://evil.example/keys"}),
		"5 min 1 s old": f.fresh(map[string]any{"iat": now.Add(-5*time.Minute - time.Second).Unix()}), "no iat": f.fresh(map[string]any{"iat": nil}),
		"of the future": f.fresh(map[string]any{"iat": now.Add(time.Minute).Unix()}), "expired": f.fresh(map[string]any{"exp": now.Unix()}),
		"another key with the kid": must(stranger.Sign(with(map[string]any{"iat": now.Unix()}))),
		"other environment":        f.fresh(map[string]any{"software_environment": "sandbox"}), "other mode": f.fresh(map[string]any{"software_mode": "Test"}),
		"other issuer": f.fresh(map[string]any{"iss": "Open Banking Open Banking Brasil sandbox SSA issuer"}),
		"no JWT":       "x.y.z", "a number": 1, "claims of another form": f.fresh(map[string]any{"software_redirect_uris": "https://a.example/cb"}),
	}
}

// TestA03BrokenStatementsStoreNothing: neither a row of any table, nor an event,
// nor an organization.
func TestA03BrokenStatementsStoreNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before, events := f.stored(t), len(f.Events(t))
	for about, statement := range f.badStatements(t) {
		t.Log(about)
		f.send(t, good(), "POST", "/reg", f.body(map[string]any{"software_statement": statement})).want(t, 400, "invalid_software_statement")
	}
	f.unchanged(t, before)
	if n := len(f.Events(t)); n != events {
		t.Errorf("%d events, before %d", n, events)
	}
	f.registered(t)
}

// TestA03FiveMinutesOld: to the second it holds.
func TestA03FiveMinutesOld(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	old := f.Clock.Now().Add(time.Second - 5*time.Minute).Unix()
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"software_statement": f.fresh(map[string]any{"iat": old})})).want(t, 201)
}

// badCertificates are certificates that do not hold, by what is wrong.
func badCertificates() map[string]*demo.Pair {
	return map[string]*demo.Pair{"none": nil, "forged with equal names": forged(), "expired": expired(), "of another authority": elsewhere(), "of a server": server(),
		"revoked": revoked(), "forged in the old form": oldForged()}
}

var revoked = pairOf(demo.Subject{SoftwareID: softwareID, OrgID: orgID, CommonName: "revoked.example"})

var oldForged = sync.OnceValue(func() *demo.Pair { return must(demotest.Imitate(impostor(), renewed())) })

// withRevoked withdraws one certificate.
func withRevoked(_ *fixture, c *openfinance.Deps) {
	c.Scheme.Trust.Revoked = func(cert *x509.Certificate) bool { return cert.Equal(revoked().Certificate) }
}

// TestA11CertificatesThatDoNotHold: no client_id, nothing stored, and then the
// right certificate registers, reads and deletes.
func TestA11CertificatesThatDoNotHold(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), withRevoked)
	before, events := f.stored(t), len(f.Events(t))
	for about, pair := range badCertificates() {
		t.Log(about)
		f.send(t, pair, "POST", "/reg", f.body(nil)).want(t, 400, "unapproved_software_statement")
		f.send(t, pair, "POST", f.id3, f.body(nil)).want(t, 400, "unapproved_software_statement")
	}
	f.unchanged(t, before)
	if n := len(f.Events(t)); n != events {
		t.Errorf("%d events, before %d", n, events)
	}
	made := f.registered(t)
	before = f.stored(t)
	for about, pair := range badCertificates() {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			t.Log(about, method)
			body := ""
			if method == "PUT" {
				body = f.own(made, map[string]any{"scope": "openid"})
			}
			refused := f.send(t, pair, method, made.uri(), body, made.bearer()).want(t, 401)
			if refused.header.Get("Www-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		}
	}
	f.unchanged(t, before)
	f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
	f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).want(t, 204)
}

// TestA14SubjectNames: only the subject's name goes with tls_client_auth, and
// only in the older profile.
func TestA14SubjectNames(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	byName := func(dn any, more map[string]any) map[string]any {
		changes := map[string]any{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": dn}
		for name, value := range more {
			changes[name] = value
		}
		return changes
	}
	name := must(scheme.ParseDER(good().Certificate.RawSubject)).String()
	before := f.stored(t)
	f.send(t, good(), "POST", "/reg", f.body(byName(name, nil))).want(t, 400, "invalid_client_metadata")
	for about, change := range map[string]map[string]any{"none": byName(nil, nil), "empty": byName("", nil), "no name": byName("x", nil),
		"beside another": byName(name, map[string]any{"tls_client_auth_san_dns": "a.example"})} {
		t.Log(about)
		f.send(t, good(), "POST", f.id3, f.body(change)).want(t, 400, "invalid_client_metadata")
	}
	f.unchanged(t, before)
	made := f.send(t, good(), "POST", f.id3, f.body(byName(name, nil))).want(t, 201)
	if made.text("tls_client_auth_subject_dn") != name || made.text("token_endpoint_auth_method") != "tls_client_auth" {
		t.Errorf("%s", made.raw)
	}
	if _, has := made.doc["client_secret"]; has {
		t.Errorf("a secret: %s", made.raw)
	}
	// A renewed certificate may bring a new name (dcm-subject-dn).
	next := must(scheme.ParseDER(renewed().Certificate.RawSubject)).String()
	put := f.send(t, renewed(), "PUT", made.uri(), f.own(made, map[string]any{"tls_client_auth_subject_dn": next}), made.bearer()).want(t, 200)
	if put.text("tls_client_auth_subject_dn") != next {
		t.Errorf("%s", put.raw)
	}
}

// TestA15LimitsOnTheWire: the page's limits of members.
func TestA15LimitsOnTheWire(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	x := func(n int) string { return strings.Repeat("é", n) }
	before := f.stored(t)
	for _, bad := range [][2]string{{"organisation_id", x(41)}, {"organisation_id", "a<b"}, {"organisation_id", "a>b"}, {"organisation_name", x(256)},
		{"organisation_number", x(256)}, {"software_id", x(256)}, {"software_name", x(256)}, {"software_description", x(256)},
		{"token_endpoint_auth_method", x(61)}, {"token_endpoint_auth_method", "client_secret_jwt"},
		{"id_token_signed_response_alg", "ES256"}, {"id_token_signed_response_alg", "none"}, {"application_type", "tv"}} {
		for _, path := range []string{"/reg", f.plain} {
			refused := f.send(t, good(), "POST", path, f.body(map[string]any{bad[0]: bad[1]})).want(t, 400, "invalid_client_metadata")
			if !strings.Contains(refused.text("error_description"), bad[0]) {
				t.Errorf("the member %s is not named: %s", bad[0], refused.raw)
			}
		}
	}
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"id_token_signed_response_alg": "RS256"})).want(t, 400, "invalid_client_metadata")
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"authorization_details_types": []string{"<x>"}})).want(t, 400, "invalid_client_metadata")
	f.unchanged(t, before)
	full := map[string]any{"organisation_id": x(40), "organisation_name": x(255), "organisation_number": x(255), "software_id": x(255), "software_name": x(255),
		"software_description": x(255), "id_token_signed_response_alg": "RS256", "token_endpoint_auth_method": "client_secret_basic"}
	made := f.send(t, nil, "POST", f.plain, f.body(full)).want(t, http.StatusCreated)
	for name, value := range full {
		if made.text(name) != value {
			t.Errorf("%s is %s", name, made.doc[name])
		}
	}
}

// TestA16Secrets: a secret comes with its expiry, and only where one is used.
func TestA16Secrets(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for method, has := range map[string]bool{"client_secret_basic": true, "private_key_jwt": false} {
		made := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"token_endpoint_auth_method": method})).want(t, 201)
		if (len(made.text("client_secret")) >= 43) != has || (string(made.doc["client_secret_expires_at"]) == "0") != has {
			t.Errorf("%s: %s", method, made.raw)
		}
	}
	if made := f.registered(t); made.doc["client_secret"] != nil {
		t.Errorf("%s", made.raw)
	}
}
