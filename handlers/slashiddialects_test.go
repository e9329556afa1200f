package handlers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// request is one request with whatever headers; "Name: value" each.
func (f *family) request(t *testing.T, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, f.server.URL+path, strings.NewReader(body))
	must(t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(raw)
}

// TestSlashIDClientInOtherDialects: what a child makes in SlashID's dialect its
// parents and it read in every other, and its siblings in none.
func TestSlashIDClientInOtherDialects(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "root") // the root's default setup
	status, body := f.request(t, "POST", "/oauth2/clients", `{"client_name":"shop","scopes":["b","a"],"grant_types":["authorization_code"],"redirect_uris":["https://a/cb"]}`,
		"SlashID-OrgID: "+string(f.ids["child"]), "SlashID-API-Key: "+f.keys["child"][tenancy.Editor])
	var made struct {
		Result struct {
			ID string `json:"client_id"`
		} `json:"result"`
	}
	if must(t, json.Unmarshal([]byte(body), &made)); status != 201 || made.Result.ID == "" {
		t.Fatalf("%d %s", status, body)
	}
	found, err := snapshots.Resolve[document.Client](t.Context(), f.stores.Snapshots, f.scope(t, "child"), snapshots.ByClientID("", on.setup, made.Result.ID), snapshots.Instant{})
	must(t, err)
	meta := "/v2/modules/" + snapshots.DefaultModule + "/setups/" + string(on.setup) + "/clients/" + string(found.Entity.ID)
	for who, sees := range map[string]bool{"child": true, "owner": true, "parent": true, "grandparent": true, "root": true, "sibling": false, "stranger": false} {
		bearer := "Authorization: Bearer " + f.keys[who][tenancy.Reader]
		for _, r := range []struct {
			path, words string
			refused     int
			header      []string
		}{
			{meta, `"name":"shop"`, 404, []string{bearer}},
			{"/admin/clients/" + url.PathEscape(made.Result.ID), `"scope":"b a"`, 404, []string{bearer}},
			{"/oauth2/clients/" + made.Result.ID, `"scopes":["a","b"]`, 403, []string{"SlashID-OrgID: " + string(f.ids[who]), "SlashID-API-Key: " + f.keys[who][tenancy.Reader]}},
		} {
			want := 200
			if !sees {
				want = r.refused
			}
			status, body := f.request(t, "GET", r.path, "", r.header...)
			if status != want || sees != strings.Contains(body, r.words) {
				t.Errorf("%s reads %s: %d, not %d: %s", who, r.path, status, want, body)
			}
		}
	}
	// A write in one dialect keeps what another's wrote.
	editor := "Authorization: Bearer " + f.keys["child"][tenancy.Editor]
	slashid := []string{"SlashID-OrgID: " + string(f.ids["child"]), "SlashID-API-Key: " + f.keys["child"][tenancy.Editor]}
	if status, body := f.request(t, "PATCH", "/admin/clients/"+made.Result.ID, `[{"op":"replace","path":"/policy_uri","value":"https://a/policy"},{"op":"replace","path":"/grant_types","value":["authorization_code","refresh_token"]}]`, editor); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := f.request(t, "PATCH", "/oauth2/clients/"+made.Result.ID, `{"client_name":"shop 2","grant_types":["authorization_code","refresh_token"]}`, slashid...); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	last, err := snapshots.Resolve[document.Client](t.Context(), f.stores.Snapshots, f.scope(t, "child"), snapshots.ByClientID("", on.setup, made.Result.ID), snapshots.Instant{})
	must(t, err)
	want := document.Clone(found.Content)
	want.PolicyURI, want.GrantTypes, want.ClientName = "https://a/policy", []string{"authorization_code", "refresh_token"}, "shop 2"
	if changed := document.Changed(want, last.Content); len(changed) > 0 {
		t.Errorf("%v differ", changed)
	}
}
