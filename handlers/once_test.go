package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tenure/snapshots"
)

// TestReplaysShowNoCredentials: a request that is sent again under its
// Idempotency-Key makes nothing more and shows no secret and no token; those of the
// first answer work.
func TestReplaysShowNoCredentials(t *testing.T) {
	in := newInstallation(t)
	// call returns the members of the answer, which is 2xx.
	call := func(method, path, key, body string, header ...string) map[string]any {
		t.Helper()
		r, err := http.NewRequest(method, in.public.URL+path, strings.NewReader(body))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+in.editor)
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		res, err := in.public.Client().Do(r)
		must(t, err)
		defer res.Body.Close()
		var members map[string]any
		must(t, json.NewDecoder(res.Body).Decode(&members))
		if res.StatusCode/100 != 2 {
			t.Fatalf("%s %s: %d %v", method, path, res.StatusCode, members)
		}
		return members
	}
	text := func(m map[string]any, name string) string { s, _ := m[name].(string); return s }

	const body = `{"client_name":"a","token_endpoint_auth_method":"client_secret_post"}`
	first := call("POST", "/admin/clients", "k-1", body)
	again := call("POST", "/admin/clients", "k-1", body)
	id := text(first, "client_id")
	if text(again, "client_id") != id || text(again, "client_secret") != "" || text(again, "registration_access_token") != "" {
		t.Errorf("%v, again %v", first, again)
	}
	call("GET", "/oauth2/register/"+id+"?client_secret="+text(first, "client_secret"), "", "", "Authorization", "")
	call("GET", "/oauth2/register/"+id, "", "", "Authorization", "Bearer "+text(first, "registration_access_token"))

	secrets := func() int {
		list := call("GET", fmt.Sprintf("/v1/setups/%s/clients/%s/secrets", in.setup, id), "", "")
		return len(list["secrets"].([]any))
	}
	before := secrets()
	rotated := call("POST", "/admin/clients/"+id+"/secrets/rotate", "k-2", "")
	repeated := call("POST", "/admin/clients/"+id+"/secrets/rotate", "k-2", "")
	if text(rotated, "client_secret") == "" || text(repeated, "client_secret") != "" || secrets() != before+1 {
		t.Errorf("%d secrets, then %d; %v, again %v", before, secrets(), rotated, repeated)
	}
	call("GET", "/oauth2/register/"+id+"?client_secret="+text(rotated, "client_secret"), "", "", "Authorization", "")

	e, _, err := in.stores.Snapshots.Find(t.Context(), in.Store.Operator("test"), snapshots.ByClientID(snapshots.DefaultModule, in.setup, id))
	must(t, err)
	const patch = `{"patch":[{"op":"add","path":"/contacts","value":["a@example.org"]}]}`
	const more = `{"patch":[{"op":"add","path":"/contacts/-","value":"b@example.org"}]}`
	path := "/v1/clients/" + string(e.ID) + "/snapshots"
	call("POST", path, "", patch)
	for range 2 {
		call("POST", path, "k-3", more)
	}
	shown := call("GET", "/admin/clients/"+id, "", "")
	if got := fmt.Sprint(shown["contacts"]); got != "[a@example.org b@example.org]" {
		t.Errorf("contacts %s", got)
	}
}
