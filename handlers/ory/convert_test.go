package ory_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/history"
)

// resolved is a client as the store gives it.
func resolved(c document.Client) snapshots.Resolved[document.Client] {
	var found snapshots.Resolved[document.Client]
	found.Content, found.Setup.Content = &c, &document.Setup{}
	found.Entity.ClientID, found.Entity.RecordedAt = `a "ü" <&>`, history.Micros(1_767_323_045_678_901)
	found.RecordedAt, found.ValidFrom = found.Entity.RecordedAt+7_000_000, 1
	return found
}

// golden compares with a file of testdata/hydra, or writes it.
func golden(t *testing.T, name string, view ory.Client) {
	t.Helper()
	raw, err := web.Encode(view)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, append(raw, '\n'), "", "  "); err != nil {
		t.Fatal(err)
	}
	got := b.Bytes()
	file := filepath.Join("../../testdata/hydra", name)
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s: %v; rendered\n%s", name, err, got)
	}
}

func TestFullClient(t *testing.T) {
	view := ory.Read(resolved(documenttest.FullClient()))
	view.ClientSecret, view.RegistrationAccessToken, view.RegistrationClientURI = "secret", "token", "https://id.example/oauth2/register/x"
	golden(t, "full_client.json", view)
}

func TestEmptyClient(t *testing.T) {
	golden(t, "empty_client.json", ory.Read(resolved(document.Client{})))
}

func decode(t testing.TB, body string) *ory.Client {
	t.Helper()
	c, err := ory.Decode([]byte(body))
	if err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
	return c
}

// sent is a read sent back.
func sent(t testing.TB, c *document.Client, setup *document.Setup) *ory.Client {
	t.Helper()
	raw, err := web.Encode(ory.FromDomain(c, setup))
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(raw))
}

var defaults = &document.Setup{GrantTypes: []string{"refresh_token"}}

// foreign are values that other dialects store, also where this one would
// refuse them.
func foreign() map[string]func(*document.Client) {
	return map[string]func(*document.Client){
		"full":             func(*document.Client) {},
		"empty":            func(c *document.Client) { *c = document.Client{} },
		"inherited grants": func(c *document.Client) { c.GrantTypes = nil },
		"no grants":        func(c *document.Client) { c.GrantTypes = []string{} },
		"no scopes":        func(c *document.Client) { c.Scopes = nil },
		"subject type":     func(c *document.Client) { c.SubjectType = "whatever" },
		"userinfo":         func(c *document.Client) { c.UserinfoSignedResponseAlg = "ES256" },
		"strategy":         func(c *document.Client) { c.AccessTokenStrategy = "JWT" },
		"origin":           func(c *document.Client) { c.AllowedCORSOrigins = []string{"https://a.example/", "*"} },
		"keys of no kind":  func(c *document.Client) { c.JWKS = `{"keys":[{"kty":"XYZ","n":1.50}],"more":1}` },
		"no keys":          func(c *document.Client) { c.JWKS = `{"keys":[]}` },
		"metadata":         func(c *document.Client) { c.FreeMetadata = "{}" },
		"metadata null":    func(c *document.Client) { c.FreeMetadata = "null" },
		"false flags": func(c *document.Client) {
			c.SkipConsent, c.FrontchannelLogoutSessionRequired = document.False, document.False
		},
		"unset flags":        func(c *document.Client) { c.SkipConsent, c.SkipLogoutConsent = document.Unset, document.Unset },
		"private key, bare":  func(c *document.Client) { c.JWKS, c.JWKSURI = "", "" },
		"post logout":        func(c *document.Client) { c.PostLogoutRedirectURIs = []string{"https://elsewhere.example"} },
		"sector":             func(c *document.Client) { c.SectorIdentifierURI = "http://unreachable.invalid" },
		"auth method":        func(c *document.Client) { c.TokenEndpointAuthMethod = "" },
		"signing alg":        func(c *document.Client) { c.TokenEndpointAuthSigningAlg = "HS256" },
		"page":               func(c *document.Client) { c.TosURI = "tos" },
		"no lifespans":       func(c *document.Client) { c.Lifespans = document.Lifespans{} },
		"lists of no length": func(c *document.Client) { c.Contacts, c.RequestURIs, c.Audience = []string{}, []string{}, []string{} },
	}
}

