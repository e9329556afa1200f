package handlers_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/tenancy"
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

// TestRotationsOfSlashIDTakeEffectOnce: a PUT that makes a secret or a key is repeated
// under its Idempotency-Key as a POST is, and another request under it is refused.
func TestRotationsOfSlashIDTakeEffectOnce(t *testing.T) {
	in := newInstallation(t)
	north, key := in.MustOrg(t, in.Root, "once"), in.Key(in.Root, tenancy.Admin)
	// call returns the status, whether it is a repetition, and the result.
	call := func(method, path, once, key string) (int, bool, map[string]any) {
		t.Helper()
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader(`{"client_name":"a","scopes":["read"],"grant_types":["client_credentials"]}`)
		}
		r, err := http.NewRequest(method, in.public.URL+path, body)
		must(t, err)
		r.Header.Set("SlashID-OrgID", string(north))
		r.Header.Set("SlashID-API-Key", key)
		if once != "" {
			r.Header.Set("Idempotency-Key", once)
		}
		res, err := in.public.Client().Do(r)
		must(t, err)
		defer res.Body.Close()
		var answer struct {
			Result map[string]any `json:"result"`
		}
		must(t, json.NewDecoder(res.Body).Decode(&answer))
		if repeated := res.Header.Get("Tenure-Secret-Id"); repeated != "" && res.Header.Get("Tenure-Idempotent-Replay") != "" {
			t.Errorf("a repetition names the secret %s", repeated)
		}
		return res.StatusCode, res.Header.Get("Tenure-Idempotent-Replay") == "true", answer.Result
	}
	events := func() int { return len(in.Events(t)) }
	rotate := func(path, member, other string) {
		t.Helper()
		status, repeated, first := call("PUT", path, "k-1", key)
		if status != 200 || repeated || first[member] == nil {
			t.Fatalf("%s: %d %v %v", path, status, repeated, first)
		}
		before := events()
		if status, repeated, again := call("PUT", path, "k-1", key); status != 200 || !repeated || len(again) != 0 {
			t.Errorf("%s again: %d %v %v", path, status, repeated, again)
		}
		if status, _, again := call("PUT", path+other, "k-1", key); status != 422 {
			t.Errorf("%s%s: %d %v", path, other, status, again)
		}
		if got := events(); got != before {
			t.Errorf("%s: %d events, then %d", path, before, got)
		}
		if status, repeated, next := call("PUT", path, "k-2", key); status != 200 || repeated || next[member] == nil || next[member] == first[member] {
			t.Errorf("%s under another key: %d %v %v", path, status, repeated, next)
		}
		if events() == before {
			t.Errorf("%s under another key changes nothing", path)
		}
	}
	status, _, client := call("POST", "/oauth2/clients", "", key)
	if status != 201 {
		t.Fatal(status, client)
	}
	rotate("/oauth2/clients/"+fmt.Sprint(client["client_id"])+"/secret", "client_secret", "?overlap=1h")
	rotate("/organizations/api-keys", "api_key", "?x=1")

	// A key that replaces itself ends: it cannot ask again.
	_, own := in.MustKey(t, tenancy.NewKey{Org: north, Name: "own", Role: tenancy.Admin})
	if status, _, made := call("PUT", "/organizations/api-keys", "k-3", own); status != 200 || made["api_key"] == nil {
		t.Fatal(status, made)
	}
	if status, _, made := call("PUT", "/organizations/api-keys", "k-3", own); status != 401 {
		t.Error(status, made)
	}
}
