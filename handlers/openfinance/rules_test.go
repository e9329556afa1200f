package openfinance_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/scheme"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

func profile(name string) openfinance.Profile {
	p, ok := openfinance.ProfileOf(name)
	if !ok {
		panic("no profile " + name)
	}
	return p
}

// asked is a good request as the conformance suite makes it, changed.
func asked(change func(*openfinance.Request)) openfinance.Request {
	req := openfinance.Request{Wanted: document.Client{JWKSURI: jwksURI, RedirectURIs: []string{"https://a.example/cb"}, TokenEndpointAuthMethod: "private_key_jwt",
		GrantTypes: []string{"authorization_code", "implicit", "refresh_token", "client_credentials"}, ResponseTypes: []string{"code id_token"}}}
	if change != nil {
		change(&req)
	}
	return req
}

// accepts gives the client of an accepted request under ofb-dcr2.
func accepts(t *testing.T, about string, change func(*openfinance.Request)) document.Client {
	t.Helper()
	c, err := profile("").Client(asked(change), statement(t))
	if err != nil {
		t.Errorf("%s: %v", about, err)
	}
	return c
}

// refuses wants a fault with a code that names a member.
func refuses(t *testing.T, p openfinance.Profile, about, code, path string, s *scheme.Statement, change func(*openfinance.Request)) {
	t.Helper()
	c, err := p.Client(asked(change), s)
	refusedWith(t, p.Name+", "+about, err, fault.Invalid, code)
	if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Path != path {
		t.Errorf("%s, %s: %v, want the member %s", p.Name, about, err, path)
	}
	if !reflect.DeepEqual(c, document.Client{}) {
		t.Errorf("%s, %s: a client comes with the fault", p.Name, about)
	}
}

type req = *openfinance.Request

func TestB2StatementIsRequired(t *testing.T) {
	refuses(t, profile("ofb-dcr2"), "no statement", scheme.CodeStatement, "/software_statement", nil, nil)
	refuses(t, profile("ofb-id3"), "no statement", scheme.CodeStatement, "/software_statement", nil, nil)
	if _, err := profile("plain").Client(asked(nil), nil); err != nil {
		t.Error(err)
	}
}

func TestB4B5A05Keys(t *testing.T) {
	s, bare := statement(t), statement(t)
	bare.JWKSURI = ""
	for _, name := range []string{"ofb-dcr2", "ofb-id3"} {
		refuses(t, profile(name), "by value", openfinance.CodeMetadata, "/jwks", s, func(r req) { r.HasJWKS = true })
		refuses(t, profile(name), "by value without jwks_uri", openfinance.CodeMetadata, "/jwks", s, func(r req) { r.HasJWKS, r.Wanted.JWKSURI = true, "" })
	}
	keys := document.JWKS(`{"keys":[]}`)
	refuses(t, profile("plain"), "both (R1-4)", openfinance.CodeMetadata, "/jwks", nil, func(r req) { r.HasJWKS, r.Wanted.JWKS = true, keys })
	c, err := profile("plain").Client(asked(func(r req) { r.HasJWKS, r.Wanted.JWKS, r.Wanted.JWKSURI = true, keys, "" }), nil)
	if err != nil || c.JWKS != keys || c.TokenEndpointAuthMethod != "private_key_jwt" {
		t.Errorf("plain, by value: %v, %v", c, err)
	}
	refuses(t, profile(""), "by value, before the statement", openfinance.CodeMetadata, "/jwks", nil, func(r req) { r.HasJWKS = true })
	for _, uri := range []string{"https://evil.example/jwks", jwksURI + "/", strings.ToUpper(jwksURI), jwksURI + "?a=b"} {
		refuses(t, profile(""), "alien "+uri, openfinance.CodeMetadata, "/jwks_uri", s, func(r req) { r.Wanted.JWKSURI = uri })
	}
	refuses(t, profile(""), "sent, and not in the statement", openfinance.CodeMetadata, "/jwks_uri", bare, nil)
	refuses(t, profile(""), "in neither", openfinance.CodeMetadata, "/jwks_uri", bare, func(r req) { r.Wanted.JWKSURI = "" })
	if c := accepts(t, "left out", func(r req) { r.Wanted.JWKSURI = "" }); c.JWKSURI != jwksURI {
		t.Errorf("jwks_uri is %q", c.JWKSURI)
	}
}

