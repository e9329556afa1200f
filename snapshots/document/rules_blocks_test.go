package document_test

import (
	"slices"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// crossRules are the ready-made rules that ClientRules does not hold.
func crossRules() []document.Rule[document.Client] {
	return []document.Rule[document.Client]{
		document.PublicWithoutClientCredentials(), document.ResponseTypesFitGrants(), document.ScopesDeclared(),
		document.EncryptionEncNeedsAlg(), document.PrivateKeyJWTNeedsKeys(),
	}
}

func TestBlocks(t *testing.T) {
	type client = document.Client
	testRules(t, []document.Rule[client]{
		document.OneOf[client]("pkce_mode", "allowed", "required"),
		document.OneOf[client]("grant_types", "authorization_code"),
		document.MaxLength[client](3, "organisation_id", "software_roles"),
		document.Required[client]("organisation_id", "contacts", "grant_types", "skip_consent", "access_token_ttl", "metadata"),
	}, []ruleCase[client]{
		{"nothing", client{}, []string{"/organisation_id required", "/contacts required", "/grant_types required",
			"/skip_consent required", "/access_token_ttl required", "/metadata required"}},
		{"empty lists", client{OrganisationID: "x", Contacts: []string{}, GrantTypes: []string{}, SkipConsent: document.False,
			AccessTokenTTL: ttl(0), FreeMetadata: "null"}, []string{"/contacts required", "/grant_types required"}},
		{"values", client{PKCEMode: "never", OrganisationID: "äöüx", SoftwareRoles: []string{"abc", "abcd"}, Contacts: []string{""},
			GrantTypes: []string{"authorization_code", "password", ""}, SkipConsent: document.True, AccessTokenTTL: ttl(1), FreeMetadata: "{}"},
			[]string{"/pkce_mode one-of", "/grant_types/1 one-of", "/grant_types/2 one-of", "/organisation_id max-length", "/software_roles/1 max-length"}},
		{"good ones", client{PKCEMode: "allowed", OrganisationID: "äöü", Contacts: []string{"x"},
			GrantTypes: []string{"authorization_code"}, SkipConsent: document.True, AccessTokenTTL: ttl(1), FreeMetadata: "{}"}, nil},
	})
}

func TestBlocksRefuseUnknownMembers(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a rule over a member that no client has was made")
		}
	}()
	document.Required[document.Client]("clientname")
}

func TestCrossRules(t *testing.T) {
	type client = document.Client
	full := documenttest.FullClient()
	fits := "response-types-fit-grants"
	testRules(t, crossRules(), []ruleCase[client]{
		{"empty", client{}, nil},
		{"full", full, nil},
		{"public", client{TokenEndpointAuthMethod: "none", GrantTypes: []string{"client_credentials"}}, []string{"/grant_types public-client-credentials"}},
		{"confidential", client{TokenEndpointAuthMethod: "client_secret_basic", GrantTypes: []string{"client_credentials"}}, nil},
		{"no grants act as code", client{GrantTypes: []string{}, ResponseTypes: []string{"code", "token"}}, []string{"/response_types/1 " + fits}},
		{"code without its grant", client{GrantTypes: []string{"refresh_token"}, ResponseTypes: []string{"code"}}, []string{"/response_types/0 " + fits}},
		{"implicit without its grant", client{GrantTypes: []string{"authorization_code"}, ResponseTypes: []string{"code", "token", "id_token", "id_token token"}},
			[]string{"/response_types/1 " + fits, "/response_types/2 " + fits, "/response_types/3 " + fits}},
		{"hybrid without implicit", client{GrantTypes: []string{"authorization_code"}, ResponseTypes: []string{"code id_token"}}, []string{"/response_types/0 " + fits}},
		{"hybrid without code", client{GrantTypes: []string{"implicit"}, ResponseTypes: []string{"code token"}}, []string{"/response_types/0 " + fits}},
		{"hybrid", client{GrantTypes: []string{"implicit", "authorization_code"}, ResponseTypes: []string{"code id_token token"}}, nil},
		{"grant that nothing uses", client{GrantTypes: []string{"authorization_code", "implicit"}, ResponseTypes: []string{"code"}}, []string{"/grant_types/1 " + fits}},
		{"code that nothing uses", client{GrantTypes: []string{"authorization_code", "implicit"}, ResponseTypes: []string{"token"}}, []string{"/grant_types/0 " + fits}},
		{"no response types", client{GrantTypes: []string{"authorization_code", "implicit"}}, nil},
		{"other words", client{GrantTypes: []string{"x"}, ResponseTypes: []string{"none", "codex"}}, nil},
		{"enc alone", client{IDTokenEncryptedResponseEnc: "A128GCM", UserinfoEncryptedResponseEnc: "A128GCM",
			UserinfoEncryptedResponseAlg: "none", RequestObjectEncryptionEnc: "A128GCM"},
			[]string{"/id_token_encrypted_response_enc encryption-enc-needs-alg", "/userinfo_encrypted_response_enc encryption-enc-needs-alg",
				"/request_object_encryption_enc encryption-enc-needs-alg"}},
		{"enc none", client{IDTokenEncryptedResponseEnc: "none"}, nil},
		{"alg alone", client{IDTokenEncryptedResponseAlg: "RSA-OAEP"}, nil},
		{"no keys", client{TokenEndpointAuthMethod: "private_key_jwt"}, []string{"/token_endpoint_auth_method private-key-jwt-needs-keys"}},
		{"keys by value", client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: full.JWKS}, nil},
		{"keys by reference", client{TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: "https://a.example"}, nil},
	})
}

