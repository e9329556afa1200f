package nevismeta_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
)

// putBack reads the client in a form, writes the document back without its
// valid_from, and wants nothing to have changed.
func (f *fixture) putBack(t *testing.T, path, query string) {
	t.Helper()
	before, stored := f.get(t, path+query).want(t, 200), f.content(t, path)
	f.get(t, path) // so that what follows discloses as often
	rows := f.rows(t)
	put := f.send(t, "PUT", path, encode(t, edited(before.doc(t), nil))).want(t, 200)
	if !documenttest.Equal(stored, f.content(t, path)) {
		t.Errorf("%s: the content changed in %v", query, document.Changed(stored, f.content(t, path)))
	}
	if put.Header().Get("Tenure-Snapshot-Id") != before.Header().Get("Tenure-Snapshot-Id") {
		t.Errorf("%s: there is a new snapshot", query)
	}
	after := f.get(t, path+query)
	if after.Body.String() != before.Body.String() || after.Header().Get("Etag") != before.Header().Get("Etag") {
		t.Errorf("%s: the client reads\n%s, and did\n%s", query, after.Body, before.Body)
	}
	if query == "" && put.Body.String() != before.Body.String() {
		t.Errorf("PUT answers\n%s", put.Body)
	}
	// Only disclosures may have been added.
	if a, b := withoutLog(rows), withoutLog(f.rows(t)); a != b {
		t.Errorf("%s: rows %s became %s", query, a, b)
	}
}

func withoutLog(rows string) string { return rows[:strings.Index(rows, ", log_event")] }

const defaults = `{"name":"test","client_defaults":{"grant_types":["authorization_code","refresh_token"],"force_reauthentication":true,
	"access_token_ttl":3600,"refresh_token_ttl":15552000,"id_token_ttl":0,"persisted_consent_ttl":31104000}}`

// variants are bodies of clients as this dialect writes them.
func variants(t *testing.T) map[string]string {
	all := everything(t)
	delete(all, "client_id")
	uri := edited(all, map[string]any{"jwks": nil, "jwks_uri": "https://a.example/jwks"})
	signed := edited(all, map[string]any{"token_endpoint_auth_method": "private_key_jwt", "client_secret": absent})
	return map[string]string{
		"minimal":      `{"name":"a"}`,
		"confidential": `{"name":"a","confidentiality_type":"confidential"}`,
		"everything":   encode(t, all),
		"key URI":      encode(t, uri),
		"private key":  encode(t, signed),
		"own defaults": `{"name":"a","access_token_ttl":3600,"pkce_mode":"allowed","grant_types":[],"force_reauthentication":false,"require_pushed_authorization_requests":false}`,
		"no keys":      `{"name":"a","jwks":{"keys":[]}}`,
	}
}

func TestPutOfWhatWasReadChangesNothing(t *testing.T) {
	for name, body := range variants(t) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			path := f.client(t, body)
			for _, query := range []string{"", "?resolve=true", "?resolve=false"} {
				f.putBack(t, path, query)
			}
			f.as(f.North, tenancy.Admin).send(t, "PUT", f.setup, defaults).want(t, 200)
			for _, query := range []string{"", "?resolve=false"} {
				f.putBack(t, path, query)
			}
			f.as(f.North, tenancy.Admin).putBack(t, path, "")
			// What was inherited still is.
			resolved, raw := f.get(t, path).doc(t), f.get(t, path+"?resolve=false").doc(t)
			if resolved["refresh_token_ttl"] == nil || name == "minimal" && (raw["refresh_token_ttl"] != nil || encode(t, resolved["grant_types"]) != `["authorization_code","refresh_token"]`) {
				t.Errorf("resolved %s, raw %s", encode(t, resolved), encode(t, raw))
			}
		})
	}
}

// A reader's document has no secret; a writer may well send that one back.
func TestPutOfAReadersDocument(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a","confidentiality_type":"confidential"}`)
	secret := f.get(t, path).text(t, "client_secret")
	doc := f.as(f.North, tenancy.Reader).get(t, path).doc(t)
	f.send(t, "PUT", path, encode(t, edited(doc, nil))).want(t, 200, secret)
}