// TestB6A06A29RedirectURIs: a subset, byte for byte; the query stays.
func TestB6A06A29RedirectURIs(t *testing.T) {
	s, none := statement(t), statement(t)
	none.RedirectURIs = nil
	to := func(uris ...string) func(req) { return func(r req) { r.Wanted.RedirectURIs = uris } }
	p := profile("")
	refuses(t, p, "missing", openfinance.CodeRedirect, "/redirect_uris", s, to())
	refuses(t, p, "empty", openfinance.CodeRedirect, "/redirect_uris", s, func(r req) { r.Wanted.RedirectURIs = []string{} })
	refuses(t, p, "some unlisted", openfinance.CodeRedirect, "/redirect_uris/1", s, to("https://a.example/cb", "https://evil.example/cb"))
	for _, uri := range []string{"https://a.example/cb#x", "https://a.example/cb/", "HTTPS://a.example/cb", "https://a.example/cb?dummy2=ipsum&dummy1=lorem", "javascript:alert(1)",
		"cb", "", "https://user@a.example/cb", "https://a.example/" + strings.Repeat("x", 238)} {
		refuses(t, p, uri, openfinance.CodeRedirect, "/redirect_uris/0", s, to(uri))
	}
	refuses(t, p, "none in the statement", scheme.CodeUnapproved, "/software_statement", none, nil)
	const query = "https://a.example/cb?dummy1=lorem&dummy2=ipsum"
	for _, uris := range [][]string{{query}, {query, "https://a.example/cb"}} {
		if c := accepts(t, "listed", to(uris...)); !slices.Equal(c.RedirectURIs, uris) {
			t.Errorf("%v becomes %v", uris, c.RedirectURIs)
		}
	}
}

func TestB9A02A09Scopes(t *testing.T) {
	s := statement(t)
	scopes := func(words ...string) func(req) { return func(r req) { r.Wanted.Scopes = words } }
	full := []string{"openid", "accounts", "credit-cards-accounts", "consents", "customers", "invoice-financings", "financings", "loans", "unarranged-accounts-overdraft",
		"resources", "credit-fixed-incomes", "exchanges", "bank-fixed-incomes", "variable-incomes", "treasure-titles", "funds", "payments", "recurring-payments", "nrp-consents"}
	if c := accepts(t, "nothing asked", nil); !slices.Equal(c.Scopes, full) {
		t.Errorf("nothing asked: %v", c.Scopes)
	}
	for _, words := range [][]string{{"accounts", "openid"}, {"openid", "accounts"}, {"payments", "openid", "funds"}} {
		if c := accepts(t, "asked", scopes(words...)); !slices.Equal(c.Scopes, words) {
			t.Errorf("%v: granted %v", words, c.Scopes)
		}
	}
	if c := accepts(t, "twice", scopes("openid", "openid")); !slices.Equal(c.Scopes, []string{"openid"}) {
		t.Errorf("twice: %v", c.Scopes)
	}
	refuses(t, profile(""), "unknown", openfinance.CodeMetadata, "/scope", s, scopes("openid", "admin"))
	refuses(t, profile(""), "not ASCII", openfinance.CodeMetadata, "/scope/0", s, scopes("é"))
	refuses(t, profile("ofb-id3"), "newer than the profile", openfinance.CodeMetadata, "/scope", s, scopes("funds"))
	pagto := statement(t)
	pagto.Roles = []string{"PAGTO"}
	refuses(t, profile(""), "of another role", openfinance.CodeMetadata, "/scope", pagto, scopes("openid", "resources"))
	strange := statement(t)
	strange.Roles = []string{"NOVO"}
	refuses(t, profile(""), "a role nobody knows", scheme.CodeUnapproved, "/software_statement", strange, nil)
	for _, c := range []struct {
		profile string
		roles   []string
		want    string
	}{
		{"ofb-id3", []string{"DADOS"}, strings.Join(full[:10], " ")}, {"ofb-id3", []string{"PAGTO"}, "openid payments"},
		{"ofb-dcr2", []string{"PAGTO"}, "openid payments recurring-payments nrp-consents"}, {"ofb-dcr2", []string{"CONTA", "CCORR"}, "openid"},
		{"ofb-dcr2", []string{"PAGTO", "NOVO", "DADOS"}, strings.Join(full, " ")}, {"plain", []string{"DADOS"}, ""},
	} {
		if got := strings.Join(profile(c.profile).ScopesOf(c.roles), " "); got != c.want {
			t.Errorf("%s, %v: %s", c.profile, c.roles, got)
		}
	}
	if c, err := profile("plain").Client(asked(scopes("anything", "openid")), nil); err != nil || !slices.Equal(c.Scopes, []string{"anything", "openid"}) {
		t.Errorf("plain: %v, %v", c.Scopes, err)
	}
}

