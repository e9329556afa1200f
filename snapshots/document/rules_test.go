package document_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

// pathsAndRules is what surfaces translate; messages are for people.
func pathsAndRules(t *testing.T, broken []fault.Field) []string {
	t.Helper()
	var all []string
	for _, f := range broken {
		if f.Message == "" {
			t.Errorf("%s %s has no message", f.Path, f.Rule)
		}
		all = append(all, f.Path+" "+f.Rule)
	}
	return all
}

// ruleCase is a document and every fault it has; none if it is acceptable.
type ruleCase[T document.Content] struct {
	name string
	doc  T
	want []string
}

func testRules[T document.Content](t *testing.T, rules []document.Rule[T], cases []ruleCase[T]) {
	t.Helper()
	for _, c := range cases {
		broken := document.Validate(rules, document.Input[T]{Next: &c.doc})
		if got := pathsAndRules(t, broken); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func ttl(seconds int64) document.Lifetime { return &seconds }

func many(n int, text string) []string { return slices.Repeat([]string{text}, n) }

func numbered(n int) []document.Localized {
	list := make([]document.Localized, n)
	for i := range list {
		list[i].Name = strconv.Itoa(i)
	}
	return list
}

func TestClientRules(t *testing.T) {
	type client = document.Client
	full := documenttest.FullClient()
	testRules(t, document.ClientRules(), []ruleCase[client]{
		{"empty", client{}, nil},
		{"full", full, []string{"/jwks_uri jwks-or-jwks-uri"}},
		{"not UTF-8", client{Comment: "\xff"}, []string{"/comment text"}},
		{"NUL in a list", client{Contacts: []string{"a", "b\x00"}}, []string{"/contacts/1 text"}},
		{"NUL in a localized text", client{Localized: []document.Localized{{Name: "a", Value: "\x00"}}}, []string{"/localized_metadata/0/value text"}},
		{"NUL in grant types", client{GrantTypes: []string{"\x00"}}, []string{"/grant_types/0 text"}},
		{"longest text", client{SubjectType: strings.Repeat("x", 8192)}, nil},
		{"too long", client{SubjectType: strings.Repeat("x", 8193)}, []string{"/subject_type text-length"}},
		{"too long item", client{Audience: []string{strings.Repeat("x", 8193)}}, []string{"/audience/0 text-length"}},
		{"longest name", client{ClientName: strings.Repeat("x", 256<<10)}, nil},
		{"too long name", client{ClientName: strings.Repeat("x", 256<<10+1)}, []string{"/client_name text-length"}},
		{"most items", client{Contacts: many(1000, "x")}, nil},
		{"too many items", client{Contacts: many(1001, "x")}, []string{"/contacts list-length"}},
		{"too many grant types", client{GrantTypes: many(1001, "x")}, []string{"/grant_types list-length"}},
		{"too large", client{ClientName: strings.Repeat("x", 256<<10), Comment: strings.Repeat("x", 256<<10)}, []string{" content-size"}},
		{"no JSON", client{FreeMetadata: "{"}, []string{"/metadata json"}},
		{"JSON that is not canonical", client{UIConfiguration: "{ }"}, []string{"/ui_configuration json"}},
		{"no name", client{Localized: []document.Localized{{Value: "x"}}}, []string{"/localized_metadata/0/name localized"}},
		{"odd locale", client{Localized: []document.Localized{{Name: "x", Locale: "de_CH"}}}, []string{"/localized_metadata/0/locale localized"}},
		{"twice", client{Localized: []document.Localized{{Name: "x", Locale: "de-CH"}, {Name: "x"}, {Name: "x", Locale: "DE-ch"}}},
			[]string{"/localized_metadata/2 localized"}},
		{"redirect without scheme", client{RedirectURIs: []string{"/ok", "app.example.com/cb"}}, []string{"/redirect_uris/1 redirect-uri"}},
		{"empty redirect", client{RedirectURIs: []string{""}}, []string{"/redirect_uris/0 redirect-uri"}},
		{"redirect to anywhere", client{RedirectURIs: []string{"*"}}, []string{"/redirect_uris/0 redirect-uri"}},
		{"redirect that does not parse", client{RedirectURIs: []string{"https://a b/"}}, []string{"/redirect_uris/0 uri-character"}},
		{"own scheme and URN", client{RedirectURIs: []string{"com.example:/cb", "urn:ietf:wg:oauth:2.0:oob"}}, nil},
		{"fragment", client{RedirectURIs: []string{"https://a.example/#x"}}, []string{"/redirect_uris/0 redirect-uri-fragment"}},
		{"empty fragment", client{RedirectURIs: []string{"https://a.example/", "https://a.example/#"}}, []string{"/redirect_uris/1 redirect-uri-fragment"}},
		{"empty items", client{PostLogoutRedirectURIs: []string{""}, RequestURIs: []string{""}, AllowedCORSOrigins: []string{"https://x.example", ""}, WebhookURIs: []string{""}},
			[]string{"/post_logout_redirect_uris/0 empty-item", "/request_uris/0 empty-item", "/allowed_cors_origins/1 empty-item", "/webhook_uris/0 empty-item"}},
		{"relative pages", client{ClientURI: "x", LogoURI: "/x", TosURI: "//a.example", PolicyURI: ":", JWKSURI: "not a uri"},
			[]string{"/jwks_uri uri-character", "/client_uri uri-absolute", "/logo_uri uri-absolute", "/tos_uri uri-absolute", "/policy_uri uri-absolute"}},
		{"other schemes", client{ClientURI: "ftp://a.example", LogoURI: "javascript:alert(1)", TosURI: "https:", PolicyURI: "HTTPS://a.example", JWKSURI: "file:///etc/keys"},
			[]string{"/logo_uri uri-script-scheme", "/jwks_uri uri-script-scheme", "/client_uri uri-http", "/tos_uri uri-http"}},
		{"key set that was not parsed", client{JWKS: `{"keys":[ ]}`}, []string{"/jwks jwks"}},
		{"two key sources", client{JWKS: full.JWKS, JWKSURI: "https://a.example"}, []string{"/jwks_uri jwks-or-jwks-uri"}},
		{"lifetimes at their ends", client{AccessTokenTTL: ttl(0), IDTokenTTL: ttl(315360000)}, nil},
		{"lifetimes", client{AccessTokenTTL: ttl(-1), RefreshTokenTTL: ttl(315360001), IDTokenTTL: ttl(-1), PersistedConsentTTL: ttl(-1)},
			[]string{"/access_token_ttl lifetime", "/refresh_token_ttl lifetime", "/id_token_ttl lifetime", "/persisted_consent_ttl lifetime"}},
		{"Hydra's lifespans are free", client{Lifespans: document.Lifespans{ImplicitIDToken: ttl(-1 << 63)}}, nil},
		{"scopes", client{Scopes: []string{"a", "", "a b", "a\u00a0b", "a\x7f", "a", "ü:*"}},
			[]string{"/scopes/1 scope-word", "/scopes/2 scope-word", "/scopes/3 scope-word", "/scopes/4 scope-word", "/scopes/6 scope-word"}},
		{"all at once", client{Comment: "\xff", RedirectURIs: []string{"#"}, TosURI: "x", AccessTokenTTL: ttl(-1), Scopes: []string{""}},
			[]string{"/comment text", "/scopes/0 scope-word", "/redirect_uris/0 redirect-uri", "/redirect_uris/0 redirect-uri-fragment",
				"/tos_uri uri-absolute", "/access_token_ttl lifetime"}},
	})
}

// Private key material is refused by the rules too, in whatever way it came
// into the document.
func TestClientRulesRefusePrivateKeys(t *testing.T) {
	doc := document.Client{JWKS: `{"keys":[{"k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ","kty":"oct"}]}`}
	broken := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: &doc})
	if len(broken) == 0 || !strings.HasPrefix(broken[0].Path, "/jwks/keys/0") || broken[0].Rule == "jwks" {
		t.Errorf("a symmetric key: %+v, want jwk's own faults below /jwks/keys/0", broken)
	}
}