// What another dialect wrote stays, also where this one would refuse it.
func TestPutOfForeignValues(t *testing.T) {
	f := newFixture(t)
	for i, change := range []func(c *document.Client){
		func(*document.Client) {},
		func(c *document.Client) { c.JWKS, c.JWKSURI = "", "https://shop.example.com/jwks.json" },
		func(c *document.Client) { c.ClientName = "" },
		func(c *document.Client) { c.ClientName = strings.Repeat("ü", 5000) },
		func(c *document.Client) { c.GrantTypes = []string{"password", "magic"} },
		func(c *document.Client) { c.GrantTypes, c.ResponseTypes = nil, nil },
		func(c *document.Client) { c.GrantTypes = []string{} },
		func(c *document.Client) { c.ResponseTypes = []string{"token code", "magic"} },
		func(c *document.Client) { c.Contacts = []string{"nobody"} },
		func(c *document.Client) { c.TokenEndpointAuthMethod = "" },
		func(c *document.Client) { c.TokenEndpointAuthMethod = "attest_jwt_client_auth" },
		func(c *document.Client) { c.TokenEndpointAuthMethod = "client_secret_basic" }, // and has no secret
		func(c *document.Client) {
			c.TokenEndpointAuthMethod, c.GrantTypes = document.MethodNone, []string{"client_credentials"}
		},
		func(c *document.Client) { c.JWKS, c.JWKSURI = "", "" }, // private_key_jwt without keys
		func(c *document.Client) { c.PKCEMode = "never" },
		func(c *document.Client) { c.PKCEMode = "" },
		func(c *document.Client) { c.IDTokenSignedResponseAlg = "PS256" },
		func(c *document.Client) { c.IDTokenEncryptedResponseAlg, c.IDTokenEncryptedResponseEnc = "", "A999" },
		func(c *document.Client) { c.RequirePAR, c.ForceReauthentication = document.Unset, document.Unset },
		func(c *document.Client) { c.RequirePAR, c.ForceReauthentication = document.False, document.False },
		func(c *document.Client) {
			c.AccessTokenTTL, c.RefreshTokenTTL, c.IDTokenTTL, c.PersistedConsentTTL = nil, nil, nil, nil
		},
	} {
		c := oneKeySource()
		change(&c)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			path := f.stored(t, fmt.Sprintf("foreign %d", i), c)
			f.putBack(t, path, "")
			f.putBack(t, path, "?resolve=false")
			// Another member can be changed, and nothing else changes with it.
			want := document.Clone(&c)
			want.Comment = "changed"
			doc := edited(f.get(t, path).doc(t), map[string]any{"comment": "changed"})
			f.send(t, "PUT", path, encode(t, doc)).want(t, 200, `"comment":"changed"`)
			if got := f.content(t, path); !documenttest.Equal(got, want) {
				t.Errorf("with the comment changed %v", document.Changed(want, got))
			}
		})
	}
}

// oneKeySource is the full client as the store takes it.
func oneKeySource() document.Client {
	c := documenttest.FullClient()
	c.JWKSURI = ""
	return c
}

// notCarried are the fields that this dialect neither shows nor writes.
const notCarried = `FreeMetadata ApplicationType PostLogoutRedirectURIs RequestURIs AllowedCORSOrigins SectorIdentifierURI InitiateLoginURI
	SubjectType Audience AuthorizationDetailsTypes TokenEndpointAuthSigningAlg IntrospectionEndpointAuthMethod RevocationEndpointAuthMethod
	RequireSignedRequestObject RequireAuthTime DefaultMaxAge DefaultACRValues UserinfoSignedResponseAlg UserinfoEncryptedResponseAlg
	UserinfoEncryptedResponseEnc RequestObjectSigningAlg RequestObjectEncryptionAlg RequestObjectEncryptionEnc AuthorizationSignedResponseAlg
	FrontchannelLogoutURI FrontchannelLogoutSessionRequired BackchannelLogoutURI BackchannelLogoutSessionRequired
	BackchannelUserCodeParameter Lifespans AccessTokenStrategy SkipConsent SkipLogoutConsent TLSClientCertificateBoundAccessTokens
	TLSClientAuthSubjectDN WebhookURIs OrganisationID OrganisationName OrganisationNumber SoftwareID SoftwareName SoftwareDescription
	SoftwareRoles AdditionalSoftwareMetadata SoftwareVersion UIConfiguration
	TLSClientAuthSANDNS TLSClientAuthSANURI TLSClientAuthSANIP TLSClientAuthSANEmail UseMTLSEndpointAliases DPoPBoundAccessTokens
	ClaimsRedirectURIs NFVTokenSignedAlg NFVTokenEncryptedAlg NFVTokenEncryptedEnc IntrospectionSignedAlg IntrospectionEncryptAlg
	IntrospectionEncryptEnc AuthorizationEncryptAlg AuthorizationEncryptEnc BackchannelDeliveryMode BackchannelNotification
	BackchannelSigningAlg ClientRegistrationTypes SignedJWKSURI OrganizationName Description Keywords InformationURI OrganizationURI
	EncryptedResponseEncs VPFormatsSupported`

