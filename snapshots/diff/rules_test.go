package diff

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots/document"
	"tenure/snapshots/document/uri"
)

type client = document.Client

func ttl(n int64) document.Lifetime { return &n }

// examples has for each rule about clients a change that it speaks of. Those of
// key sets and certificates are in keyset_test.go.
var examples = map[string][2]client{
	"uri-wildcard":                  {{}, {RedirectURIs: []string{"https://*.a.example/cb"}}},
	"uri-without-tls":               {{}, {RedirectURIs: []string{"http://a.example/cb"}}},
	"uri-private-scheme":            {{}, {RedirectURIs: []string{"com.example.app:/cb"}}},
	"uri-other-domain":              {{RedirectURIs: []string{"https://a.example/cb"}}, {RedirectURIs: []string{"https://a.example/cb", "https://evil.test/cb"}}},
	"uri-removed":                   {{RedirectURIs: []string{"https://a.example/cb", "https://a.example/2"}}, {RedirectURIs: []string{"https://a.example/cb"}}},
	"page-other-domain":             {{TosURI: "https://a.example/tos"}, {TosURI: "https://evil.test/tos"}},
	"auth-none":                     {{TokenEndpointAuthMethod: "private_key_jwt"}, {TokenEndpointAuthMethod: "none"}},
	"auth-weaker":                   {{TokenEndpointAuthMethod: "private_key_jwt"}, {TokenEndpointAuthMethod: "client_secret_basic"}},
	"auth-changed":                  {{TokenEndpointAuthMethod: "client_secret_basic"}, {TokenEndpointAuthMethod: "private_key_jwt"}},
	"auth-other-subject":            {{TLSClientAuthSubjectDN: "CN=a"}, {TLSClientAuthSubjectDN: "CN=b"}},
	"signing-none":                  {{RequestObjectSigningAlg: "PS256"}, {RequestObjectSigningAlg: "none"}},
	"signing-shared-secret":         {{IDTokenSignedResponseAlg: "RS256"}, {IDTokenSignedResponseAlg: "HS256"}},
	"signing-changed":               {{IDTokenSignedResponseAlg: "RS256"}, {IDTokenSignedResponseAlg: "PS256"}},
	"encryption-off":                {{IDTokenEncryptedResponseAlg: "RSA-OAEP"}, {}},
	"encryption-changed":            {{IDTokenEncryptedResponseAlg: "RSA-OAEP"}, {IDTokenEncryptedResponseAlg: "RSA-OAEP-256"}},
	"jwks-uri-without-tls":          {{}, {JWKSURI: "http://a.example/jwks"}},
	"jwks-uri-other-host":           {{JWKSURI: "https://a.example/jwks"}, {JWKSURI: "https://evil.test/jwks"}},
	"jwks-uri-new":                  {{}, {JWKSURI: "https://a.example/jwks"}},
	"keys-gone":                     {{JWKSURI: "https://a.example/jwks"}, {}},
	"pkce-not-required":             {{PKCEMode: "required"}, {PKCEMode: "allowed"}},
	"pkce-plain":                    {{PKCEMode: "s256-required"}, {PKCEMode: "required"}},
	"pkce-required":                 {{PKCEMode: "allowed"}, {PKCEMode: "required"}},
	"grant-password":                {{GrantTypes: []string{"authorization_code"}}, {GrantTypes: []string{"authorization_code", "password"}}},
	"grant-implicit":                {{GrantTypes: []string{"authorization_code"}}, {GrantTypes: []string{"authorization_code", "implicit"}}},
	"grant-added":                   {{GrantTypes: []string{"authorization_code"}}, {GrantTypes: []string{"authorization_code", "client_credentials"}}},
	"grant-removed":                 {{GrantTypes: []string{"authorization_code", "client_credentials"}}, {GrantTypes: []string{"authorization_code"}}},
	"response-type-token":           {{ResponseTypes: []string{"code"}}, {ResponseTypes: []string{"code", "token"}}},
	"response-type-removed":         {{ResponseTypes: []string{"code", "token"}}, {ResponseTypes: []string{"code"}}},
	"scope-added":                   {{Scopes: []string{"openid"}}, {Scopes: []string{"openid", "payments"}}},
	"scope-removed":                 {{Scopes: []string{"openid", "payments"}}, {Scopes: []string{"openid"}}},
	"audience-added":                {{Audience: []string{"a"}}, {Audience: []string{"a", "b"}}},
	"audience-removed":              {{Audience: []string{"a", "b"}}, {Audience: []string{"a"}}},
	"lifetime-longer":               {{AccessTokenTTL: ttl(300)}, {AccessTokenTTL: ttl(1200)}},
	"lifetime-shorter":              {{AccessTokenTTL: ttl(1200)}, {AccessTokenTTL: ttl(300)}},
	"max-age-longer":                {{DefaultMaxAge: ttl(60)}, {DefaultMaxAge: ttl(600)}},
	"protection-off":                {{RequirePAR: document.True}, {RequirePAR: document.False}},
	"requirement-off":               {{RequireAuthTime: document.True}, {RequireAuthTime: document.False}},
	"requirement-on":                {{RequirePAR: document.False}, {RequirePAR: document.True}},
	"consent-skipped":               {{}, {SkipConsent: document.True}},
	"logout-not-told":               {{BackchannelLogoutURI: "https://a.example/out"}, {}},
	"subjects-public":               {{SubjectType: "pairwise"}, {SubjectType: "public"}},
	"subjects-change":               {{SubjectType: "public"}, {SubjectType: "pairwise"}},
	"uri-host":                      {{}, {RedirectURIs: []string{"https://0x7f.1/cb"}}},
	"uri-backslash":                 {{}, {RedirectURIs: []string{`https://a.example/x\y`}}},
	"uri-userinfo":                  {{}, {RedirectURIs: []string{"https://a.example@evil.test/cb"}}},
	"uri-dot-segment":               {{}, {RedirectURIs: []string{"https://a.example/x/..%2fcb"}}},
	"uri-without-host":              {{}, {RedirectURIs: []string{"https:///cb"}}},
	"uri-fragment":                  {{}, {JWKSURI: "https://a.example/jwks#x"}},
	"uri-loopback":                  {{}, {LogoURI: "https://localhost/logo.png"}},
	"uri-inside":                    {{}, {JWKSURI: "https://10.0.0.1/jwks"}},
	"auth-method-known":             {{}, {TokenEndpointAuthMethod: "magic"}},
	"grant-type-known":              {{}, {GrantTypes: []string{"magic"}}},
	"public-client-credentials":     {{GrantTypes: []string{"client_credentials"}}, {GrantTypes: []string{"client_credentials"}, TokenEndpointAuthMethod: "none"}},
	"code-without-redirect-uri":     {{RedirectURIs: []string{"https://a.example/cb"}}, {}},
	"pairwise-without-sector":       {{}, {SubjectType: "pairwise", RedirectURIs: []string{"https://a.example/cb", "https://b.example/cb"}}},
	"lifetime-positive":             {{}, {AccessTokenTTL: ttl(0)}},
	"response-type-grant":           {{}, {ResponseTypes: []string{"token"}}},
	"response-type-known":           {{}, {ResponseTypes: []string{"foo"}}},
	"certificate-name":              {{}, {TLSClientAuthSANIP: "a"}},
	"nothing-to-do":                 {{}, {GrantTypes: []string{"refresh_token"}}},
	"auth-without-means":            {{}, {TokenEndpointAuthMethod: "private_key_jwt"}},
	"uri-encoded-control":           {{}, {RedirectURIs: []string{"https://a.example/cb%0d%0aX:y"}}},
	"uri-unencoded":                 {{}, {LogoURI: `https://a.example/"x`}},
	"uri-absolute":                  {{}, {RedirectURIs: []string{"/cb"}}},
	"uri-http":                      {{}, {RequestURIs: []string{"urn:example:request"}}},
	"value-known":                   {{}, {ApplicationType: "tv"}},
	"id-token-unsigned":             {{}, {IDTokenSignedResponseAlg: "none", ResponseTypes: []string{"id_token"}}},
	"notification-without-endpoint": {{}, {BackchannelDeliveryMode: "ping"}},
	"token-format":                  {{AccessTokenStrategy: "jwt"}, {AccessTokenStrategy: "opaque"}},
}