// Grant types come from the setup where the client has none of its own, and
// it need not use all of those.
func TestCrossRulesInherit(t *testing.T) {
	setup := document.Setup{GrantTypes: []string{"authorization_code", "implicit", "client_credentials"}}
	for _, c := range []ruleCase[document.Client]{
		{"inherits", document.Client{ResponseTypes: []string{"code id_token"}}, nil},
		{"uses one", document.Client{ResponseTypes: []string{"code"}}, nil},
		{"public", document.Client{TokenEndpointAuthMethod: "none"}, []string{"/grant_types public-client-credentials"}},
		{"own ones", document.Client{TokenEndpointAuthMethod: "none", GrantTypes: []string{}, ResponseTypes: []string{"token"}},
			[]string{"/response_types/0 response-types-fit-grants"}},
	} {
		broken := document.Validate(crossRules(), document.Input[document.Client]{Next: &c.doc, Setup: &setup})
		if got := pathsAndRules(t, broken); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestScopesDeclared(t *testing.T) {
	rules := []document.Rule[document.Client]{document.ScopesDeclared()}
	in := document.Input[document.Client]{
		Next:           &document.Client{Scopes: []string{"stored", "declared", "new"}},
		DeclaredScopes: func(name string) bool { return name == "declared" },
	}
	want := []string{"/scopes/0 scope-declared", "/scopes/2 scope-declared"}
	if got := pathsAndRules(t, document.Validate(rules, in)); !slices.Equal(got, want) {
		t.Errorf("create: %q, want %q", got, want)
	}
	in.Base = &document.Client{Scopes: []string{"other", "stored"}}
	if got := pathsAndRules(t, document.Validate(rules, in)); !slices.Equal(got, want[1:]) {
		t.Errorf("a write over a base: %q, want %q", got, want[1:])
	}
	in.DeclaredScopes = nil
	if got := document.Validate(rules, in); got != nil {
		t.Errorf("unchecked: %v", got)
	}
}

// A pair of encryption members that did not change is not the write's fault.
func TestEncryptionPairsBindSingly(t *testing.T) {
	base := document.Client{UserinfoEncryptedResponseEnc: "A128GCM"}
	next := document.Client{UserinfoEncryptedResponseEnc: "A128GCM", IDTokenEncryptedResponseEnc: "A128GCM"}
	broken := document.Validate(crossRules(), document.Input[document.Client]{Next: &next, Base: &base})
	want := []string{"/id_token_encrypted_response_enc encryption-enc-needs-alg"}
	if got := pathsAndRules(t, broken); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
