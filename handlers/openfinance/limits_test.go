package openfinance_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/snapshots/document"
	"tenure/tenancy/db/dbtest"
)

// TestA15Limits: the page's limits of what is sent, even where the statement
// would replace it.
func TestA15Limits(t *testing.T) {
	for path, member := range map[string]func(*document.Client) *string{
		"/organisation_name":    func(c *document.Client) *string { return &c.OrganisationName },
		"/organisation_number":  func(c *document.Client) *string { return &c.OrganisationNumber },
		"/software_id":          func(c *document.Client) *string { return &c.SoftwareID },
		"/software_name":        func(c *document.Client) *string { return &c.SoftwareName },
		"/software_description": func(c *document.Client) *string { return &c.SoftwareDescription },
	} {
		set := func(text string) func(req) { return func(r req) { *member(&r.Wanted) = text } }
		for _, name := range []string{"ofb-dcr2", "plain"} {
			if _, err := profile(name).Client(asked(set(strings.Repeat("é", 255))), statement(t)); err != nil {
				t.Errorf("%s, 255 characters: %v", path, err)
			}
			refuses(t, profile(name), "256 characters", openfinance.CodeMetadata, path, statement(t), set(strings.Repeat("é", 256)))
		}
	}
	for name, text := range map[string]string{"client_name": strings.Repeat("é", 256), "logo_uri": "com.example:/logo", "tos_uri": "https://a.example/ #x"} {
		french := []document.Localized{{Name: name, Value: text, Locale: "fr"}}
		refuses(t, profile("plain"), name+" in French", openfinance.CodeMetadata, "/"+name+"#fr", nil, func(r req) { r.Wanted.Localized = french })
		kept := profile("plain").Keeping(&document.Client{Localized: french})
		if _, err := kept.Client(asked(func(r req) { r.Wanted.Localized = french }), nil); err != nil {
			t.Errorf("%s was stored: %v", name, err)
		}
	}
	org := func(text string) func(req) { return func(r req) { r.Wanted.OrganisationID = text } }
	if _, err := profile("plain").Client(asked(org(strings.Repeat("é", 40))), nil); err != nil {
		t.Error(err)
	}
	for _, text := range []string{strings.Repeat("é", 41), "a<b", "a>b", "a\x00b"} {
		refuses(t, profile("plain"), text, openfinance.CodeMetadata, "/organisation_id", nil, org(text))
	}
	method := func(text string) func(req) { return func(r req) { r.Wanted.TokenEndpointAuthMethod = text } }
	for _, text := range []string{"client_secret_jwt", "self_signed_tls_client_auth", strings.Repeat("x", 60), strings.Repeat("x", 61)} {
		refuses(t, profile("plain"), text, openfinance.CodeMetadata, "/token_endpoint_auth_method", nil, method(text))
	}
	refuses(t, profile(""), "a secret in the profile", openfinance.CodeMetadata, "/token_endpoint_auth_method", statement(t), method("client_secret_basic"))
	for _, c := range []struct {
		profile, alg string
		ok           bool
	}{{"ofb-dcr2", "PS256", true}, {"ofb-dcr2", "RS256", false}, {"ofb-id3", "RS256", false}, {"plain", "RS256", true}, {"plain", "ES256", false}, {"plain", "none", false}} {
		alg := func(r req) { r.Wanted.IDTokenSignedResponseAlg = c.alg }
		if c.ok {
			if got, err := profile(c.profile).Client(asked(alg), statement(t)); err != nil || got.IDTokenSignedResponseAlg != c.alg {
				t.Errorf("%s: %s, %v", c.profile, got.IDTokenSignedResponseAlg, err)
			}
			continue
		}
		refuses(t, profile(c.profile), c.alg, openfinance.CodeMetadata, "/id_token_signed_response_alg", statement(t), alg)
	}
	refuses(t, profile(""), "marks", openfinance.CodeMetadata, "/authorization_details_types/1", statement(t), func(r req) { r.Wanted.AuthorizationDetailsTypes = []string{"a", "<b>"} })
	refuses(t, profile(""), "too many", openfinance.CodeRedirect, "/redirect_uris", statement(t), func(r req) { r.Wanted.RedirectURIs = make([]string, 101) })
	refuses(t, profile(""), "application type", openfinance.CodeMetadata, "/application_type", statement(t), func(r req) { r.Wanted.ApplicationType = "native" })
	refuses(t, profile(""), "pairwise", openfinance.CodeMetadata, "/subject_type", statement(t), func(r req) { r.Wanted.SubjectType = "pairwise" })
	refuses(t, profile(""), "logo", openfinance.CodeMetadata, "/logo_uri", statement(t), func(r req) { r.Wanted.LogoURI = "data:image/png,x" })
	refuses(t, profile(""), "encryption", openfinance.CodeMetadata, "/request_object_encryption_alg", statement(t), func(r req) { r.Wanted.RequestObjectEncryptionAlg = "RSA1_5" })
	refuses(t, profile("plain"), "enc alone", openfinance.CodeMetadata, "/userinfo_encrypted_response_enc", nil, func(r req) { r.Wanted.UserinfoEncryptedResponseEnc = "A256GCM" })
	refuses(t, profile("plain"), "a long alg", openfinance.CodeMetadata, "/id_token_encrypted_response_alg", nil, func(r req) { r.Wanted.IDTokenEncryptedResponseAlg = strings.Repeat("x", 61) })
}

