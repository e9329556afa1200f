package slashid_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"tenure/handlers/slashid"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// resolved is a client as the store gives it.
func resolved(c *document.Client, setup *document.Setup) snapshots.Resolved[document.Client] {
	var found snapshots.Resolved[document.Client]
	found.Content, found.Setup.Content = c, setup
	found.Entity = snapshots.Entity{ClientID: `a "ü" <&>`, Owner: "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1", RecordedAt: history.Micros(1_767_323_045_678_900)}
	return found
}

// The same full client is rendered by every surface, each with its golden.
func TestGolden(t *testing.T) {
	const file = "../../testdata/slashid/full_client.json"
	c := documenttest.FullClient()
	raw, err := slashid.ClientJSON(resolved(&c, &document.Setup{}))
	must(t, err)
	var got bytes.Buffer
	must(t, json.Indent(&got, raw, "", "  "))
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		must(t, os.WriteFile(file, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got.String() {
		t.Errorf("%v; the full client reads\n%s", err, &got)
	}
}

func TestWhatIsShown(t *testing.T) {
	two, nothing := int64(2), int64(0)
	setup := &document.Setup{GrantTypes: []string{"authorization_code"}, AccessTokenTTL: &two}
	for name, row := range map[string]struct {
		client document.Client
		setup  *document.Setup
		want   map[string]string // member to JSON; empty for none
	}{
		"nothing set": {document.Client{}, &document.Setup{}, map[string]string{"grant_types": `[]`, "response_types": `[["code"]]`, "scopes": `[]`,
			"public": `false`, "access_token_duration": "", "refresh_token_duration": "", "redirect_uris": "", "last_used": "", "client_secret": ""}},
		"inherited": {document.Client{}, setup, map[string]string{"grant_types": `["authorization_code"]`, "response_types": `[["code"]]`,
			"access_token_duration": "2", "refresh_token_duration": ""}},
		"own before inherited": {document.Client{GrantTypes: []string{"client_credentials"}, AccessTokenTTL: &nothing}, setup,
			map[string]string{"grant_types": `["client_credentials"]`, "response_types": `[]`, "access_token_duration": "0"}},
		"combinations": {document.Client{GrantTypes: []string{"implicit"}, ResponseTypes: []string{"id_token token", "code"}}, setup,
			map[string]string{"response_types": `[["id_token","token"],["code"]]`}},
		"sorted": {document.Client{Scopes: []string{"b", "a", "B"}, TokenEndpointAuthMethod: "none"}, setup,
			map[string]string{"scopes": `["B","a","b"]`, "public": "true"}},
	} {
		raw, err := slashid.Object(resolved(&row.client, row.setup))
		must(t, err)
		var doc map[string]json.RawMessage
		must(t, json.Unmarshal(raw, &doc))
		for member, want := range row.want {
			if got := string(doc[member]); got != want {
				t.Errorf("%s: %s is %s, not %s", name, member, got, want)
			}
		}
	}
	stored := &document.Client{Scopes: []string{"b", "a"}}
	if _, err := slashid.Object(resolved(stored, setup)); err != nil || stored.Scopes[0] != "b" {
		t.Errorf("rendering changed what is stored: %v, %v", stored.Scopes, err)
	}
}

// foreign are values that other dialects store, also where this one would
// refuse them.
func foreign() map[string]func(*document.Client) {
	zero := int64(0)
	return map[string]func(*document.Client){
		"full":             func(*document.Client) {},
		"empty":            func(c *document.Client) { *c = document.Client{} },
		"inherited grants": func(c *document.Client) { c.GrantTypes = nil },
		"no grants":        func(c *document.Client) { c.GrantTypes = []string{} },
		"other grants":     func(c *document.Client) { c.GrantTypes = []string{"implicit", "urn:x:y", "refresh_token"} },
		"no name":          func(c *document.Client) { c.ClientName = "" },
		"scopes unsorted":  func(c *document.Client) { c.Scopes = []string{"z", "a", "z"} },
		"no scopes":        func(c *document.Client) { c.Scopes = nil },
		"no lifetimes":     func(c *document.Client) { c.AccessTokenTTL, c.RefreshTokenTTL = nil, nil },
		"lifetimes of 0":   func(c *document.Client) { c.AccessTokenTTL, c.RefreshTokenTTL = &zero, &zero },
		"ID tokens differ": func(c *document.Client) { c.IDTokenTTL = nil },
		"a path":           func(c *document.Client) { c.RedirectURIs = []string{"/cb"} },
		"no URIs":          func(c *document.Client) { c.RedirectURIs = nil },
		"no method":        func(c *document.Client) { c.TokenEndpointAuthMethod = "" },
		"a public machine": func(c *document.Client) {
			c.TokenEndpointAuthMethod, c.GrantTypes = "none", []string{"client_credentials"}
		},
		"odd response types": func(c *document.Client) { c.ResponseTypes = []string{"none", "  ", "token  code"} },
	}
}

func TestReadSentBackChangesNothing(t *testing.T) {
	full := documenttest.FullSetup()
	for name, change := range foreign() {
		for which, setup := range map[string]*document.Setup{"setup with defaults": &full, "setup without": {}} {
			t.Run(name+" in "+which, func(t *testing.T) {
				base := documenttest.FullClient()
				change(&base)
				before, found := document.Encode(&base), resolved(&base, setup)
				raw, err := slashid.Object(found)
				must(t, err)
				next, faults, err := slashid.Patch(raw, &base, setup, found.Entity)
				must(t, err)
				in := document.Input[document.Client]{Next: next, Base: &base, Setup: setup}
				faults = append(faults, document.Validate(slashid.Rules(), in)...)
				if changed := document.Changed(&base, next); len(changed) > 0 || len(faults) > 0 {
					t.Errorf("changes %v, faults %v", changed, faults)
				}
				// Another member can be changed, and nothing else changes with it.
				other := bytes.Replace(raw, []byte(`"client_name":`), []byte(`"client_name":"another","last_used":"2026-01-01T00:00:00+01:00","x":`), 1)
				var doc map[string]json.RawMessage
				must(t, json.Unmarshal(other, &doc))
				delete(doc, "x")
				next, faults, err = slashid.Patch([]byte(encode(t, doc)), &base, setup, found.Entity)
				must(t, err)
				if changed := document.Changed(&base, next); !reflect.DeepEqual(changed, []string{"client_name"}) || len(faults) > 0 {
					t.Errorf("with another name: %v, %v", changed, faults)
				}
				if string(document.Encode(&base)) != string(before) {
					t.Error("the base was changed")
				}
			})
		}
	}
}

func TestPatchOfGrantTypes(t *testing.T) {
	for posted, row := range map[string]struct {
		base []string
		want string // the path of a fault; empty for none
	}{
		`["authorization_code","refresh_token"]`:                      {[]string{"authorization_code", "refresh_token"}, ""},
		`["refresh_token","authorization_code","client_credentials"]`: {[]string{"authorization_code", "refresh_token"}, ""},
		`["refresh_token"]`:                      {[]string{"authorization_code", "refresh_token"}, ""},
		`["client_credentials","refresh_token"]`: {[]string{"authorization_code"}, "/grant_types/1"},
		`["password"]`:                           {[]string{"authorization_code"}, "/grant_types/0"},
		`[]`:                                     {[]string{"authorization_code"}, "/grant_types"},
		`["refresh_token","client_credentials"]`: {nil, ""}, // inherited
	} {
		base, setup := document.Client{GrantTypes: row.base}, &document.Setup{GrantTypes: []string{"refresh_token"}}
		next, faults, err := slashid.Patch([]byte(`{"grant_types":`+posted+`}`), &base, setup, snapshots.Entity{})
		must(t, err)
		in := document.Input[document.Client]{Next: next, Base: &base, Setup: setup}
		faults = append(faults, document.Validate(slashid.Rules(), in)...)
		if len(faults) == 0 != (row.want == "") || len(faults) > 0 && faults[0].Path != row.want {
			t.Errorf("%v to %s: %v", row.base, posted, faults)
		}
	}
}

// notCarried are the fields that this dialect neither shows nor writes.
// ResponseTypes is shown only, IDTokenTTL goes with the access token's, and
// UIConfiguration has a path of its own.
const notCarried = `OwnerLabel Comment ClientURI LogoURI TosURI PolicyURI Contacts Localized FreeMetadata ApplicationType PostLogoutRedirectURIs
	RequestURIs AllowedCORSOrigins SectorIdentifierURI InitiateLoginURI SubjectType ResponseTypes Audience AuthorizationDetailsTypes
	TokenEndpointAuthSigningAlg IntrospectionEndpointAuthMethod RevocationEndpointAuthMethod JWKS JWKSURI PKCEMode ForceReauthentication
	RequirePAR RequireSignedRequestObject RequireAuthTime DefaultMaxAge DefaultACRValues IDTokenSignedResponseAlg IDTokenEncryptedResponseAlg
	IDTokenEncryptedResponseEnc UserinfoSignedResponseAlg UserinfoEncryptedResponseAlg UserinfoEncryptedResponseEnc RequestObjectSigningAlg
	RequestObjectEncryptionAlg RequestObjectEncryptionEnc AuthorizationSignedResponseAlg FrontchannelLogoutURI FrontchannelLogoutSessionRequired
	BackchannelLogoutURI BackchannelLogoutSessionRequired BackchannelUserCodeParameter PersistedConsentTTL Lifespans AccessTokenStrategy
	SkipConsent SkipLogoutConsent TLSClientCertificateBoundAccessTokens TLSClientAuthSubjectDN WebhookURIs OrganisationID OrganisationName
	OrganisationNumber SoftwareID SoftwareName SoftwareDescription SoftwareRoles AdditionalSoftwareMetadata SoftwareVersion UIConfiguration
	TLSClientAuthSANDNS TLSClientAuthSANURI TLSClientAuthSANIP TLSClientAuthSANEmail UseMTLSEndpointAliases DPoPBoundAccessTokens
	ClaimsRedirectURIs NFVTokenSignedAlg NFVTokenEncryptedAlg NFVTokenEncryptedEnc IntrospectionSignedAlg IntrospectionEncryptAlg
	IntrospectionEncryptEnc AuthorizationEncryptAlg AuthorizationEncryptEnc BackchannelDeliveryMode BackchannelNotification
	BackchannelSigningAlg ClientRegistrationTypes SignedJWKSURI OrganizationName Description Keywords InformationURI OrganizationURI
	EncryptedResponseEncs VPFormatsSupported`

// carried are the others, each with a patch that writes it and what then stands there.
var carried = map[string]struct {
	patch string
	also  string // a field that is written with it
}{
	"ClientName":      {patch: `{"client_name":"another"}`},
	"GrantTypes":      {patch: `{"grant_types":["client_credentials"]}`},
	"Scopes":          {patch: `{"scopes":["another"]}`},
	"RedirectURIs":    {patch: `{"redirect_uris":["https://another.example"]}`},
	"AccessTokenTTL":  {patch: `{"access_token_duration":77}`, also: "IDTokenTTL"},
	"RefreshTokenTTL": {patch: `{"refresh_token_duration":78}`},
}

// TestEveryFieldIsCarriedOrNot writes each member of a full client: its field
// changes, and no other.
func TestEveryFieldIsCarriedOrNot(t *testing.T) {
	base := documenttest.FullClient()
	listed := strings.Fields(notCarried)
	known := map[string]bool{"IDTokenTTL": true, "TokenEndpointAuthMethod": true} // the latter is written by create alone
	for _, name := range listed {
		known[name] = true
	}
	for name := range carried {
		known[name] = true
	}
	fields := reflect.VisibleFields(reflect.TypeFor[document.Client]())
	for _, field := range fields {
		if !known[field.Name] {
			t.Errorf("%s is neither carried nor listed as not carried", field.Name)
		}
		row, is := carried[field.Name]
		if !is {
			continue
		}
		next, faults, err := slashid.Patch([]byte(row.patch), &base, &document.Setup{}, snapshots.Entity{})
		must(t, err)
		for _, other := range fields {
			same := reflect.DeepEqual(reflect.ValueOf(*next).FieldByName(other.Name).Interface(), reflect.ValueOf(base).FieldByName(other.Name).Interface())
			if written := other.Name == field.Name || other.Name == row.also; same == written || len(faults) > 0 {
				t.Errorf("%s: %s written %t, %v", row.patch, other.Name, !same, faults)
			}
		}
	}
	if len(fields) != len(known) {
		t.Errorf("%d fields, %d of them listed", len(fields), len(known))
	}
	// A new client has what was sent, the defaults, and nothing else.
	made, faults, err := slashid.Create([]byte(complete), 1)
	must(t, err)
	for _, field := range fields {
		_, is := carried[field.Name]
		set := !reflect.ValueOf(*made).FieldByName(field.Name).IsZero()
		if want := is || field.Name == "IDTokenTTL" || field.Name == "TokenEndpointAuthMethod"; set != want || len(faults) > 0 {
			t.Errorf("%s is set: %t, %v", field.Name, set, faults)
		}
	}
}

func TestNothingSentIsShared(t *testing.T) {
	made, _, err := slashid.Create([]byte(minimal), 60)
	must(t, err)
	if *made.AccessTokenTTL != 60 || *made.IDTokenTTL != 60 || *made.RefreshTokenTTL != 864_000 || made.TokenEndpointAuthMethod != "client_secret_basic" {
		t.Errorf("made %+v", made)
	}
	for _, data := range []string{`[]`, `null`, `"a"`, ``, `{`, "{\"a\":\"\xff\"}", `{"a":1,"a":2}`, `{"a":"\ud800"}`} {
		if _, _, err := slashid.Create([]byte(data), 1); !fault.Is(err, fault.Malformed) {
			t.Errorf("%q: %v", data, err)
		}
	}
}