func TestReadSentBackChangesNothing(t *testing.T) {
	for name, change := range foreign() {
		for which, setup := range map[string]*document.Setup{"setup with defaults": defaults, "setup without": {}} {
			t.Run(name+" in "+which, func(t *testing.T) {
				base := documenttest.FullClient()
				change(&base)
				before := document.Encode(&base)
				body := sent(t, &base, setup)
				next, faults := body.ToDomain(&base, setup)
				if changed := document.Changed(&base, next); len(changed) > 0 || len(faults) > 0 {
					t.Errorf("changes %v, faults %v", changed, faults)
				}
				if err := body.Check(&base, setup); err != nil {
					t.Errorf("refused: %v", err)
				}
				if string(document.Encode(&base)) != string(before) {
					t.Error("the base was changed")
				}
				// Another member can be changed, and nothing else changes with it.
				body.ClientName = "another"
				next, _ = body.ToDomain(&base, setup)
				if changed := document.Changed(&base, next); !reflect.DeepEqual(changed, []string{"client_name"}) {
					t.Errorf("with another name: %v", changed)
				}
			})
		}
	}
}

// notCarried are the fields that this dialect neither shows nor writes.
const notCarried = `Comment Localized ApplicationType InitiateLoginURI AuthorizationDetailsTypes IntrospectionEndpointAuthMethod
	RevocationEndpointAuthMethod PKCEMode ForceReauthentication RequirePAR RequireSignedRequestObject RequireAuthTime DefaultMaxAge
	DefaultACRValues IDTokenSignedResponseAlg IDTokenEncryptedResponseAlg IDTokenEncryptedResponseEnc UserinfoEncryptedResponseAlg
	UserinfoEncryptedResponseEnc RequestObjectEncryptionAlg RequestObjectEncryptionEnc AuthorizationSignedResponseAlg
	BackchannelUserCodeParameter AccessTokenTTL RefreshTokenTTL IDTokenTTL PersistedConsentTTL TLSClientCertificateBoundAccessTokens
	TLSClientAuthSubjectDN WebhookURIs OrganisationID OrganisationName OrganisationNumber SoftwareID SoftwareName SoftwareDescription
	SoftwareRoles AdditionalSoftwareMetadata SoftwareVersion UIConfiguration
	TLSClientAuthSANDNS TLSClientAuthSANURI TLSClientAuthSANIP TLSClientAuthSANEmail UseMTLSEndpointAliases DPoPBoundAccessTokens
	ClaimsRedirectURIs NFVTokenSignedAlg NFVTokenEncryptedAlg NFVTokenEncryptedEnc IntrospectionSignedAlg IntrospectionEncryptAlg
	IntrospectionEncryptEnc AuthorizationEncryptAlg AuthorizationEncryptEnc BackchannelDeliveryMode BackchannelNotification
	BackchannelSigningAlg ClientRegistrationTypes SignedJWKSURI OrganizationName Description Keywords InformationURI OrganizationURI
	EncryptedResponseEncs VPFormatsSupported`

// carried are the others, with the member that shows each.
var carried = map[string]string{
	"ClientName": "client_name", "OwnerLabel": "owner", "ClientURI": "client_uri", "LogoURI": "logo_uri", "TosURI": "tos_uri",
	"PolicyURI": "policy_uri", "Contacts": "contacts", "FreeMetadata": "metadata", "RedirectURIs": "redirect_uris",
	"PostLogoutRedirectURIs": "post_logout_redirect_uris", "RequestURIs": "request_uris", "AllowedCORSOrigins": "allowed_cors_origins",
	"SectorIdentifierURI": "sector_identifier_uri", "SubjectType": "subject_type", "GrantTypes": "grant_types",
	"ResponseTypes": "response_types", "Scopes": "scope", "Audience": "audience", "TokenEndpointAuthMethod": "token_endpoint_auth_method",
	"TokenEndpointAuthSigningAlg": "token_endpoint_auth_signing_alg", "JWKS": "jwks", "JWKSURI": "jwks_uri",
	"UserinfoSignedResponseAlg": "userinfo_signed_response_alg", "RequestObjectSigningAlg": "request_object_signing_alg",
	"FrontchannelLogoutURI": "frontchannel_logout_uri", "FrontchannelLogoutSessionRequired": "frontchannel_logout_session_required",
	"BackchannelLogoutURI": "backchannel_logout_uri", "BackchannelLogoutSessionRequired": "backchannel_logout_session_required",
	"AccessTokenStrategy": "access_token_strategy", "SkipConsent": "skip_consent", "SkipLogoutConsent": "skip_logout_consent",
	"Lifespans": "refresh_token_grant_refresh_token_lifespan",
}

