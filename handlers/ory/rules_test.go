package ory_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
	"tenure/tenancy/fault/faulttest"
)

const keys = `{"keys":[{"kty":"RSA","kid":"k1","use":"sig","alg":"RS256","n":"l80jJJqcc1PpefIGVIjuPvA1D7NscnuF9aQqLa7I9rDUK4IaSOO3kL_EF13k-jTzcA5q4OZn5dR0kmqIMZT2gQ","e":"AQAB"}]}`

const mustMatch = " must match the domain, port, scheme of at least one of the registered redirect URIs but did not"

// rules are Hydra's own words for each rule, as it was recorded: the error's
// code, then what follows the fixed sentence; an empty code is Hydra's text
// for what does not decode.
var rules = []struct{ body, code, hint string }{
	{`{"client_secret":"12345"}`, ory.CodeMetadata, "Field client_secret must contain a secret that is at least 6 characters long."},
	{`{"client_secret":"123456789012345"}`, ory.CodeMetadata, "/client_secret: a chosen secret needs 16 characters that are not all alike, or 80 bits by an estimate"},
	{`{"jwks":` + keys + `,"jwks_uri":"https://app.example.org/jwks.json"}`, ory.CodeMetadata, "Fields jwks and jwks_uri can not both be set, you must choose one."},
	{`{"token_endpoint_auth_method":"private_key_jwt"}`, ory.CodeMetadata, "When token_endpoint_auth_method is 'private_key_jwt', either jwks or jwks_uri must be set."},
	{`{"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"HS256","jwks":` + keys + `}`, ory.CodeMetadata,
		"Only RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512 are supported as algorithms for private key authentication."},
	// The error names the fault of the key set, not that the method needs keys.
	{`{"token_endpoint_auth_method":"private_key_jwt","jwks":` + strings.Replace(keys, `"e"`, `"d":"AAAA","e"`, 1) + `}`, ory.CodeMetadata,
		"Invalid JSON web key: /jwks/keys/0/d: A set must not hold private key material."},
	{`{"token_endpoint_auth_method":"private_key_jwt","jwks":` + strings.Replace(keys, `"use":"sig"`, `"use":"sig","key_ops":["encrypt"]`, 1) + `}`, ory.CodeMetadata,
		"Invalid JSON web key: /jwks/keys/0/key_ops/0: The operation must agree with the use of the key."},
	{`{"token_endpoint_auth_method":"private_key_jwt","jwks":` + strings.Replace(keys, `"use":"sig"`, `"x5c":["AAAA"]`, 1) + `}`, ory.CodeMetadata,
		"Invalid JSON web key: /jwks/keys/0/x5c/0: The certificate cannot be read: neither DER nor PEM."},
	{`{"jwks":{"keys":[{}]}}`, "", "go-jose/go-jose: unknown json web key type ''"},
	{`{"jwks":{"keys":[{"kty":"XYZ"}]}}`, "", "go-jose/go-jose: unknown json web key type 'XYZ'"},
	{`{"jwks":{"keys":"x"}}`, "", "json: cannot unmarshal string into Go struct field JoseJSONWebKeySet.jwks.JSONWebKeySet.keys of type []jose.JSONWebKey"},
	{`{"tos_uri":"not a uri"}`, ory.CodeMetadata, "Field tos_uri must be a valid URI."},
	{`{"tos_uri":"ftp://example.org/x"}`, ory.CodeMetadata, "ftp://example.org/x must use https:// or http:// as HTTP scheme for field tos_uri."},
	{`{"policy_uri":"javascript:alert(1)"}`, ory.CodeMetadata, "javascript:alert(1) must use https:// or http:// as HTTP scheme for field policy_uri."},
	{`{"logo_uri":"data:image/png;base64,AA"}`, ory.CodeMetadata, "data:image/png;base64,AA must use https:// or http:// as HTTP scheme for field logo_uri."},
	{`{"client_uri":"file:///etc/hosts"}`, ory.CodeMetadata, "file:///etc/hosts must use https:// or http:// as HTTP scheme for field client_uri."},
	{`{"allowed_cors_origins":["ftp://example.org"]}`, ory.CodeMetadata, "Origin URL ftp://example.org must use https:// or http:// as HTTP scheme."},
	{`{"allowed_cors_origins":["*"]}`, ory.CodeMetadata, "Origin URL * must use https:// or http:// as HTTP scheme."},
	{`{"allowed_cors_origins":["https://u:p@example.org"]}`, ory.CodeMetadata, "Origin URL https://u:p@example.org has HTTP user and/or password set which is not allowed."},
	{`{"allowed_cors_origins":["https://example.org/path"]}`, ory.CodeMetadata,
		"Origin URL https://example.org/path must have an empty path, query, and fragment but one of the parts is not empty."},
	{`{"allowed_cors_origins":["https://a.org","https://example.org?x=1"]}`, ory.CodeMetadata,
		"Origin URL https://example.org?x=1 must have an empty path, query, and fragment but one of the parts is not empty."},
	{`{"allowed_cors_origins":["https://exa mple.org:%zz"]}`, ory.CodeMetadata, "Origin URL https://exa mple.org:%zz from allowed_cors_origins " +
		"could not be parsed: parse 'https://exa mple.org:%zz': invalid port ':%zz' after host"},
	{`{"userinfo_signed_response_alg":"ES256"}`, ory.CodeMetadata, "Field userinfo_signed_response_alg can either be 'none' or 'RS256'."},
	{`{"redirect_uris":["https://app.example.org/cb#frag"]}`, ory.CodeRedirect, "Redirect URIs must not contain fragments (#)."},
	{`{"redirect_uris":["not a url"]}`, ory.CodeRedirect, "Unable to parse redirect URL: not a url"},
	{`{"redirect_uris":[""]}`, ory.CodeRedirect, "Unable to parse redirect URL: "},
	{`{"subject_type":"bogus"}`, ory.CodeMetadata, "Subject type bogus is not supported by server, only [public pairwise] are allowed."},
	{`{"subject_type":"pairwise","access_token_strategy":"JWT"}`, ory.CodeMetadata, "Subject type pairwise is not supported by server, only [public] are allowed."},
	{`{"redirect_uris":["https://app.example.org/cb"],"post_logout_redirect_uris":["https://other.example.org/bye"]}`, ory.CodeMetadata,
		"post_logout_redirect_uri 'https://other.example.org/bye'" + mustMatch},
	{`{"post_logout_redirect_uris":["https://app.example.org/bye"]}`, ory.CodeMetadata, "post_logout_redirect_uri 'https://app.example.org/bye'" + mustMatch},
	{`{"post_logout_redirect_uris":["nope"]}`, ory.CodeMetadata, "Unable to parse post_logout_redirect_uri: nope"},
	{`{"access_token_strategy":"paseto"}`, ory.CodeMetadata, "invalid access token strategy: expected one of [jwt, opaque] but got paseto"},
}

