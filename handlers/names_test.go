package handlers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"tenure/tenancy"
)

// TestErrorsNameMembersAsTheSurfaceDoes breaks a rule at each member that a surface
// spells in its own way: the answer has that name, and not the one used inside.
func TestErrorsNameMembersAsTheSurfaceDoes(t *testing.T) {
	in := newInstallation(t)
	writersOf(t, in) // opens the registration endpoints
	admin := in.Key(in.Root, tenancy.Admin)
	bearer := map[string]string{"Authorization": "Bearer " + in.editor}
	root := map[string]string{"Authorization": "Bearer " + admin}
	slashid := map[string]string{"SlashID-OrgID": string(in.Harbour), "SlashID-API-Key": in.Key(in.Harbour, tenancy.Admin)}
	call := func(method, path string, headers map[string]string, body string) (int, string) {
		t.Helper()
		return in.sent(t, method, path, headers, body)
	}
	setup := "/modules/oauthv2/setups/" + string(in.setup)
	_, made := call("POST", "/v2"+setup+"/clients", bearer, `{"name":"a","redirect_uris":["https://a.example/cb"],"response_types":["code"]}`)
	var client struct {
		ID string `json:"clientId"`
	}
	must(t, json.Unmarshal([]byte(made), &client))
	_, shown := call("GET", "/v2"+setup+"/clients/"+client.ID, bearer, "")
	var read struct {
		ValidFrom string `json:"valid_from"`
	}
	must(t, json.Unmarshal([]byte(shown), &read))
	deepest := in.MustChain(t, in.Root, tenancy.MaxDepth-1)
	const ids = "/organizations/suborganizations"
	for _, c := range []struct {
		method, path string
		headers      map[string]string
		body         string
		has, not     string
	}{
		{"POST", "/v1/clients/" + client.ID + "/snapshots", bearer, `{"merge":{"client_name":"b"},"effective_from":"2001-01-01T00:00:00Z"}`, "effective_from", "valid_from"},
		{"POST", "/v1/clients/" + client.ID + "/snapshots", bearer, `{"merge":{"client_name":"b"},"effective_from":"` + read.ValidFrom + `"}`, "effective_from", "valid_from"},
		{"POST", "/v1/clients/" + client.ID + "/snapshots", bearer, `{"merge":{"scopes":["a\"b"]}}`, "/scopes/0", "scope:"},
		{"POST", "/v1/clients/" + client.ID + "/snapshots", bearer, `{"merge":{"client_name":"\u200b"}}`, "/client_name", "/name"},
		{"POST", "/v1/clients/" + client.ID + "/snapshots", bearer, `{"merge":{},"valid_from":null}`, `"/valid_from"`, "effective_from"},
		{"PUT", "/v2" + setup + "/clients/" + client.ID, bearer, `{"name":"a","valid_from":"2001-01-01T00:00:00Z"}`, "/valid_from", "effective_from"},
		{"PUT", "/v2" + setup + "/clients/" + client.ID, bearer, `{"name":"a","valid_from":"` + read.ValidFrom + `"}`, "/valid_from", "effective_from"},
		{"POST", "/v2" + setup + "/clients", bearer, `{"name":"\u200b"}`, "/name", "client_name"},
		{"POST", "/v2" + setup + "/clients", bearer, `{"name":"a","metadata":[{"name":"x","value":"a\u202eb"}]}`, "/metadata/0", "localized"},
		{"POST", "/v2" + setup + "/clients", bearer, `{"name":"a","owner":"a\u202eb"}`, "/owner", "owner_label"},
		{"POST", "/v3" + setup + "/clients", bearer, `{"client_name":"\u200b"}`, "/client_name", "/name"},
		{"POST", "/v3" + setup + "/clients", bearer, `{"client_name":"a","scope":"a\"b"}`, "/scope", "scopes"},
		{"POST", "/v3" + setup + "/clients", bearer, `{"client_name":"a","client_name#de":"a\u202eb"}`, "/client_name#de", "metadata/"},
		{"PUT", "/v2" + setup, root, `{"name":"a","client_defaults":{"access_token_ttl":-1}}`, "/client_defaults/access_token_ttl", "invalid"},
		{"PUT", "/v2" + setup, root, `{"name":"a","client_defaults":{"grant_types":["foo"]}}`, "/client_defaults/grant_types", "invalid"},
		{"PUT", "/v2" + setup, root, `{"name":"a","resource_server_defaults":{"scope_policy_refresh_token":"foo"}}`, "/resource_server_defaults/scope_policy_refresh_token", "invalid"},
		{"PUT", "/v2" + setup, root, `{"name":"a","metadata":[{"name":"x","value":"a\u202eb"}]}`, "/metadata/0", "localized"},
		{"POST", "/v2" + setup + "/resource-servers", root, `{"name":"a","scopes":[{"name":"a","metadata":[{"name":"x","value":"a\u202eb"}]}]}`, "/scopes/0/metadata/0", "localized"},
		{"POST", "/v2" + setup + "/resource-servers", root, `{"name":"a","scopes":[{"name":"a","policy_refresh_token":"foo"}]}`, "/scopes/0/policy_refresh_token", "scope_policy"},
		{"POST", "/admin/clients", bearer, `{"client_name":"a","scope":"a\"b"}`, "scope", "scopes"},
		{"POST", "/admin/clients", bearer, `{"client_name":"a","owner":"a\u202eb"}`, "owner", "owner_label"},
		{"POST", "/oauth2/register", nil, `{"redirect_uris":["https://a.example/cb"],"scope":"a\"b"}`, "scope", "scopes"},
		{"POST", "/reg", nil, `{"redirect_uris":["https://a.example/cb"],"scope":"a\"b"}`, "scope", "scopes"},
		{"POST", "/oauth2/clients", slashid, `{"client_name":"a","grant_types":["authorization_code"],"scopes":["a"],"access_token_duration":-1}`, "access_token_duration", "ttl"},
		{"POST", "/oauth2/clients", slashid, `{"client_name":"a","grant_types":["authorization_code"],"scopes":["a"],"refresh_token_duration":-1}`, "refresh_token_duration", "ttl"},
		{"POST", "/oauth2/clients", slashid, `{"client_name":"a","grant_types":["authorization_code"],"scopes":["a\"b"]}`, "scopes/0", "scope:"},
		{"POST", "/oauth2/clients", slashid, `{"client_name":"\u200b","grant_types":["authorization_code"],"scopes":["a"]}`, "client_name", "name: name"},
		{"POST", ids, slashid, `{"sub_org_name":"\u200b","admins":[]}`, "sub_org_name", ": name"},
		{"POST", ids, map[string]string{"SlashID-OrgID": string(deepest), "SlashID-API-Key": admin}, `{"sub_org_name":"a","admins":[]}`, "32 deep", "parent_id"},
		{"PATCH", "/organizations/config", slashid, `{"token_duration":-1}`, "token_duration", "ttl"},
		{"PATCH", "/v1/organizations/" + string(in.Harbour), root, `{"max_suborganizations":-1}`, "/max_suborganizations", "max_below"},
		{"PUT", "/v1/setups/" + string(in.setup) + "/policy", root, `{"registration":"foo"}`, "/registration", "valid_from"},
		{"POST", "/v1/organizations", root, `{"name":"a","parent_id":"` + string(deepest) + `"}`, "/parent_id", "sub_org"},
	} {
		status, body := call(c.method, c.path, c.headers, c.body)
		if status != http.StatusBadRequest && status != http.StatusUnprocessableEntity || !strings.Contains(body, c.has) || strings.Contains(body, c.not) {
			t.Errorf("%s %s %s: %d, want %q and no %q: %s", c.method, c.path, c.body, status, c.has, c.not, body)
		}
	}
}

// sent sends a request with a JSON body and returns the answer's status and body.
func (in *installation) sent(t *testing.T, method, path string, headers map[string]string, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, in.public.URL+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := in.public.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(answer)
}