// TestPagesMayHaveFragments, in every profile: people's browsers open them. Addresses that servers call have none.
func TestPagesMayHaveFragments(t *testing.T) {
	for name, member := range map[string]func(*document.Client) *string{
		"client_uri":         func(c *document.Client) *string { return &c.ClientURI },
		"logo_uri":           func(c *document.Client) *string { return &c.LogoURI },
		"policy_uri":         func(c *document.Client) *string { return &c.PolicyURI },
		"tos_uri":            func(c *document.Client) *string { return &c.TosURI },
		"initiate_login_uri": func(c *document.Client) *string { return &c.InitiateLoginURI },
	} {
		set := func(text string) func(req) { return func(r req) { *member(&r.Wanted) = text } }
		for _, text := range []string{"https://a.example/legal#privacy", "https://a.example#", "https://a.example/x?y=z#/a/b"} {
			for _, p := range []string{"ofb-dcr2", "ofb-id3", "plain"} {
				if _, err := profile(p).Client(asked(set(text)), statement(t)); err != nil {
					t.Errorf("%s: %s of %s: %v", p, name, text, err)
				}
			}
			french := []document.Localized{{Name: name, Value: text, Locale: "fr"}}
			if _, err := profile("plain").Client(asked(func(r req) { r.Wanted.Localized = french }), nil); err != nil {
				t.Errorf("%s in French: %v", name, err)
			}
		}
		for _, text := range []string{"https://a.example/legal #privacy", "https://a.example/#a b", "https://u@a.example/#x", "#x", "com.example:/x#y",
			"https://a.example/#" + strings.Repeat("x", 2048)} {
			refuses(t, profile("plain"), text, openfinance.CodeMetadata, "/"+name, nil, set(text))
		}
	}
	for path, set := range map[string]func(req){
		"/jwks_uri":                    func(r req) { r.Wanted.JWKSURI = "https://a.example/jwks#x" },
		"/sector_identifier_uri":       func(r req) { r.Wanted.SectorIdentifierURI = "https://a.example/s#x" },
		"/post_logout_redirect_uris/0": func(r req) { r.Wanted.PostLogoutRedirectURIs = []string{"https://a.example/out#x"} },
	} {
		refuses(t, profile("plain"), path, openfinance.CodeMetadata, path, nil, set)
	}
}

// TestA28A32Defaults: what is left out falls back, and each profile has its own.
func TestA28A32Defaults(t *testing.T) {
	for _, c := range []struct {
		profile                            string
		keys                               bool
		method, grants, responses, appType string
		signed                             document.Flag
	}{
		{"ofb-dcr2", true, "private_key_jwt", "authorization_code implicit refresh_token client_credentials", "code id_token", "web", document.True},
		{"ofb-id3", true, "private_key_jwt", "authorization_code implicit refresh_token client_credentials", "code id_token", "web", document.True},
		{"plain", true, "private_key_jwt", "authorization_code", "code", "web", document.Unset},
		{"plain", false, "client_secret_basic", "authorization_code", "code", "web", document.Unset},
	} {
		r := openfinance.Request{Wanted: document.Client{RedirectURIs: []string{"https://a.example/cb"}}}
		if c.keys {
			r.Wanted.JWKSURI = jwksURI
		}
		s := statement(t)
		if c.profile == "plain" {
			s = nil
		}
		got, err := profile(c.profile).Client(r, s)
		if err != nil || got.TokenEndpointAuthMethod != c.method || strings.Join(got.GrantTypes, " ") != c.grants || strings.Join(got.ResponseTypes, ",") != c.responses ||
			got.ApplicationType != c.appType || got.SubjectType != "public" || got.IDTokenSignedResponseAlg != "PS256" || got.RequireSignedRequestObject != c.signed ||
			got.TLSClientCertificateBoundAccessTokens != document.True {
			t.Errorf("%s: %+v, %v", c.profile, got, err)
		}
	}
	if openfinance.NeedsSecret("private_key_jwt") || openfinance.NeedsSecret("tls_client_auth") || !openfinance.NeedsSecret("client_secret_basic") {
		t.Error("who needs a secret")
	}
}