var sentences = map[string]string{
	ory.CodeMetadata: "The value of one of the Client Metadata fields is invalid and the server has rejected this request. Note that an " +
		"Authorization Server MAY choose to substitute a valid value for any requested parameter of a Client's Metadata. ",
	ory.CodeRedirect: "The value of one or more redirect_uris is invalid. ",
	"":               "Unable to decode the request body: ",
}

func TestRules(t *testing.T) {
	for _, r := range rules {
		err := decode(t, r.body).Check(nil, nil)
		if err == nil {
			t.Errorf("%s is accepted", r.body)
			continue
		}
		name := r.code
		if name == "" {
			name = "The request was malformed or contained invalid parameters"
		}
		status, got, description := spelled(t, "POST", fault.Of(err))
		if status != 400 || got != name || description != sentences[r.code]+r.hint {
			t.Errorf("%s: %d %s\n%s", r.body, status, got, description)
		}
	}
}

func TestAccepted(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"client_secret":"1234567890abcdef"}`, `{"token_endpoint_auth_method":"bogus","grant_types":["bogus"],"response_types":["bogus"]}`,
		`{"metadata":[1,"two"]}`, `{"metadata":null}`, `{"redirect_uris":["com.example.app:/cb","http://127.0.0.1:8080/cb","/relative"]}`,
		`{"allowed_cors_origins":["http://localhost:3000/","https://*.example.org"]}`, `{"implicit_grant_id_token_lifespan":"-1h"}`,
		`{"subject_type":"pairwise"}`, `{"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://a.example/jwks","token_endpoint_auth_signing_alg":"ES256"}`,
		`{"redirect_uris":["https://a.example:8443/x"],"post_logout_redirect_uris":["https://a.example:8443/y"]}`,
		`{"client_name":"` + strings.Repeat("x", 100_000) + `"}`,
	} {
		if err := decode(t, body).Check(nil, nil); err != nil {
			t.Errorf("%.200s: %v", body, err)
		}
	}
}

// TestPrivateKeysAreRefused: Hydra would store them.
func TestPrivateKeysAreRefused(t *testing.T) {
	for _, key := range []string{`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"}`,
		`{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}`} {
		_, code, description := spelled(t, "POST", fault.Of(decode(t, `{"jwks":{"keys":[`+key+`]}}`).Check(nil, nil)))
		if code != ory.CodeMetadata || !strings.Contains(description, "Invalid JSON web key: /jwks/keys/0/") ||
			strings.Contains(description, "870MB6") || strings.Contains(description, "AyM1Sy") {
			t.Errorf("%s %s", code, description)
		}
	}
}