// TestEveryFieldIsCarriedOrNot leaves each member out of a full client's body:
// its field, and no other, goes back to what an empty body makes of it.
func TestEveryFieldIsCarriedOrNot(t *testing.T) {
	fresh, faults := decode(t, "{}").ToDomain(nil, &document.Setup{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	base := documenttest.FullClient()
	base.FrontchannelLogoutSessionRequired, base.SkipLogoutConsent = document.True, document.True
	raw, err := web.Encode(ory.FromDomain(&base, defaults))
	if err != nil {
		t.Fatal(err)
	}
	not, listed := strings.Fields(notCarried), 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[document.Client]()) {
		listed++
		member, is := carried[field.Name]
		if !is {
			if !strings.Contains(" "+strings.Join(not, " ")+" ", " "+field.Name+" ") {
				t.Errorf("%s is neither carried nor listed as not carried", field.Name)
			}
			continue
		}
		var doc map[string]json.RawMessage
		if err := json.Unmarshal(raw, &doc); err != nil || doc[member] == nil {
			t.Fatalf("%s: a read lacks %s, %v", field.Name, member, err)
		}
		delete(doc, member)
		without, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		next, faults := decode(t, string(without)).ToDomain(&base, defaults)
		if len(faults) > 0 {
			t.Errorf("%s: %v", field.Name, faults)
		}
		if changed := document.Changed(&base, next); len(changed) != 1 {
			t.Errorf("without %s changed %v", member, changed)
		}
		got, want := reflect.ValueOf(*next).FieldByName(field.Name), reflect.ValueOf(*fresh).FieldByName(field.Name)
		if field.Name != "Lifespans" && !(got.IsZero() && want.IsZero()) && !reflect.DeepEqual(got.Interface(), want.Interface()) &&
			!(got.Kind() == reflect.Slice && got.Len()+want.Len() == 0) {
			t.Errorf("without %s it is %v, not %v", member, got, want)
		}
	}
	if listed != len(not)+len(carried) {
		t.Errorf("%d fields, %d of them listed", listed, len(not)+len(carried))
	}
}

func TestDefaultsOfANewClient(t *testing.T) {
	next, faults := decode(t, `{"scope":"","grant_types":[],"access_token_strategy":"OPAQUE","allowed_cors_origins":["https://a.example//"]}`).
		ToDomain(nil, defaults)
	want := &document.Client{GrantTypes: []string{}, Scopes: []string{"offline_access", "offline", "openid"}, SubjectType: "public",
		TokenEndpointAuthMethod: "client_secret_basic", UserinfoSignedResponseAlg: "none", AccessTokenStrategy: "opaque",
		AllowedCORSOrigins: []string{"https://a.example"}}
	if len(faults) > 0 || !documenttest.Equal(next, want) || next.GrantTypes == nil {
		t.Errorf("%v differ, %v", document.Changed(want, next), faults)
	}
}

// TestPutKeepsWhatHydraDoesNotCarry is the case of the design: a PUT of
// nothing resets Hydra's members and leaves the others alone.
func TestPutKeepsWhatHydraDoesNotCarry(t *testing.T) {
	base := documenttest.FullClient()
	next, _ := decode(t, "{}").ToDomain(&base, &document.Setup{})
	if next.PKCEMode != base.PKCEMode || next.Comment != base.Comment || next.AccessTokenTTL == nil || next.ClientName != "" ||
		next.JWKS != "" || next.Lifespans != (document.Lifespans{}) || strings.Join(next.Scopes, " ") != ory.DefaultScope {
		t.Errorf("%+v", next)
	}
}
