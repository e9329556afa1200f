package openfinance_test

import (
	"testing"

	"tenure/tenancy/db/dbtest"
)

// TestNativeApplications register in the plain profile: without a secret, and with
// redirect URIs that only their machine understands (RFC 8252). The Brazilian profiles
// know no such client.
func TestNativeApplications(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	native := func(more map[string]any) string {
		members := map[string]any{"software_statement": nil, "application_type": "native", "token_endpoint_auth_method": "none",
			"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
			"redirect_uris": []string{"com.example.app:/callback", "http://127.0.0.1:8765/callback", "http://[::1]/callback", "https://app.example/callback"}}
		for name, value := range more {
			members[name] = value
		}
		return f.body(members)
	}
	made := f.send(t, nil, "POST", f.plain, native(nil)).want(t, 201)
	if made.doc["client_secret"] != nil || made.doc["client_secret_expires_at"] != nil || made.text("application_type") != "native" ||
		made.text("token_endpoint_auth_method") != "none" || string(made.doc["tls_client_certificate_bound_access_tokens"]) != "false" {
		t.Errorf("%s", made.raw)
	}
	same := f.send(t, nil, "PUT", made.uri(), f.own(made, map[string]any{"software_statement": nil}), made.bearer()).want(t, 200)
	if got := same.list("redirect_uris"); len(got) != 4 || got[0] != "com.example.app:/callback" {
		t.Errorf("%s", same.raw)
	}
	f.send(t, nil, "GET", made.uri(), "", made.bearer()).want(t, 200)
	for _, uri := range []string{"myapp:/callback", "javascript:alert(1)", "http://app.example/cb", "com.example.app:/cb#x", "data:text/html,x", "https://u@app.example/cb"} {
		f.send(t, nil, "POST", f.plain, native(map[string]any{"redirect_uris": []string{uri}})).want(t, 400, "invalid_redirect_uri")
	}
	f.send(t, nil, "POST", f.plain, native(map[string]any{"grant_types": []string{"client_credentials"}, "response_types": []string{}, "redirect_uris": []string{}})).want(t, 400)
	post := f.send(t, nil, "POST", f.plain, native(map[string]any{"token_endpoint_auth_method": "client_secret_post"})).want(t, 201)
	if len(post.text("client_secret")) < 43 || string(post.doc["client_secret_expires_at"]) != "0" {
		t.Errorf("%s", post.raw)
	}
	for _, path := range []string{"/reg", f.id3} {
		for name, value := range map[string]any{"application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": []string{"com.example.app:/callback"}} {
			f.send(t, good(), "POST", path, f.body(map[string]any{name: value})).want(t, 400)
		}
	}
	f.send(t, nil, "DELETE", made.uri(), "", made.bearer()).want(t, 204)
}

// TestOneSubject: in the plain profile a client of tls_client_auth says by exactly one
// member whose certificate it uses.
func TestOneSubject(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for about, row := range map[string]struct {
		members map[string]any
		status  int
	}{
		"none":    {map[string]any{}, 400},
		"name":    {map[string]any{"tls_client_auth_subject_dn": "CN=a.example"}, 201},
		"dns":     {map[string]any{"tls_client_auth_san_dns": "a.example"}, 201},
		"address": {map[string]any{"tls_client_auth_san_ip": "192.0.2.1"}, 201},
		"two":     {map[string]any{"tls_client_auth_san_dns": "a.example", "tls_client_auth_san_email": "a@a.example"}, 400},
	} {
		members := map[string]any{"software_statement": nil, "token_endpoint_auth_method": "tls_client_auth"}
		for name, value := range row.members {
			members[name] = value
		}
		a := f.send(t, nil, "POST", f.plain, f.body(members)).want(t, row.status)
		for name, value := range row.members {
			if row.status == 201 && a.text(name) != value {
				t.Errorf("%s: %s", about, a.raw)
			}
		}
	}
}