// TestB10A04A07StatementWins over every member that it speaks of.
func TestB10A04A07StatementWins(t *testing.T) {
	c := accepts(t, "other values", func(r req) {
		w := &r.Wanted
		w.ClientName, w.ClientURI, w.LogoURI, w.PolicyURI, w.TosURI = "mine", "https://m.example", "https://m.example", "https://m.example", "https://m.example"
		w.SoftwareID, w.SoftwareName, w.SoftwareDescription, w.SoftwareVersion, w.SoftwareRoles = "mine", "mine", "mine", "9", []string{"CCORR"}
		w.OrganisationID, w.OrganisationName, w.OrganisationNumber = "mine", "mine", "mine"
		w.Localized = []document.Localized{{Name: "client_name", Value: "Gerente", Locale: "pt"}}
	})
	want := document.Client{ClientName: "Gerente", ClientURI: "https://software.example", LogoURI: "https://software.example/logo.png",
		PolicyURI: "https://software.example/policy", TosURI: "https://software.example/tos", Localized: []document.Localized{{Name: "client_name", Value: "Gerente", Locale: "pt"}},
		ApplicationType: "web", RedirectURIs: []string{"https://a.example/cb"}, SubjectType: "public",
		GrantTypes: []string{"authorization_code", "implicit", "refresh_token", "client_credentials"}, ResponseTypes: []string{"code id_token"}, Scopes: c.Scopes,
		TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: jwksURI, RequireSignedRequestObject: document.True, IDTokenSignedResponseAlg: "PS256",
		TLSClientCertificateBoundAccessTokens: document.True, OrganisationID: orgID, OrganisationName: "Itaú", OrganisationNumber: "43142666000197",
		SoftwareID: softwareID, SoftwareName: "Gerente", SoftwareDescription: "A demonstration of Gerente", SoftwareRoles: []string{"DADOS", "PAGTO"}, SoftwareVersion: "1.1"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("\n%+v, want\n%+v", c, want)
	}
	silent := statement(t)
	silent.PolicyURI, silent.Description = "", ""
	got, err := profile("").Client(asked(func(r req) { r.Wanted.PolicyURI, r.Wanted.SoftwareDescription = "https://m.example/p", "mine" }), silent)
	if err != nil || got.PolicyURI != "https://m.example/p" || got.SoftwareDescription != "mine" {
		t.Errorf("where the statement is silent: %+v, %v", got, err)
	}
	if f := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: &c}); len(f) > 0 {
		t.Errorf("the store would refuse it: %v", f)
	}
}

// TestB18A26OwnAnswerIsAccepted: what was made, asked for again, changes nothing.
func TestB18A26OwnAnswerIsAccepted(t *testing.T) {
	for _, name := range []string{"ofb-dcr2", "ofb-id3", "plain"} {
		first, err := profile(name).Client(asked(func(r req) { r.Wanted.WebhookURIs = []string{"https://b.example/hook", "https://a.example/hook"} }), statement(t))
		if err != nil {
			t.Fatal(err)
		}
		again, err := profile(name).Client(openfinance.Request{Wanted: first, BoundSingular: first.TLSClientCertificateBoundAccessTokens}, statement(t))
		if err != nil || !documenttest.Equal(&first, &again) {
			t.Errorf("%s: changed %v, %v", name, document.Changed(&first, &again), err)
		}
		first.RedirectURIs[0], first.GrantTypes[0] = "changed", "changed"
		if again.RedirectURIs[0] == "changed" || again.GrantTypes[0] == "changed" {
			t.Errorf("%s: the result shares a list", name)
		}
	}
}