func TestLocales(t *testing.T) {
	for locale, want := range map[string]bool{
		"": true, "de": true, "de-CH": true, "sl-rozaj-biske-1994": true, "x-private": true, "zh-Hant-TW": true,
		strings.Repeat("abcdefg-", 4) + "abc":  true, // 35 characters
		strings.Repeat("abcdefg-", 4) + "abcd": false, "de-": false, "-de": false, "de--CH": false, "1de": false,
		"abcdefghi": false, "dé": false, "de CH": false, "de@CH": false, "de[": false,
	} {
		doc := document.Client{Localized: []document.Localized{{Name: "x", Locale: locale}}}
		broken := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: &doc})
		if (len(broken) == 0) != want {
			t.Errorf("%q: %v, want acceptable: %t", locale, broken, want)
		}
	}
}

func TestSetupRules(t *testing.T) {
	type setup = document.Setup
	testRules(t, document.SetupRules(), []ruleCase[setup]{
		{"full", documenttest.FullSetup(), nil},
		{"empty", setup{}, []string{"/name required"}},
		{"longest name", setup{Name: strings.Repeat("ü", 255)}, nil},
		{"too long name", setup{Name: strings.Repeat("x", 256)}, []string{"/name max-length"}},
		{"not UTF-8", setup{Name: "a\xff"}, []string{"/name text"}},
		{"lifetimes", setup{Name: "x", AccessTokenTTL: ttl(-1), PersistedConsentTTL: ttl(315360001)},
			[]string{"/access_token_ttl lifetime", "/persisted_consent_ttl lifetime"}},
		{"policies", setup{Name: "x", ScopePolicies: document.ScopePolicies{ImplicitFlow: "a", AuthorizationCodeFlow: "b", RefreshToken: "c"}},
			[]string{"/scope_policy_implicit_flow one-of", "/scope_policy_authorization_code_flow one-of", "/scope_policy_refresh_token one-of"}},
	})
}