// TestR15R16GrantsAndResponseTypesAgree.
func TestR15R16GrantsAndResponseTypesAgree(t *testing.T) {
	flow := func(grants, responses []string) func(req) {
		return func(r req) { r.Wanted.GrantTypes, r.Wanted.ResponseTypes = grants, responses }
	}
	code, plain := []string{"authorization_code"}, profile("plain")
	refuses(t, plain, "hybrid without implicit", openfinance.CodeMetadata, "/response_types/0", nil, flow(code, []string{"code id_token"}))
	refuses(t, plain, "token without implicit", openfinance.CodeMetadata, "/response_types/1", nil, flow(code, []string{"code", "token"}))
	refuses(t, plain, "code without its grant", openfinance.CodeMetadata, "/response_types/0", nil, flow([]string{"implicit"}, []string{"code"}))
	refuses(t, plain, "unknown response type", openfinance.CodeMetadata, "/response_types/0", nil, flow(code, []string{"code code"}))
	refuses(t, plain, "unknown grant", openfinance.CodeMetadata, "/grant_types/1", nil, flow([]string{"authorization_code", "password"}, nil))
	for _, uri := range []func(req){flow(code, nil), flow(nil, nil)} {
		refuses(t, plain, "no redirect URI", openfinance.CodeRedirect, "/redirect_uris", nil, func(r req) { uri(r); r.Wanted.RedirectURIs = nil })
	}
	machine, err := plain.Client(asked(func(r req) {
		flow([]string{"client_credentials"}, []string{})(r)
		r.Wanted.RedirectURIs = nil
	}), nil)
	if err != nil || len(machine.ResponseTypes) != 0 || !slices.Equal(machine.GrantTypes, []string{"client_credentials"}) {
		t.Errorf("client credentials only: %+v, %v", machine, err)
	}
	for about, change := range map[string]func(req){"hybrid without implicit": flow(code, []string{"code id_token"}), "words the other way round": flow(code, []string{"id_token code"}), "JARM": flow(code, []string{"code"})} {
		accepts(t, about, change)
	}
	refuses(t, profile(""), "implicit alone", openfinance.CodeMetadata, "/response_types/0", statement(t), flow([]string{"implicit"}, []string{"id_token"}))
	if c, err := plain.Client(asked(func(r req) { flow([]string{}, nil)(r); r.Wanted.RedirectURIs = nil }), nil); err != nil || c.GrantTypes == nil || len(c.ResponseTypes) != 0 {
		t.Errorf("an empty list of grants would inherit: %+v, %v", c.GrantTypes, err)
	}
}

// TestBothSpellingsOfBoundTokens: one is stored, differing ones are refused.
func TestBothSpellingsOfBoundTokens(t *testing.T) {
	const unset, no, yes = document.Unset, document.False, document.True
	for _, c := range []struct {
		plural, singular, want document.Flag
	}{{unset, unset, yes}, {unset, no, no}, {no, unset, no}, {no, no, no}, {yes, yes, yes}, {unset, yes, yes}} {
		set := func(r req) { r.Wanted.TLSClientCertificateBoundAccessTokens, r.BoundSingular = c.plural, c.singular }
		if got, err := profile("plain").Client(asked(set), nil); err != nil || got.TLSClientCertificateBoundAccessTokens != c.want {
			t.Errorf("%+v: %v, %v", c, got.TLSClientCertificateBoundAccessTokens, err)
		}
		if got, err := profile("").Client(asked(set), statement(t)); err != nil || got.TLSClientCertificateBoundAccessTokens != yes {
			t.Errorf("in the profile they are always bound: %+v, %v", c, err)
		}
	}
	for _, name := range []string{"ofb-dcr2", "plain"} {
		refuses(t, profile(name), "differing", openfinance.CodeMetadata, "/tls_client_certificate_bound_access_token", statement(t),
			func(r req) { r.Wanted.TLSClientCertificateBoundAccessTokens, r.BoundSingular = yes, no })
	}
}