func TestB12A14TLSClientAuth(t *testing.T) {
	s := statement(t)
	with := func(dn string, san ...string) func(req) {
		return func(r req) {
			r.Wanted.TokenEndpointAuthMethod, r.Wanted.TLSClientAuthSubjectDN, r.SANMembers = "tls_client_auth", dn, san
		}
	}
	const dn = "CN=a,2.5.4.97=#0c0161,C=BR"
	refuses(t, profile("ofb-dcr2"), "gone from the profile", openfinance.CodeMetadata, "/token_endpoint_auth_method", s, with(dn))
	for _, name := range []string{"ofb-id3", "plain"} {
		p := profile(name)
		if c, err := p.Client(asked(with(dn)), s); err != nil || c.TLSClientAuthSubjectDN != dn || c.TokenEndpointAuthMethod != "tls_client_auth" {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		refuses(t, p, "no name", openfinance.CodeMetadata, "/tls_client_auth_subject_dn", s, with(""))
		refuses(t, p, "not a name", openfinance.CodeMetadata, "/tls_client_auth_subject_dn", s, with("someone"))
		if name == "plain" {
			continue // it knows the other names: TestOneSubject
		}
		refuses(t, p, "san beside", openfinance.CodeMetadata, "/tls_client_auth_san_dns", s, with(dn, "tls_client_auth_san_dns"))
		refuses(t, p, "san alone", openfinance.CodeMetadata, "/tls_client_auth_san_uri", s, with("", "tls_client_auth_san_uri"))
	}
}

func TestB16B17A12Webhooks(t *testing.T) {
	s, bare := statement(t), statement(t)
	bare.WebhookURIs = nil
	to := func(uris ...string) func(req) { return func(r req) { r.Wanted.WebhookURIs = uris } }
	const a, b = "https://a.example/hook", "https://b.example/hook"
	for _, uris := range [][]string{{a, b}, {b, a}} {
		if c := accepts(t, "equal", to(uris...)); !slices.Equal(c.WebhookURIs, uris) {
			t.Errorf("%v becomes %v", uris, c.WebhookURIs)
		}
	}
	if c := accepts(t, "absent", nil); c.WebhookURIs != nil {
		t.Errorf("absent, and on: %v", c.WebhookURIs)
	}
	p := profile("ofb-dcr2")
	refuses(t, p, "fewer", openfinance.CodeWebhook, "/webhook_uris", s, to(a))
	refuses(t, p, "none", openfinance.CodeWebhook, "/webhook_uris", s, func(r req) { r.Wanted.WebhookURIs = []string{} })
	for _, name := range []string{"ofb-dcr2", "ofb-id3"} {
		refuses(t, profile(name), "more", openfinance.CodeWebhook, "/webhook_uris", s, to(a, b, "https://c.example/hook"))
		refuses(t, profile(name), "none in the statement", openfinance.CodeWebhook, "/webhook_uris", bare, to(a))
	}
	if c, err := profile("ofb-id3").Client(asked(to(a)), s); err != nil || len(c.WebhookURIs) != 1 {
		t.Errorf("id3, fewer: %v, %v", c.WebhookURIs, err)
	}
	if _, err := profile("plain").Client(asked(to("https://any.example/"+strings.Repeat("x", 235))), nil); err != nil {
		t.Errorf("plain, 255 characters: %v", err)
	}
	for _, uri := range []string{"http://a.example/hook", "https://a.example/", "https://a.example/hook/", "https://a.example/hook?a=b", "https://a.example/hook#a", "https://",
		"https://a b/c", "", "https://any.example/" + strings.Repeat("x", 236), " https://a.example", "https://a.example//b"} {
		refuses(t, profile("plain"), uri, openfinance.CodeWebhook, "/webhook_uris/0", nil, to(uri))
	}
	_, err := p.Client(asked(to(a)), s)
	if m := fault.Of(err).Message; !strings.Contains(m, "webhook_uris") || !strings.Contains(m, "software_api_webhook_uris") {
		t.Errorf("the description %q does not name both", m)
	}
}