// carried are the others, with a change of the document and the field's value after it.
var carried = map[string]struct {
	member string
	posted string
	want   any
	also   map[string]any // what has to change with it
}{
	"ClientName": {"name", `"n"`, "n", nil},
	"OwnerLabel": {"owner", `"o"`, "o", nil},
	"Comment":    {"comment", `"c"`, "c", nil},
	"ClientURI":  {"client_uri", `"https://n.example"`, "https://n.example", nil},
	"LogoURI":    {"logo_uri", `"https://n.example/l"`, "https://n.example/l", nil},
	"TosURI":     {"tos_uri", `"https://n.example/t"`, "https://n.example/t", nil},
	"PolicyURI":  {"policy_uri", `"https://n.example/p"`, "https://n.example/p", nil},
	"Contacts":   {"contacts", `["z","a"]`, []string{"z", "a"}, nil},
	"Localized": {"metadata", `[{"name":"n","value":"v","locale":"de"},{"name":"m","value":"","locale":null}]`,
		[]document.Localized{{Name: "n", Value: "v", Locale: "de"}, {Name: "m"}}, nil},
	"RedirectURIs":                {"redirect_uris", `["https://n.example/2","https://n.example/1"]`, []string{"https://n.example/2", "https://n.example/1"}, nil},
	"GrantTypes":                  {"grant_types", `["implicit","authorization_code"]`, []string{"implicit", "authorization_code"}, nil},
	"ResponseTypes":               {"response_types", `["code token","code"]`, []string{"code token", "code"}, nil},
	"Scopes":                      {"scopes", `["orders:read","openid"]`, []string{"orders:read", "openid"}, nil},
	"TokenEndpointAuthMethod":     {"token_endpoint_auth_method", `"client_secret_jwt"`, "client_secret_jwt", nil},
	"JWKS":                        {"jwks", keySet(publicKey), canonicalKeys(), nil},
	"JWKSURI":                     {"jwks_uri", `"https://n.example/jwks"`, "https://n.example/jwks", map[string]any{"jwks": nil}},
	"PKCEMode":                    {"pkce_mode", `"required"`, "required", nil},
	"ForceReauthentication":       {"force_reauthentication", `false`, document.False, nil},
	"RequirePAR":                  {"require_pushed_authorization_requests", `false`, document.False, nil},
	"IDTokenSignedResponseAlg":    {"id_token_signed_response_alg", `"ES512"`, "ES512", nil},
	"IDTokenEncryptedResponseAlg": {"id_token_encrypted_response_alg", `"ECDH-ES"`, "ECDH-ES", nil},
	"IDTokenEncryptedResponseEnc": {"id_token_encrypted_response_enc", `"A128GCM"`, "A128GCM", nil},
	"AccessTokenTTL":              {"access_token_ttl", `11`, int64(11), nil},
	"RefreshTokenTTL":             {"refresh_token_ttl", `12`, int64(12), nil},
	"IDTokenTTL":                  {"id_token_ttl", `13`, int64(13), nil},
	"PersistedConsentTTL":         {"persisted_consent_ttl", `0`, int64(0), nil},
}

func canonicalKeys() document.JWKS {
	set, _ := document.ParseJWKS([]byte(keySet(publicKey)))
	return set
}