func TestResourceServerRules(t *testing.T) {
	type server = document.ResourceServer
	scopes := func(list ...document.Scope) server { return server{Scopes: list} }
	testRules(t, document.ResourceServerRules(), []ruleCase[server]{
		{"full", documenttest.FullResourceServer(), nil},
		{"empty", server{}, nil},
		{"URN", server{URI: "urn:example:api"}, nil},
		{"relative URI", server{URI: "api"}, []string{"/uri uri-absolute"}},
		{"no scope name", scopes(document.Scope{}), []string{"/scopes/0/name scope-word"}},
		{"scope of two words", scopes(document.Scope{Name: "a b"}), []string{"/scopes/0/name scope-word"}},
		{"the same scope", scopes(document.Scope{Name: "a"}, document.Scope{Name: "A"}, document.Scope{Name: "a"}), []string{"/scopes/2/name scope-unique"}},
		{"too many texts", scopes(document.Scope{Name: "a", Localized: numbered(1001)}), []string{"/scopes/0/localized_metadata list-length"}},
		{"policies", scopes(document.Scope{Name: "a", Policies: document.ScopePolicies{ImplicitFlow: "a", AuthorizationCodeFlow: "b", RefreshToken: "c"}}),
			[]string{"/scopes/0/policy_implicit_flow one-of", "/scopes/0/policy_authorization_code_flow one-of", "/scopes/0/policy_refresh_token one-of"}},
		{"claims that are no object", scopes(document.Scope{Name: "a", CustomClaims: "[]"}), []string{"/scopes/0/custom_claims custom-claims"}},
		{"claims that are no JSON", scopes(document.Scope{Name: "a"}, document.Scope{Name: "b", CustomClaims: "{"}), []string{"/scopes/1/custom_claims custom-claims"}},
		{"NUL in a scope", scopes(document.Scope{Name: "a", Localized: []document.Localized{{Name: "x", Value: "\x00"}}}), []string{"/scopes/0/localized_metadata/0/value text"}},
		{"texts of a scope", scopes(document.Scope{Name: "a", Localized: []document.Localized{{Value: "x"}}}), []string{"/scopes/0/localized_metadata/0/name localized"}},
	})
}