// TestEveryStricterRuleIsARisk: what Tenure refuses from clients that register
// themselves, a plan tells of an administrator's change, whichever member it is in.
func TestEveryStricterRuleIsARisk(t *testing.T) {
	of := func(name string) *rule {
		if name == "uri-scheme-without-dot" { // told by uri-private-scheme, dot or not
			name = "uri-private-scheme"
		}
		at := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
		if at < 0 {
			t.Errorf("no risk is named %s", name)
			return nil
		}
		return &rules[at]
	}
	for _, w := range document.Works {
		if r := of(w.Name); r != nil && !slices.Equal(r.members, w.Fields) {
			t.Errorf("%s looks at %q, want %q", w.Name, r.members, w.Fields)
		}
	}
	for i := range uri.Rules {
		stricter := uri.Rules[i].Self &^ uri.Rules[i].Everywhere
		if uri.Rules[i].Waivable {
			stricter |= uri.Rules[i].Everywhere // a policy may allow it
		}
		if stricter == 0 {
			continue
		}
		r := of(uri.Rules[i].Name)
		for _, m := range document.Members(&client{}) {
			if use, address := document.UseOf(m.Name); r != nil && address && use&stricter != 0 && !slices.Contains(r.members, m.Name) {
				t.Errorf("%s does not look at %s", r.name, m.Name)
			}
		}
	}
}