func TestSectorRule(t *testing.T) {
	const uri = "https://sector.example/uris.json"
	base := documenttest.FullClient()
	next := document.Client{SectorIdentifierURI: uri, RedirectURIs: []string{"https://a.example", "https://b.example"}}
	both := ory.Sector{URI: uri, URIs: []string{"https://b.example", "https://a.example", "https://c.example"}}
	for i, c := range []struct {
		sector ory.Sector
		next   document.Client
		base   *document.Client
		ok     bool
		why    string
	}{
		{both, next, nil, true, ""},
		{ory.Sector{}, document.Client{}, nil, true, ""},
		{ory.Sector{}, next, nil, false, "the client was changed meanwhile; send it again"},
		{ory.Sector{Trouble: "no document could be fetched from there"}, next, nil, false, "no document could be fetched from there"},
		{ory.Sector{URI: uri, URIs: []string{"https://a.example"}}, next, nil, false, "the document there does not list /redirect_uris/1"},
		{ory.Sector{URI: uri}, document.Client{SectorIdentifierURI: uri}, nil, false, "the list there is empty"},
		{ory.Sector{URI: "https://other.example", URIs: both.URIs}, next, nil, false, "the client was changed meanwhile; send it again"},
		{ory.Sector{}, base, &base, true, ""}, // unchanged
		{both, next, &base, true, ""},
	} {
		faults := document.Validate([]document.Rule[document.Client]{c.sector.Rule()}, document.Input[document.Client]{Next: &c.next, Base: c.base})
		if (len(faults) == 0) != c.ok {
			t.Errorf("case %d: %v", i, faults)
		}
		if !c.ok {
			if _, code, description := spelled(t, "POST", fault.Of(fault.Rules(faults))); code != ory.CodeMetadata || description != sentences[code]+"sector_identifier_uri: "+c.why {
				t.Errorf("%s %q", code, description)
			}
		}
	}
}

func TestEveryKindHasARow(t *testing.T) {
	seen := map[string]fault.Kind{}
	for _, kind := range faulttest.Kinds() {
		f := fault.New(kind, "", `a "message" for the caller`)
		status, text, description := spelled(t, "GET", f)
		if status < 400 || status > 599 || text == "" {
			t.Errorf("%s: %d %q", kind, status, text)
		}
		if kind == fault.Internal && (text != "error" || description != "The error is unrecognizable") {
			t.Errorf("internal: %q %q", text, description)
		}
		if kind != fault.Internal && !strings.Contains(description, "a 'message' for the caller") {
			t.Errorf("%s: %q", kind, description)
		}
		if other, twice := seen[text]; twice && kind != fault.Quota {
			t.Errorf("%s and %s are both %q", kind, other, text)
		}
		seen[text] = kind
	}
	for code, want := range map[string]string{
		fault.CodeClientUnknown: `{"error":"Unable to locate the resource","error_description":""}`,
		fault.CodeIDTaken:       `{"error":"Unable to insert or update resource because a resource with that value exists already","error_description":""}`,
	} {
		kind := fault.NotFound
		if code == fault.CodeIDTaken {
			kind = fault.Conflict
		}
		if reply := reply("GET", fault.New(kind, code, "some text")); string(reply.Body) != want+"\n" {
			t.Errorf("%s: %s", code, reply.Body)
		}
	}
}

// TestNowhere: what is not routed is a page, or JSON for who asks for it.
func TestNowhere(t *testing.T) {
	for accept, want := range map[string]string{"": "text/html; charset=utf-8", "*/*": "text/html; charset=utf-8",
		"application/json": ory.ContentType, "text/html, application/json;q=0.5": ory.ContentType} {
		r := httptest.NewRequest("GET", "/admin/nothing", nil)
		r.Header.Set("Accept", accept)
		for _, code := range []string{web.CodeRoute, web.CodeMethod} {
			got := ory.Spell(&web.Call{Request: r}, fault.New(fault.NotFound, code, "some text"))
			if got.Status != 404 || got.ContentType != want || !strings.Contains(string(got.Body), "The requested route does not exist.") {
				t.Errorf("%q: %d %s %s", accept, got.Status, got.ContentType, got.Body)
			}
		}
	}
}

func TestDescriptionsAreBounded(t *testing.T) {
	_, _, description := spelled(t, "POST", fault.New(fault.Malformed, "", "%s", strings.Repeat("ü", 5000)))
	if len(description) > 2100 || !strings.HasSuffix(description, "ü…") {
		t.Errorf("%d bytes, ending in %q", len(description), description[len(description)-8:])
	}
}
