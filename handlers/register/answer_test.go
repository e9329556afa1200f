package register_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"tenure/tenancy/db/dbtest"
)

// TestAnswersLeaveOutWhatIsUnset and show the defaults that apply (RFC 7591 sections 2
// and 3.2.1), whatever the client is and however it asks.
func TestAnswersLeaveOutWhatIsUnset(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	const always = `application_type client_id client_id_issued_at created_at grant_types registration_client_uri scope subject_type
		token_endpoint_auth_method updated_at userinfo_signed_response_alg`
	for _, shape := range []struct {
		body, more string
		want       map[string]string
	}{
		{minimal, "client_secret_expires_at redirect_uris response_types", map[string]string{"grant_types": `["authorization_code"]`, "response_types": `["code"]`,
			"token_endpoint_auth_method": `"client_secret_basic"`, "application_type": `"web"`, "subject_type": `"public"`}},
		{`{"redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"none","client_name":"a"}`, "client_name redirect_uris response_types",
			map[string]string{"grant_types": `["authorization_code"]`, "token_endpoint_auth_method": `"none"`}},
		{`{"grant_types":["client_credentials"]}`, "client_secret_expires_at", map[string]string{"grant_types": `["client_credentials"]`}},
	} {
		made := f.send("POST", "/oauth2/register", shape.body).want(t, 201)
		address := "/oauth2/register/" + made.text(t, "client_id")
		read := f.send("GET", address, "", bearer(made.text(t, "registration_access_token"))).want(t, 200)
		written := f.send("PUT", address, read.Body.String(), bearer(made.text(t, "registration_access_token"))).want(t, 200)
		if made.Header().Get("Tenure-Snapshot-Id") != written.Header().Get("Tenure-Snapshot-Id") {
			t.Errorf("%s: a read that is sent back makes a snapshot", shape.body)
		}
		for which, a := range map[string]answer{"POST": made, "GET": read, "PUT": written} {
			var members map[string]json.RawMessage
			must(t, json.Unmarshal(a.Body.Bytes(), &members))
			names := strings.Fields(always + " " + shape.more)
			if which != "GET" {
				names = append(names, "registration_access_token")
			}
			if which == "POST" && !strings.Contains(shape.body, `"none"`) {
				names = append(names, "client_secret")
			}
			slices.Sort(names)
			if got := slices.Sorted(maps.Keys(members)); !slices.Equal(got, names) {
				t.Errorf("%s of %s: members\n%v, want\n%v", which, shape.body, got, names)
			}
			for name, value := range members {
				if slices.Contains([]string{"null", "false", `""`, "[]", "{}"}, string(value)) || shape.want[name] != "" && shape.want[name] != string(value) {
					t.Errorf("%s of %s: %s is %s", which, shape.body, name, value)
				}
			}
		}
	}
}