func TestProfiles(t *testing.T) {
	for name, want := range map[string]string{"": "ofb-dcr2", "ofb-dcr2": "ofb-dcr2", "ofb-id3": "ofb-id3", "plain": "plain"} {
		if p, ok := openfinance.ProfileOf(name); !ok || p.Name != want {
			t.Errorf("%q: %s, %t", name, p.Name, ok)
		}
	}
	if _, ok := openfinance.ProfileOf("ofb-dcr3"); ok {
		t.Error("an unknown profile is there")
	}
	p := profile("ofb-dcr2")
	p.AuthMethods[0], p.Roles[0].Scopes[0] = "none", "admin"
	if q := profile("ofb-dcr2"); q.AuthMethods[0] == "none" || q.Roles[0].Scopes[0] == "admin" {
		t.Error("a profile is shared")
	}
	dcr2, id3, plain := profile("ofb-dcr2"), profile("ofb-id3"), profile("plain")
	if dcr2.MayRotate || !id3.MayRotate || !dcr2.EncKey || id3.EncKey || plain.Statement || plain.MutualTLS || !dcr2.MutualTLS || !id3.Statement { // B-19, B-5a, B-1, B-2
		t.Errorf("%+v\n%+v\n%+v", dcr2, id3, plain)
	}
}

// TestDefaultLimits tries what docs/limits.md says of calls at /reg from both sides. The test's
// clock goes on with every call, so what a limit gives back comes a minute later here.
func TestDefaultLimits(t *testing.T) {
	unlimited := web.Rate{Every: time.Millisecond, Burst: 1 << 30}
	limit := func(name string, standard web.Rate, second int) web.Rate {
		n := jwktest.Limit(t, "Callers without an API key", name)
		if n = append(n, 1); n[0] != standard.Burst || second != 0 && n[1] != second {
			t.Errorf("%s: the page says %d, the default is %+v", name, n, standard)
		}
		return web.Rate{Every: time.Minute, Burst: n[0]}
	}
	call := func(f *fixture, method, body string, p *demo.Pair) int {
		r := httptest.NewRequest(method, map[string]string{"GET": "/reg/nobody", "POST": "/reg"}[method], strings.NewReader(body))
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{p.Certificate}}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return w.Code
	}
	callers := limit("calls of one certificate, key or address at `/reg`", openfinance.Callers, 20)
	setups := limit("calls about one setup at `/reg`", openfinance.Setups, 1000)
	documents := limit("bytes of documents that clients bring to one setup at `/reg`", openfinance.Documents, 10<<10)
	const size = 64 << 10
	for name, c := range map[string]struct {
		calls                      int
		method, body               string
		callers, setups, documents web.Rate
	}{
		"a caller": {callers.Burst, "GET", "", callers, unlimited, unlimited},
		"a setup":  {setups.Burst, "GET", "", unlimited, setups, unlimited},
		"bytes":    {documents.Burst / size, "POST", `{"a":1}` + strings.Repeat(" ", size-7), unlimited, unlimited, documents},
	} {
		f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, deps *openfinance.Deps) {
			deps.Callers, deps.Setups, deps.Bytes = c.callers, c.setups, c.documents
		})
		for i := range c.calls {
			if got := call(f, c.method, c.body, good()); got == http.StatusTooManyRequests || got >= 500 {
				t.Fatalf("%s: call %d of %d is answered with %d", name, i+1, c.calls, got)
			}
		}
		if got := call(f, c.method, c.body, good()); got != http.StatusTooManyRequests {
			t.Errorf("%s: one more is answered with %d", name, got)
		}
		if got := call(f, c.method, c.body, sister()); (got == http.StatusTooManyRequests) != (name != "a caller") {
			t.Errorf("%s: another caller is answered with %d", name, got)
		}
	}
}
