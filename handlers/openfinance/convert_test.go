package openfinance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"tenure/handlers/openfinance/scheme"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// page is the order of the page's example; client_secret is there only where
// the method uses one.
const page = `application_type grant_types authorization_details_types id_token_signed_response_alg require_auth_time
subject_type response_types post_logout_redirect_uris tls_client_certificate_bound_access_token
token_endpoint_auth_method introspection_endpoint_auth_method revocation_endpoint_auth_method client_id_issued_at
client_id jwks_uri registration_client_uri registration_access_token redirect_uris organisation_id organisation_name
organisation_number software_roles software_id software_name software_description request_object_signing_alg
require_signed_request_object require_pushed_authorization_requests authorization_signed_response_alg
backchannel_user_code_parameter client_secret_expires_at client_secret scope
tls_client_certificate_bound_access_tokens`

// TestMembersOfThePage: all 34, in the page's order.
func TestMembersOfThePage(t *testing.T) {
	full := documenttest.FullClient()
	c := fromDomain(&full, &document.Setup{})
	c.Secret, c.ClientID, c.RegistrationURI, c.RegistrationToken, c.SecretExpiresAt = "x", "x", "x", "x", new(int64)
	if got, want := membersOf(t, c), strings.Fields(page); len(want) != 34 || strings.Join(got[:34], " ") != strings.Join(want, " ") {
		t.Errorf("got %d members:\n%v\nwant\n%v", len(got), got, want)
	}
}

// TestAnEmptyClientShowsDefaults and nothing that is unset (RFC 7591 section 3.2.1).
func TestAnEmptyClientShowsDefaults(t *testing.T) {
	want := map[string]string{"application_type": `"web"`, "grant_types": `["authorization_code"]`, "subject_type": `"public"`, "response_types": "[]",
		"tls_client_certificate_bound_access_token": "true", "tls_client_certificate_bound_access_tokens": "true",
		"token_endpoint_auth_method": `"client_secret_basic"`, "client_id_issued_at": "0", "client_id": `""`}
	raw, err := fromDomain(&document.Client{}, &document.Setup{}).encode(&document.Client{})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	for name, value := range got {
		if want[name] != string(value) {
			t.Errorf("%s is %s, not %q", name, value, want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d members, not %d: %s", len(got), len(want), raw)
	}
	raw, err = fromDomain(&document.Client{GrantTypes: []string{"client_credentials"}}, &document.Setup{}).encode(&document.Client{})
	if err != nil || strings.Contains(string(raw), "response_types") {
		t.Errorf("%v: %s", err, raw)
	}
}

// membersOf are the names of an answer's members in order. None is null.
func membersOf(t *testing.T, c client) []string {
	t.Helper()
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if string(value) == "null" {
			t.Errorf("%v is null", name)
		}
		got = append(got, name.(string))
	}
	return got
}

// TestBothSpellings tell the one stored value; unset is true.
func TestBothSpellings(t *testing.T) {
	for stored, want := range map[document.Flag]bool{document.Unset: true, document.True: true, document.False: false} {
		c := fromDomain(&document.Client{TLSClientCertificateBoundAccessTokens: stored}, &document.Setup{})
		if *c.BoundSingular != want || *c.BoundPlural != want {
			t.Errorf("stored %d: %v, %v", stored, *c.BoundSingular, *c.BoundPlural)
		}
	}
}

// TestThePageNamesTheWholeInterface: docs/api/openfinance.md has every member,
// error, route, query parameter and header of the surface.
func TestThePageNamesTheWholeInterface(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "api", "openfinance.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc, _, _ := strings.Cut(strings.ToLower(string(raw)), "\n## where each rule is\n")
	var names []string
	for _, shape := range []reflect.Type{reflect.TypeFor[client](), reflect.TypeFor[errorBody]()} {
		for i := range shape.NumField() {
			name, _, _ := strings.Cut(shape.Field(i).Tag.Get("json"), ",")
			names = append(names, "`"+name+"`")
		}
	}
	for _, row := range statuses {
		names = append(names, "| "+strconv.Itoa(row.status)+" | `"+row.error+"`")
	}
	for code := range ownCodes {
		names = append(names, "`"+code+"`")
	}
	for _, route := range (&handler{}).routes() {
		names = append(names, "`"+route.Method+" "+route.Pattern+"`")
		for _, p := range route.Query {
			names = append(names, "| `"+p.Name+"` |")
		}
	}
	names = append(names, "`"+belowSetup+"`", scheme.HeaderInteraction, scheme.HeaderAuthDate, scheme.HeaderCustomerIP, scheme.HeaderAgent,
		snapshots.ProfileDCR2, snapshots.ProfileID3, snapshots.ProfilePlain)
	for _, name := range names {
		if !strings.Contains(doc, strings.ToLower(name)) {
			t.Errorf("the page does not have %s", name)
		}
	}
}