// TestEveryAlgorithmIsWatched, so that no new member is forgotten.
func TestEveryAlgorithmIsWatched(t *testing.T) {
	for _, m := range document.Members(&client{}) {
		of := signingAlgs
		if strings.Contains(m.Name, "encrypt") {
			of = encryptionAlgs
		}
		if (strings.HasSuffix(m.Name, "_alg") || strings.HasSuffix(m.Name, "_enc")) && !slices.Contains(of, m.Name) {
			t.Errorf("no risk looks at %s", m.Name)
		}
	}
}

// TestRisksOfTheirOwnNames: an address in a localized text, and each value that nobody registered; not
// nevisMeta's word for no encryption.
func TestRisksOfTheirOwnNames(t *testing.T) {
	texts := func(name, value string) *client {
		return &client{Localized: []document.Localized{{Name: name, Value: value, Locale: "fr"}}}
	}
	for name, row := range map[string]struct {
		from, to *client
		want     []string // members and rules
	}{
		"a localized address":      {texts("logo_uri", "https://a.example/"), texts("logo_uri", "http://a.example/"), []string{"localized_metadata uri-without-tls"}},
		"a new localized address":  {nil, texts("Logo_URI", "https://10.0.0.1/"), []string{"localized_metadata uri-inside", "localized_metadata code-without-redirect-uri"}},
		"a localized text":         {nil, texts("client_name", "http://a.example/"), []string{"localized_metadata code-without-redirect-uri"}},
		"an address that is gone":  {texts("logo_uri", "http://a.example/"), &client{}, nil},
		"two values":               {&client{}, &client{ApplicationType: "tv", IDTokenSignedResponseAlg: "RS1"}, []string{"application_type value-known", "id_token_signed_response_alg value-known"}},
		"a value of a list":        {&client{ClientRegistrationTypes: []string{"magic"}}, &client{ClientRegistrationTypes: []string{"magic", "foo", "automatic"}}, []string{"client_registration_types value-known"}},
		"an unknown value is gone": {&client{ApplicationType: "tv"}, &client{ApplicationType: "web"}, nil},
		"no encryption":            {&client{}, &client{IDTokenEncryptedResponseAlg: "none", IDTokenEncryptedResponseEnc: "none"}, nil},
		"no max age":               {&client{}, &client{DefaultMaxAge: ttl(-1), RedirectURIs: []string{"https://a.example/cb"}}, []string{"default_max_age lifetime-positive"}},
	} {
		var got []string
		for _, c := range Of(row.from, row.to, Options{}).Changes {
			for _, risk := range c.Risks {
				got = append(got, c.Member+" "+risk.Rule)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// TestRisksOfWhatANewClientLeavesOut: grant types that it does not name are those of the setup, else
// authorization_code, and an empty list means what none means. The plan gives its risk at the first member.
func TestRisksOfWhatANewClientLeavesOut(t *testing.T) {
	setup := func(grants ...string) *document.Setup { return &document.Setup{GrantTypes: grants} }
	at := []string{"https://a.example/cb"}
	for name, row := range map[string]struct {
		from, to *client
		setup    *document.Setup
		want     []string // members and rules
	}{
		"nothing":                   {nil, &client{ClientName: "d", TokenEndpointAuthMethod: "client_secret_basic"}, nil, []string{"client_name code-without-redirect-uri"}},
		"no setup's defaults":       {nil, &client{ClientName: "d"}, &document.Setup{}, []string{"client_name code-without-redirect-uri"}},
		"an empty list":             {nil, &client{ClientName: "d", GrantTypes: []string{}}, setup("client_credentials"), []string{"grant_types code-without-redirect-uri"}},
		"the setup's code":          {nil, &client{ClientName: "d"}, setup("authorization_code", "refresh_token"), []string{"client_name code-without-redirect-uri"}},
		"the setup's machines":      {nil, &client{ClientName: "d"}, setup("client_credentials"), nil},
		"the setup's refresh token": {nil, &client{ClientName: "d"}, setup("refresh_token"), []string{"client_name nothing-to-do"}},
		"the setup's implicit":      {nil, &client{ClientName: "d", RedirectURIs: at}, setup("implicit"), []string{"client_name response-type-grant"}},
		"a redirect URI":            {nil, &client{ClientName: "d", RedirectURIs: at}, nil, nil},
		"a stored one":              {&client{ClientName: "d"}, &client{ClientName: "e"}, nil, nil},
		"a stored one loses it":     {&client{ClientName: "d", RedirectURIs: at}, &client{ClientName: "d"}, nil, []string{"redirect_uris uri-removed", "redirect_uris code-without-redirect-uri"}},
	} {
		var got, shown []string
		options := Options{From: row.setup, To: row.setup}
		for _, c := range Of(row.from, row.to, options).Changes {
			for _, risk := range c.Risks {
				got = append(got, c.Member+" "+risk.Rule)
			}
		}
		for _, c := range Rows(row.from, row.to, options, true) {
			for _, risk := range c.Risks {
				shown = append(shown, c.Member+" "+risk.Rule)
			}
		}
		if !slices.Equal(got, row.want) || !slices.Equal(shown, row.want) {
			t.Errorf("%s: %q and %q, want %q", name, got, shown, row.want)
		}
	}
}

// elsewhere are the rules that other tests show, or that are about scopes of
// resource servers and about setups.
var elsewhere = map[string]bool{"key-added": true, "key-removed": true, "key-changed": true, "certificate-removed": true, "certificate-expired": true,
	"key-x5u": true, "certificate-not-yet-valid": true, "certificate-expires-soon": true, "certificate-expires-sooner": true,
	"scope-policy-relaxed": true, "scope-policy-tightened": true, "claims-changed": true}

// TestEveryRiskHasAnExample, is said in words, and is not said of the reverse
// unless that is a risk of its own.
func TestEveryRiskHasAnExample(t *testing.T) {
	seen := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		if seen[r.name] {
			t.Errorf("%s stands twice", r.name)
		}
		seen[r.name] = true
		example, ok := examples[r.name]
		if !ok {
			if !elsewhere[r.name] {
				t.Errorf("%s has no example", r.name)
			}
			continue
		}
		result := Of(&example[0], &example[1], Options{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		risk := riskNamed(result, r.name)
		if risk == nil || risk.Label == "" || risk.Level != r.level || risk.Effect != r.effect {
			t.Errorf("%s: %+v", r.name, result.Changes)
		}
		if same := riskNamed(Of(&example[1], &example[1], Options{}), r.name); same != nil {
			t.Errorf("%s is said of what did not change", r.name)
		}
	}
	for name := range examples {
		if !seen[name] {
			t.Errorf("there is no rule %s", name)
		}
	}
}

func riskNamed(r Result, rule string) *Risk {
	for _, c := range r.Changes {
		for i := range c.Risks {
			if c.Risks[i].Rule == rule {
				return &c.Risks[i]
			}
		}
	}
	return nil
}

// TestRisksOfServersAndSetups: the rules that clients have no member for.
func TestRisksOfServersAndSetups(t *testing.T) {
	scope := func(policy, claims string) *document.ResourceServer {
		return &document.ResourceServer{Scopes: []document.Scope{{Name: "a", CustomClaims: claims, Policies: document.ScopePolicies{ImplicitFlow: policy}}}}
	}
	for rule, r := range map[string]Result{
		"scope-policy-relaxed":   Of(scope("not_allowed", ""), scope("consent_required", ""), Options{}),
		"scope-policy-tightened": Of(scope("consent_required", ""), scope("not_allowed", ""), Options{}),
		"claims-changed":         Of(scope("", `{"a":1}`), scope("", `{"a":2}`), Options{}),
	} {
		if riskNamed(r, rule) == nil {
			t.Errorf("%s: %+v", rule, r.Changes)
		}
	}
}
