package document_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// TestWorks: what a client that registers itself may not ask for, and what
// Tenure's own API refuses as well. Nobody else's does.
func TestWorks(t *testing.T) {
	type client = document.Client
	at := []string{"https://a.example/cb"}
	two := []string{"https://a.example/cb", "https://b.example/cb"}
	keys := documenttest.FullClient().JWKS
	code := []string{"authorization_code"}
	okp := func(crv, others string) document.JWKS {
		return document.ReadKeySet([]byte(`{"keys":[{"kty":"OKP","crv":"` + crv + `","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"` + others + `}]}`)).Stored
	}
	ec := func(others string) document.JWKS { // of RFC 7517 appendix A.1
		return document.ReadKeySet([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"` + others + `}]}`)).Stored
	}
	rsa := func(others string) document.JWKS {
		return document.ReadKeySet([]byte(`{"keys":[{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 342) + `"` + others + `}]}`)).Stored
	}
	lists := func(kinds, encs string) client {
		return client{RedirectURIs: at, ClientRegistrationTypes: strings.Fields(kinds), EncryptedResponseEncs: strings.Fields(encs)}
	}
	for _, row := range []struct {
		name     string
		doc      client
		own, dcr string // rules that are broken in /v1, and by oneself
	}{
		{"minimum", client{RedirectURIs: at}, "", ""},
		{"nothing at all", client{}, "code-without-redirect-uri", "code-without-redirect-uri"},
		{"code", client{GrantTypes: []string{"authorization_code"}}, "code-without-redirect-uri", "code-without-redirect-uri"},
		{"implicit", client{GrantTypes: []string{"implicit"}}, "code-without-redirect-uri", "code-without-redirect-uri response-type-grant"},
		{"implicit without a response type", client{RedirectURIs: at, GrantTypes: []string{"implicit"}}, "", "response-type-grant"},
		{"implicit with an empty list", client{RedirectURIs: at, GrantTypes: []string{"implicit"}, ResponseTypes: []string{}}, "", "response-type-grant"},
		{"implicit and machine without a response type", client{RedirectURIs: at, GrantTypes: []string{"client_credentials", "implicit"}}, "", "response-type-grant"},
		{"implicit with token", client{RedirectURIs: at, GrantTypes: []string{"implicit"}, ResponseTypes: []string{"token"}}, "", ""},
		{"implicit with id_token", client{RedirectURIs: at, GrantTypes: []string{"implicit"}, ResponseTypes: []string{"id_token"}}, "", ""},
		{"implicit with none", client{RedirectURIs: at, GrantTypes: []string{"implicit"}, ResponseTypes: []string{"none"}}, "", ""},
		{"implicit with code", client{RedirectURIs: at, GrantTypes: []string{"implicit"}, ResponseTypes: []string{"code"}}, "", "response-type-grant"},
		{"implicit and code without a response type", client{RedirectURIs: at, GrantTypes: []string{"implicit", "authorization_code"}}, "", ""},
		{"code with an empty list", client{RedirectURIs: at, GrantTypes: []string{"authorization_code"}, ResponseTypes: []string{}}, "", ""},
		{"machine with an empty list", client{GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{}}, "", ""},
		{"machine", client{GrantTypes: []string{"client_credentials"}}, "", ""},
		{"device", client{GrantTypes: []string{"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"}}, "", ""},
		{"public machine", client{GrantTypes: []string{"client_credentials"}, TokenEndpointAuthMethod: "none"}, "public-client-credentials", "public-client-credentials"},
		{"public", client{RedirectURIs: at, TokenEndpointAuthMethod: "none"}, "", ""},
		{"unknown grant", client{GrantTypes: []string{"foo", "client_credentials"}}, "grant-type-known", "grant-type-known"},
		{"extension grant", client{GrantTypes: []string{"https://a.example/grant"}}, "", ""},
		{"grant in another case", client{GrantTypes: []string{"Client_Credentials"}}, "grant-type-known", "grant-type-known"},
		{"unknown method", client{RedirectURIs: at, TokenEndpointAuthMethod: "magic"}, "auth-method-known", "auth-method-known"},
		{"unknown method elsewhere", client{RedirectURIs: at, RevocationEndpointAuthMethod: "magic"}, "auth-method-known", "auth-method-known"},
		{"pairwise, one host", client{RedirectURIs: []string{"https://a.example/1", "https://A.example:8443/2"}, SubjectType: "pairwise"}, "", ""},
		{"pairwise, two hosts", client{RedirectURIs: two, SubjectType: "pairwise"}, "pairwise-without-sector", "pairwise-without-sector"},
		{"pairwise, a sector", client{RedirectURIs: two, SubjectType: "pairwise", SectorIdentifierURI: "https://s.example"}, "", ""},
		{"public subjects", client{RedirectURIs: two, SubjectType: "public"}, "", ""},
		{"no lifetime", client{RedirectURIs: at, AccessTokenTTL: ttl(0)}, "lifetime-positive", "lifetime-positive"},
		{"a second", client{RedirectURIs: at, AccessTokenTTL: ttl(1)}, "", ""},
		{"negative lifespan", client{RedirectURIs: at, Lifespans: document.Lifespans{ImplicitIDToken: ttl(-1)}}, "lifetime-positive", "lifetime-positive"},
		{"a nanosecond", client{RedirectURIs: at, Lifespans: document.Lifespans{ImplicitIDToken: ttl(1)}}, "", ""},
		{"sign in each time", client{RedirectURIs: at, DefaultMaxAge: ttl(0)}, "", ""},
		{"sign in before the last time", client{RedirectURIs: at, DefaultMaxAge: ttl(-1)}, "lifetime-positive", "lifetime-positive"},
		{"web", client{RedirectURIs: at, ApplicationType: "web"}, "", ""},
		{"native", client{RedirectURIs: at, ApplicationType: "native"}, "", ""},
		{"another application", client{RedirectURIs: at, ApplicationType: "tv"}, "", "value-known"},
		{"application in another case", client{RedirectURIs: at, ApplicationType: "Web"}, "", "value-known"},
		{"poll", client{RedirectURIs: at, BackchannelDeliveryMode: "poll"}, "", ""},
		{"ping", client{RedirectURIs: at, BackchannelDeliveryMode: "ping", BackchannelNotification: "https://a.example/n"}, "", ""},
		{"push", client{RedirectURIs: at, BackchannelDeliveryMode: "push", BackchannelNotification: "https://a.example/n"}, "", ""},
		{"pull", client{RedirectURIs: at, BackchannelDeliveryMode: "pull"}, "", "value-known"},
		{"ping nowhere", client{RedirectURIs: at, BackchannelDeliveryMode: "ping"}, "", "notification-without-endpoint"},
		{"push nowhere", client{RedirectURIs: at, BackchannelDeliveryMode: "push"}, "", "notification-without-endpoint"},
		{"federation", lists("automatic explicit", ""), "", ""},
		{"another federation", lists("automatic manual", ""), "", "value-known"},
		{"presentations", lists("", "A128GCM A256CBC-HS512"), "", ""},
		{"other presentations", lists("", "A128GCM A512GCM a128gcm"), "", "value-known value-known"},
		{"signed by a key", client{RedirectURIs: at, IDTokenSignedResponseAlg: "ML-DSA-65", UserinfoSignedResponseAlg: "Ed25519", RequestObjectSigningAlg: "ES256K",
			AuthorizationSignedResponseAlg: "EdDSA", IntrospectionSignedAlg: "PS512", NFVTokenSignedAlg: "RS384", BackchannelSigningAlg: "ES384"}, "", ""},
		{"signed by a secret", client{RedirectURIs: at, IDTokenSignedResponseAlg: "HS256", UserinfoSignedResponseAlg: "HS512", RequestObjectSigningAlg: "HS384",
			TokenEndpointAuthMethod: "client_secret_jwt", TokenEndpointAuthSigningAlg: "HS256"}, "", ""},
		{"signed in another case", client{RedirectURIs: at, IDTokenSignedResponseAlg: "rs256"}, "", "value-known"},
		{"signed somehow", client{RedirectURIs: at, RequestObjectSigningAlg: "foo"}, "", "value-known"},
		{"signed by an encryption", client{RedirectURIs: at, UserinfoSignedResponseAlg: "RSA-OAEP"}, "", "value-known"},
		{"unsigned", client{RedirectURIs: at, IDTokenSignedResponseAlg: "none", UserinfoSignedResponseAlg: "none", RequestObjectSigningAlg: "none"}, "", ""},
		{"unsigned code", client{RedirectURIs: at, IDTokenSignedResponseAlg: "none", ResponseTypes: []string{"code"}}, "", ""},
		{"unsigned in a browser", client{RedirectURIs: at, GrantTypes: []string{"implicit"}, IDTokenSignedResponseAlg: "none", ResponseTypes: []string{"token id_token"}}, "", "id-token-unsigned"},
		{"unsigned authentication", client{RedirectURIs: at, TokenEndpointAuthSigningAlg: "none"}, "", "value-known"},
		{"unsigned answer", client{RedirectURIs: at, AuthorizationSignedResponseAlg: "none"}, "", "value-known"},
		{"unsigned introspection", client{RedirectURIs: at, IntrospectionSignedAlg: "none"}, "", "value-known"},
		{"back channel by a secret", client{RedirectURIs: at, BackchannelSigningAlg: "HS256"}, "", "value-known"},
		{"encrypted", client{RedirectURIs: at, IDTokenEncryptedResponseAlg: "ECDH-ES+A256KW", IDTokenEncryptedResponseEnc: "A256GCM", UserinfoEncryptedResponseAlg: "dir",
			UserinfoEncryptedResponseEnc: "A128CBC-HS256", RequestObjectEncryptionAlg: "RSA-OAEP-256", RequestObjectEncryptionEnc: "A192GCM"}, "", ""},
		{"encrypted somehow", client{RedirectURIs: at, IDTokenEncryptedResponseAlg: "RSA", IDTokenEncryptedResponseEnc: "AES"}, "", "value-known value-known"},
		{"encrypted by a signature", client{RedirectURIs: at, IntrospectionEncryptAlg: "RS256", AuthorizationEncryptAlg: "none"}, "", "value-known value-known"},
		{"encrypted with the other", client{RedirectURIs: at, NFVTokenEncryptedAlg: "A128GCM", NFVTokenEncryptedEnc: "A128GCMKW"}, "", "value-known value-known"},
		{"token without implicit", client{RedirectURIs: at, ResponseTypes: []string{"token"}}, "", "response-type-grant"},
		{"token with client_credentials", client{GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{"token"}}, "", "response-type-grant"},
		{"hybrid with code alone", client{RedirectURIs: at, ResponseTypes: []string{"code id_token"}}, "", "response-type-grant"},
		{"hybrid in another order", client{RedirectURIs: at, ResponseTypes: []string{"id_token code"}}, "", "response-type-grant"},
		{"hybrid with a token", client{RedirectURIs: at, ResponseTypes: []string{"token code"}}, "", "response-type-grant"},
		{"hybrid with a token and a list", client{RedirectURIs: at, GrantTypes: code, ResponseTypes: []string{"token code"}}, "", "response-type-grant"},
		{"hybrid as Open Finance has it", client{RedirectURIs: at, GrantTypes: code, ResponseTypes: []string{"code id_token"}}, "", ""},
		{"hybrid with both", client{RedirectURIs: at, GrantTypes: []string{"authorization_code", "implicit"}, ResponseTypes: []string{"token id_token code"}}, "", ""},
		{"no response", client{RedirectURIs: at, ResponseTypes: []string{"none"}}, "", ""},
		{"presentation", client{RedirectURIs: at, ResponseTypes: []string{"vp_token"}}, "", ""},
		{"unknown response", client{RedirectURIs: at, ResponseTypes: []string{"code", "foo"}}, "", "response-type-known"},
		{"unknown response word", client{RedirectURIs: at, ResponseTypes: []string{"code foo"}}, "", "response-type-known"},
		{"response word twice", client{RedirectURIs: at, ResponseTypes: []string{"code code"}}, "", "response-type-known"},
		{"none with another", client{RedirectURIs: at, ResponseTypes: []string{"code none"}}, "", "response-type-known"},
		{"response in another case", client{RedirectURIs: at, ResponseTypes: []string{"Token"}}, "", "response-type-known"},
		{"refresh alone", client{GrantTypes: []string{"refresh_token"}}, "", "nothing-to-do"},
		{"key without keys", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt"}, "", "auth-without-means"},
		{"key with keys", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: keys}, "", ""},
		{"key with an address", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: "https://a.example/jwks"}, "", ""},
		{"certificate without a name", client{RedirectURIs: at, TokenEndpointAuthMethod: "tls_client_auth"}, "", "auth-without-means"},
		{"certificate with a name", client{RedirectURIs: at, TokenEndpointAuthMethod: "tls_client_auth", TLSClientAuthSubjectDN: "CN=a"}, "", ""},
		{"own certificate without keys", client{RedirectURIs: at, TokenEndpointAuthMethod: "self_signed_tls_client_auth"}, "", "auth-without-means"},
		{"key with no key", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: `{"keys":[]}`}, "", "auth-without-means"},
		{"key for agreement", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: okp("X25519", "")}, "", "auth-without-means"},
		{"key for encryption", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: okp("Ed25519", `,"use":"enc"`)}, "", "auth-without-means"},
		{"key of operations", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: okp("Ed25519", `,"key_ops":["deriveKey"]`)}, "", "auth-without-means"},
		{"key to verify", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: okp("Ed25519", `,"key_ops":["verify"],"use":"sig"`)}, "", ""},
		{"key of an unknown kty", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", JWKS: `{"keys":[{"kty":"LMS"}]}`}, "", "auth-without-means"},
		{"key of another curve", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "ES384", JWKS: ec("")}, "", "auth-without-means"},
		{"key of another kind", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "RS256", JWKS: ec("")}, "", "auth-without-means"},
		{"key of another alg", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "PS256", JWKS: rsa(`,"alg":"RS256"`)}, "", "auth-without-means"},
		{"RSA key to sign with ES256", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "ES256", JWKS: rsa("")}, "", "auth-without-means"},
		{"key to sign with a secret", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "HS256", JWKS: rsa("")}, "", "auth-without-means"},
		{"key of Ed25519 to sign with Ed448", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "Ed448", JWKS: okp("Ed25519", "")}, "", "auth-without-means"},
		{"key of its curve", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "ES256", JWKS: ec("")}, "", ""},
		{"key of its alg", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "ES256", JWKS: ec(`,"alg":"ES256","use":"sig"`)}, "", ""},
		{"RSA key of any alg", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "PS512", JWKS: rsa("")}, "", ""},
		{"key of EdDSA", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "EdDSA", JWKS: okp("Ed25519", "")}, "", ""},
		{"keys at an address", client{RedirectURIs: at, TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "RS256", JWKSURI: "https://a.example/jwks"}, "", ""},
		{"a secret beside keys", client{RedirectURIs: at, TokenEndpointAuthMethod: "client_secret_jwt", TokenEndpointAuthSigningAlg: "HS256", JWKS: ec("")}, "", ""},
		{"own certificate with no key", client{RedirectURIs: at, TokenEndpointAuthMethod: "self_signed_tls_client_auth", JWKS: `{"keys":[]}`}, "", "auth-without-means"},
		{"own certificate with a key", client{RedirectURIs: at, TokenEndpointAuthMethod: "self_signed_tls_client_auth", JWKS: okp("X25519", "")}, "", ""},
		{"certificate with two names", client{RedirectURIs: at, TokenEndpointAuthMethod: "tls_client_auth", TLSClientAuthSubjectDN: "CN=a", TLSClientAuthSANDNS: "a.example"}, "", "certificate-name"},
		{"certificate with an address", client{RedirectURIs: at, TokenEndpointAuthMethod: "tls_client_auth", TLSClientAuthSANIP: "2001:db8::1"}, "", ""},
		{"certificate with no address", client{RedirectURIs: at, TokenEndpointAuthMethod: "tls_client_auth", TLSClientAuthSANIP: "a.example"}, "", "certificate-name"},
		{"certificate with half an address", client{RedirectURIs: at, TokenEndpointAuthMethod: "tls_client_auth", TLSClientAuthSANIP: "10.0.1"}, "", "certificate-name"},
	} {
		for level, want := range []string{"", row.own, row.dcr} {
			var got []string
			for _, f := range document.Validate(document.ClientRules(), document.Input[client]{Next: &row.doc, Level: document.Level(level)}) {
				got = append(got, f.Rule)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, level %d: %q, want %q", row.name, level, got, want)
			}
		}
	}
}