func TestEveryFieldIsCarriedOrNot(t *testing.T) {
	f := newFixture(t)
	not := strings.Fields(notCarried)
	fields := reflect.VisibleFields(reflect.TypeFor[document.Client]())
	if len(fields) != len(not)+len(carried) {
		t.Errorf("%d fields, %d of them listed", len(fields), len(not)+len(carried))
	}
	for _, field := range fields {
		change, is := carried[field.Name]
		if !is {
			if !strings.Contains(" "+strings.Join(not, " ")+" ", " "+field.Name+" ") {
				t.Errorf("%s is neither carried nor listed as not carried", field.Name)
			}
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			base := oneKeySource()
			path := f.stored(t, "carried "+field.Name, base)
			doc := edited(f.get(t, path).doc(t), change.also)
			doc[change.member] = json.RawMessage(change.posted)
			f.send(t, "PUT", path, encode(t, doc)).want(t, 200)
			got := f.content(t, path)
			value := reflect.ValueOf(got).Elem().FieldByIndex(field.Index)
			if value.Kind() == reflect.Pointer {
				value = value.Elem()
			}
			if !reflect.DeepEqual(value.Interface(), change.want) {
				t.Errorf("%s is %v", field.Name, value)
			}
			want := []string{change.member}
			switch field.Name {
			case "ClientName":
				want = []string{"client_name"}
			case "Localized":
				want = []string{"localized_metadata"}
			case "JWKSURI":
				want = []string{"jwks", "jwks_uri"}
			}
			if changed := document.Changed(&base, got); !reflect.DeepEqual(changed, want) {
				t.Errorf("changed %v", changed)
			}
			if shown := encode(t, f.get(t, path).doc(t)[change.member]); change.member != "jwks" && shown != sorted(t, change.posted) {
				t.Errorf("it reads %s", shown)
			}
			// Left out, it goes back to its default; the name cannot.
			delete(doc, change.member)
			if field.Name == "ClientName" {
				f.send(t, "PUT", path, encode(t, doc)).want(t, 400, "/name: ")
				return
			}
			switch change.member { // what needs it
			case "id_token_encrypted_response_alg":
				delete(doc, "id_token_encrypted_response_enc")
			case "grant_types":
				delete(doc, "response_types")
			case "jwks", "jwks_uri":
				doc["token_endpoint_auth_method"] = "client_secret_basic"
			}
			f.send(t, "PUT", path, encode(t, doc)).want(t, 200)
			if value := reflect.ValueOf(f.content(t, path)).Elem().FieldByIndex(field.Index); !value.IsZero() && change.member != "token_endpoint_auth_method" {
				t.Errorf("left out, %s is %v", field.Name, value)
			}
		})
	}
}

// sorted is a JSON text with its members sorted, as encode writes them.
func sorted(t *testing.T, text string) string {
	t.Helper()
	var v any
	must(t, json.Unmarshal([]byte(text), &v))
	return encode(t, v)
}

func TestKeysOnPut(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a","jwks":`+keySet(chainKey(t, 3))+`}`)
	doc := edited(f.get(t, path).doc(t), nil)
	stored := f.content(t, path).JWKS
	put := func(jwks, uri string) answer {
		own := edited(doc, map[string]any{"jwks": json.RawMessage(jwks)})
		if uri != "" {
			own["jwks_uri"] = uri
		}
		return f.send(t, "PUT", path, encode(t, own))
	}
	view := encode(t, doc["jwks"])
	// A caller that holds numbers as doubles sends the serial numbers back rounded.
	var rounded any
	must(t, json.Unmarshal([]byte(view), &rounded))
	for _, same := range []string{view, encode(t, rounded)} {
		put(same, "").want(t, 200)
		if f.content(t, path).JWKS != stored {
			t.Fatal("the read's own view changed the keys")
		}
	}
	rows := f.rows(t)
	changed := strings.Replace(view, `"keyID":"leaf"`, `"keyID":"other"`, 1)
	put(changed, "").want(t, 400, "/jwks/keys/0/kty: ")
	put(view, "https://a.example/jwks").want(t, 400, "/jwks_uri: ")
	for key, pointer := range map[string]string{privateKey: "/jwks/keys/1/d: ", symmetricKey: "/jwks/keys/1"} {
		a := put(keySet(publicKey, key), "").want(t, 400, pointer)
		if strings.Contains(a.Body.String(), "870MB6") || strings.Contains(a.Body.String(), "AyM1Sy") {
			t.Errorf("the answer repeats the key: %s", a.Body)
		}
		f.send(t, "POST", f.setup+"/clients", `{"name":"b","jwks":`+keySet(publicKey, key)+`}`).want(t, 400, pointer)
	}
	if f.rows(t) != rows {
		t.Errorf("something was stored: %s, %s", rows, f.rows(t))
	}
	put(keySet(publicKey), "").want(t, 200, `"keyType":{"value":"EC"`)
	put("null", "https://a.example/jwks").want(t, 200, `"jwks":null`, `"jwks_uri":"https://a.example/jwks"`)
	if c := f.content(t, path); c.JWKS != "" || c.JWKSURI == "" {
		t.Errorf("jwks %q, jwks_uri %q", c.JWKS, c.JWKSURI)
	}
	put(keySet(publicKey), "").want(t, 200, `"jwks_uri":null`)
	delete(doc, "jwks")
	f.send(t, "PUT", path, encode(t, doc)).want(t, 200, `"jwks":null`)
}