// What was stored stays acceptable as long as the member does not change, and
// a change of one member does not bring up another's faults.
func TestStoredValuesStayAcceptable(t *testing.T) {
	stored := document.Client{
		Comment: "\x00", RedirectURIs: []string{"nowhere#"}, TosURI: "x", PolicyURI: "y", AccessTokenTTL: ttl(-1),
		Localized: []document.Localized{{}}, JWKS: `{"keys":[]}`, JWKSURI: "https://a.example", Scopes: []string{"a b"},
	}
	rules := document.ClientRules()
	validate := func(change func(*document.Client)) []string {
		next := document.Clone(&stored)
		change(next)
		return pathsAndRules(t, document.Validate(rules, document.Input[document.Client]{Next: next, Base: &stored}))
	}
	for name, c := range map[string]struct {
		change func(*document.Client)
		want   []string
	}{
		"nothing":      {func(*document.Client) {}, nil},
		"another one":  {func(c *document.Client) { c.ClientName = "x" }, nil},
		"one of a set": {func(c *document.Client) { c.TosURI = "z" }, []string{"/tos_uri uri-absolute"}},
		"a list":       {func(c *document.Client) { c.RedirectURIs[0] = "#" }, []string{"/redirect_uris/0 redirect-uri", "/redirect_uris/0 redirect-uri-fragment"}},
		"one of two":   {func(c *document.Client) { c.JWKSURI += "/x" }, []string{"/jwks_uri jwks-or-jwks-uri"}},
		"a text":       {func(c *document.Client) { c.Localized[0].Value = "x" }, []string{"/localized_metadata/0/name localized"}},
		"a lifetime":   {func(c *document.Client) { *c.AccessTokenTTL = -2 }, []string{"/access_token_ttl lifetime"}},
		"to the good":  {func(c *document.Client) { *c.AccessTokenTTL = 1; c.Comment = "" }, nil},
	} {
		if got := validate(c.change); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRulesNameMembersOfTheirTable(t *testing.T) {
	testRuleFields(t, document.SetupRules())
	testRuleFields(t, document.ResourceServerRules())
	testRuleFields(t, append(document.ClientRules(), crossRules()...))
}

func testRuleFields[T document.Content](t *testing.T, rules []document.Rule[T]) {
	t.Helper()
	for _, rule := range rules {
		for _, name := range rule.Fields {
			if !slices.Contains(names[T](), name) {
				t.Errorf("rule %s of %s reads %q, which no row has", rule.Name, reflect.TypeFor[T]().Name(), name)
			}
		}
	}
}

func TestCheckClientID(t *testing.T) {
	for _, c := range []struct {
		id           string
		any, visible bool // acceptable at all, acceptable as printable ASCII
	}{
		{"a", true, true},
		{"shop 1/2%..~", true, true},
		{"läden", true, false},
		{strings.Repeat("x", 255), true, true},
		{strings.Repeat("x", 256), false, false},
		{strings.Repeat("ü", 128), false, false},
		{"", false, false},
		{"a\n", false, false},
		{"a\x7f", false, false},
		{"a\u0085", false, false},
		{"a\xff", false, false},
	} {
		for narrow, want := range map[bool]bool{false: c.any, true: c.visible} {
			broken := document.CheckClientID(c.id, narrow)
			if got := pathsAndRules(t, broken); want != (got == nil) || !want && !slices.Equal(got, []string{"/client_id client-id"}) {
				t.Errorf("%q, printable ASCII only %t: %q, want acceptable: %t", c.id, narrow, got, want)
			}
		}
	}
}

// TestLongListsEndTheRules: of a list that is too long its length is said, and nothing
// of its items.
func TestLongListsEndTheRules(t *testing.T) {
	next := &document.Client{RedirectURIs: make([]string, document.MaxItems+1)}
	faults := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: next})
	if len(faults) != 1 || faults[0].Path != "/redirect_uris" || !document.HasLongList(faults) {
		t.Error(len(faults), faults[0])
	}
	next.RedirectURIs = next.RedirectURIs[:document.MaxItems]
	faults = document.Validate(document.ClientRules(), document.Input[document.Client]{Next: next})
	if len(faults) < document.MaxItems || document.HasLongList(faults) {
		t.Error(len(faults))
	}
}