// TestOnlyWhatIsNewIsJudged, element by element: what was stored stays.
func TestOnlyWhatIsNewIsJudged(t *testing.T) {
	type client = document.Client
	stored := client{ClientName: "a\u202eb", RedirectURIs: []string{"javascript:alert(1)", "http://a.example/cb"}, Scopes: []string{`a"b`},
		Localized: []document.Localized{{Name: "logo_uri", Value: "data:x"}}, GrantTypes: []string{"magic"}, TokenEndpointAuthMethod: "magic",
		ApplicationType: "tv", IDTokenSignedResponseAlg: "magic", ClientRegistrationTypes: []string{"magic"}, DefaultMaxAge: ttl(-1), BackchannelDeliveryMode: "ping"}
	for name, row := range map[string]struct {
		change func(*client)
		want   []string
	}{
		"nothing":         {func(*client) {}, nil},
		"a good address":  {func(c *client) { c.RedirectURIs = append(c.RedirectURIs, "https://a.example/2") }, nil},
		"in their order":  {func(c *client) { slices.Reverse(c.RedirectURIs) }, nil},
		"a bad one":       {func(c *client) { c.RedirectURIs = append(c.RedirectURIs, "http://b.example") }, []string{"/redirect_uris/2 uri-without-tls"}},
		"a good scope":    {func(c *client) { c.Scopes = append(c.Scopes, "openid") }, nil},
		"a bad scope":     {func(c *client) { c.Scopes = append(c.Scopes, "a b") }, []string{"/scopes/1 scope-word"}},
		"another text":    {func(c *client) { c.Localized = append(c.Localized, document.Localized{Name: "x", Value: "y"}) }, nil},
		"the text anew":   {func(c *client) { c.Localized[0].Value = "data:y" }, []string{"/localized_metadata/0/value uri-script-scheme"}},
		"a name":          {func(c *client) { c.ClientName += "c" }, []string{"/client_name text-character"}},
		"one more grant":  {func(c *client) { c.GrantTypes = append(c.GrantTypes, "client_credentials") }, nil},
		"an unknown one":  {func(c *client) { c.GrantTypes = append(c.GrantTypes, "foo") }, []string{"/grant_types/1 grant-type-known"}},
		"another method":  {func(c *client) { c.RevocationEndpointAuthMethod = "private_key_jwt" }, nil},
		"an application":  {func(c *client) { c.ApplicationType = "radio" }, []string{"/application_type value-known"}},
		"one more type":   {func(c *client) { c.ClientRegistrationTypes = append(c.ClientRegistrationTypes, "automatic") }, nil},
		"an unknown type": {func(c *client) { c.ClientRegistrationTypes = append(c.ClientRegistrationTypes, "foo") }, []string{"/client_registration_types/1 value-known"}},
		"another max age": {func(c *client) { c.DefaultMaxAge = ttl(-2) }, []string{"/default_max_age lifetime-positive"}},
		"another alg":     {func(c *client) { c.UserinfoSignedResponseAlg = "RS256" }, nil},
		"nothing is left": {func(c *client) { c.RedirectURIs, c.GrantTypes = nil, []string{} }, []string{"/redirect_uris code-without-redirect-uri"}},
		"an encoded line": {func(c *client) { c.RedirectURIs = append(c.RedirectURIs, "https://a.example/%0d%0a") }, []string{"/redirect_uris/2 uri-encoded-control"}},
	} {
		next := document.Clone(&stored)
		row.change(next)
		got := pathsAndRules(t, document.Validate(document.ClientRules(), document.Input[client]{Next: next, Base: &stored, Level: document.ByItself}))
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestSettled(t *testing.T) {
	type client = document.Client
	base := client{AllowedCORSOrigins: []string{"HTTPS://OLD.example"}, Contacts: []string{"a", "a"}}
	next := client{AllowedCORSOrigins: []string{"HTTPS://OLD.example", "HTTPS://New.example:443", "https://new.example"},
		Contacts: []string{"a", "a"}, RedirectURIs: []string{"b", "b", "a"}, GrantTypes: []string{}}
	before := *document.Clone(&next)
	want := client{AllowedCORSOrigins: []string{"HTTPS://OLD.example", "https://new.example", "https://new.example"},
		Contacts: next.Contacts, RedirectURIs: next.RedirectURIs, GrantTypes: []string{}}
	if got := document.Settled(&next, &base, document.ByAdministrator); !reflect.DeepEqual(*got, want) {
		t.Errorf("by an administrator %+v", got)
	}
	want.AllowedCORSOrigins, want.RedirectURIs = want.AllowedCORSOrigins[:2], []string{"b", "a"}
	if got := document.Settled(&next, &base, document.ByItself); !reflect.DeepEqual(*got, want) {
		t.Errorf("by itself %+v", got)
	}
	if got := document.Once(&next, &base); !reflect.DeepEqual(*got, want) {
		t.Errorf("once %+v", got)
	}
	if got := document.Settled(&next, &base, document.ByTenure); len(got.RedirectURIs) != 3 || len(got.AllowedCORSOrigins) != 3 {
		t.Errorf("a rollback at /v1 %+v", got)
	}
	if !reflect.DeepEqual(next, before) {
		t.Error("the document was changed")
	}
	if got := document.Settled[client](&next, nil, document.ByItself); len(got.Contacts) != 1 || got.AllowedCORSOrigins[0] != "https://old.example" {
		t.Errorf("a new one: %+v", got)
	}
}

func TestWaive(t *testing.T) {
	doc := document.Client{RedirectURIs: []string{"http://*.a.example/cb", "javascript:x"}}
	broken := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: &doc, Level: document.ByItself})
	if !document.Waives(broken) {
		t.Error("no policy could allow anything")
	}
	got := pathsAndRules(t, document.Waive(broken, []string{"uri-without-tls"}))
	if want := []string{"/redirect_uris/1 uri-script-scheme", "/redirect_uris/0 uri-wildcard"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	names := document.Waivable()
	if !slices.IsSorted(names) || slices.Contains(names, "uri-script-scheme") || slices.Contains(names, "uri-character") || !slices.Contains(names, "nothing-to-do") {
		t.Errorf("%q", names)
	}
}
