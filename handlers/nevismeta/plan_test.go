package nevismeta_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenure/handlers/nevismeta"
	"tenure/handlers/web"
)

// Every write but a withdrawal can be tried: it stores nothing, and is refused as it
// would be.
func TestTriedWritesStoreNothing(t *testing.T) {
	f := newFixture(t).asAdmin()
	client := f.send(t, "POST", f.setup+"/clients", `{"name":"a","confidentiality_type":"public","redirect_uris":["https://app.example/cb"]}`).
		want(t, 201).Header().Get("Location")
	server := f.send(t, "POST", f.setup+"/resource-servers", `{"name":"api","scopes":[{"name":"read"}]}`).want(t, 201).Header().Get("Location")
	bodies := map[string][2]string{ // what is taken, and what is refused
		"POST /v2/modules/{module}/setups":                                           {`{"name":"b"}`, `{"name":"` + strings.Repeat("x", 300) + `"}`},
		"PUT /v2/modules/{module}/setups/{setupId}":                                  {`{"name":"b"}`, `{"nam":"b"}`},
		"POST /v2/modules/{module}/setups/{setupId}/clients":                         {`{"name":"b","confidentiality_type":"confidential"}`, `{"name":"b","confidentiality_type":"x"}`},
		"POST /v3/modules/{module}/setups/{setupId}/clients":                         {`{"client_name":"b","redirect_uris":["https://app.example/cb"]}`, `{"client_name":"b","logo_uri":"javascript:x"}`},
		"PUT /v2/modules/{module}/setups/{setupId}/clients/{clientId}":               {`{"name":"b","confidentiality_type":"public","redirect_uris":["https://app.example/cb"]}`, `{"name":"b","scopes":["none"]}`},
		"POST /v2/modules/{module}/setups/{setupId}/resource-servers":                {`{"name":"b","scopes":[]}`, `{"name":"b"}`},
		"PUT /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}":    {`{"name":"b","scopes":[]}`, `{"name":"b"}`},
		"DELETE /v2/modules/{module}/setups/{setupId}/clients/{clientId}":            {},
		"DELETE /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}": {},
		"DELETE /v2/modules/{module}/setups/{setupId}":                               {},
	}
	for _, route := range nevismeta.New(nevismeta.Deps{Store: f.store, Tenancy: f.Store, Held: web.NewFresh(0)}).Routes {
		name := route.Method + " " + route.Pattern
		if route.Method == http.MethodGet || strings.HasSuffix(route.Pattern, "/snapshots/{snapshotId}") {
			continue
		}
		body, known := bodies[name]
		if !known || !slices.ContainsFunc(route.Query, func(p web.Param) bool { return p.Name == "dry_run" }) {
			t.Errorf("%s cannot be tried", name)
			continue
		}
		path := strings.NewReplacer("/v2/modules/{module}/setups/{setupId}/clients/{clientId}", client,
			"/v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}", server,
			"/v2/modules/{module}/setups/{setupId}", f.setup, "{module}", module, "{setupId}", string(f.id)).Replace(route.Pattern)
		if name == "DELETE /v2/modules/{module}/setups/{setupId}" {
			f.send(t, route.Method, path+"?dry_run=true", "").want(t, 400, "1 client")
			path += "?clients=1&"
		} else {
			path += "?"
		}
		before := f.rows(t)
		f.send(t, route.Method, path+"dry_run=true", body[0]).want(t, 200, `"dry_run":true`)
		if body[1] != "" {
			f.send(t, route.Method, path+"dry_run=true", body[1]).want(t, 400)
		}
		if after := f.rows(t); after != before {
			t.Errorf("%s: the rows were %s and are %s", name, before, after)
		}
	}
}

// The plan of a setup says what its clients inherit then, and the risks of that.
func TestPlanOfASetup(t *testing.T) {
	f := newFixture(t).asAdmin()
	f.send(t, "PUT", f.setup, `{"name":"test","client_defaults":{"grant_types":["authorization_code"],"access_token_ttl":3600,"force_reauthentication":true},
		"resource_server_defaults":{"scope_policy_implicit_flow":"consent_required"}}`).want(t, 200)
	in := f.get(t, f.setup).Header().Get("Tenure-Snapshot-Id")
	plan := f.send(t, "PUT", f.setup+"?dry_run=true", `{"name":"test","client_defaults":{"grant_types":["authorization_code","implicit"],"access_token_ttl":36000},"metadata":[{"name":"tos_uri","value":"http://a.example/"}],
		"resource_server_defaults":{"scope_policy_implicit_flow":"consent_not_required"}}`).want(t, 200, `"level":"critical"`, `"valid_from":null`,
		`"base_snapshot_id":"`+in+`"`, "new grant type implicit", "tos uri without TLS added", "access token lifetime ×10", "scope policy implicit flow relaxed", "no longer required: force reauthentication")
	if plan.Header().Get("Cache-Control") != "no-store" || len(plan.doc(t)["diff"].([]any)) != 5 {
		t.Errorf("%v %s", plan.Header(), plan.Body)
	}
	f.send(t, "PUT", f.setup+"?dry_run=true", `{"name":"test","valid_from":"2999-01-01T00:00:00Z"}`).want(t, 200, `"valid_from":"2999-01-01T00:00:00.000Z"`, `"later":[]`)
	f.send(t, "PUT", f.setup, `{"name":"test","valid_from":"2999-01-01T00:00:00Z"}`).want(t, 200)
	f.send(t, "PUT", f.setup+"?dry_run=true", `{"name":"other"}`).want(t, 200, `"later":[{"snapshot_id":"`)
}

// A plan says what becomes of the secret, which is no part of the document.
func TestPlanOfASecret(t *testing.T) {
	f := newFixture(t)
	const doc = `{"name":"a","confidentiality_type":"confidential","redirect_uris":["https://app.example/cb"]`
	f.send(t, "POST", f.setup+"/clients?dry_run=true", doc+"}").want(t, 200, `"secret":"added"`)
	f.send(t, "POST", f.setup+"/clients?dry_run=true", strings.Replace(doc, `"confidential"`, `"public"`, 1)+"}").want(t, 200, `"secret":null`)
	client := f.client(t, doc+"}")
	f.send(t, "PUT", client+"?dry_run=true", doc+"}").want(t, 200, `"changes":false`, `"secret":null`, `"summary":"No change.`)
	shown := f.get(t, client).text(t, "client_secret")
	f.send(t, "PUT", client+"?dry_run=true", doc+`,"client_secret":"`+shown+`"}`).want(t, 200, `"changes":false`, `"secret":null`)
	f.send(t, "PUT", client+"?dry_run=true", doc+`,"client_secret":"another secret, 27 letters"}`).want(t, 200, `"changes":true`, `"secret":"replaced"`,
		`"level":"sensitive"`, `"summary":"The client secret is replaced`)
	if now := f.get(t, client).text(t, "client_secret"); now != shown {
		t.Error("a plan replaced the secret")
	}
}

// The plan of a new client has the risk of what it leaves out: without grant types it acts with
// authorization_code, an empty list or not.
func TestPlanOfAClientThatLeavesOutGrants(t *testing.T) {
	f := newFixture(t).asAdmin()
	const risk, rest = "there is no redirect URI", `"name":"d","confidentiality_type":"confidential"}`
	clients := f.setup + "/clients?dry_run=true"
	for _, grants := range []string{`{`, `{"grant_types":[],`, `{"grant_types":["authorization_code"],`} {
		f.send(t, "POST", clients, grants+rest).want(t, 200, risk, `"level":"sensitive"`)
	}
	for _, grants := range []string{`{"redirect_uris":["https://app.example/cb"],`, `{"grant_types":["client_credentials"],`} {
		if plan := f.send(t, "POST", clients, grants+rest).want(t, 200); strings.Contains(plan.Body.String(), risk) {
			t.Errorf("%s: %s", grants, plan.Body)
		}
	}
	f.send(t, "PUT", f.setup, `{"name":"test","client_defaults":{"grant_types":["client_credentials"]}}`).want(t, 200)
	if plan := f.send(t, "POST", clients, `{`+rest).want(t, 200); strings.Contains(plan.Body.String(), risk) {
		t.Errorf("with the setup's grant types: %s", plan.Body)
	}
}

// A resource server that clients use goes only with their number.
func TestResourceServersInUseStay(t *testing.T) {
	f := newFixture(t).asAdmin()
	make := func(path, body string) string {
		return f.send(t, "POST", f.setup+path, body).want(t, 201).Header().Get("Location")
	}
	server := make("/resource-servers", `{"name":"api","scopes":[{"name":"read"},{"name":"<&>"},{"name":"both"}]}`)
	other := make("/resource-servers", `{"name":"api","scopes":[{"name":"both"},{"name":"late"}]}`)
	const uris = `"redirect_uris":["https://app.example/cb"],"confidentiality_type":"public"`
	make("/clients", `{"name":"a","scopes":["both"],`+uris+`}`)
	for _, scope := range []string{"read", "<&>"} {
		make("/clients", `{"name":"b","scopes":["`+scope+`"],`+uris+`}`)
	}
	planned := make("/clients", `{"name":"read","comment":"read",`+uris+`}`)
	f.send(t, "DELETE", server, "").want(t, 400, "used by 2 clients", "clients=2")
	f.send(t, "PUT", planned, `{"name":"c","scopes":["read"],"valid_from":"2999-01-01T00:00:00Z",`+uris+`}`).want(t, 200)
	for _, wrong := range []string{"", "?clients=2", "?clients=4"} {
		f.send(t, "DELETE", server+wrong, "").want(t, 400, "used by 3 clients", "clients=3")
	}
	gone := make("/clients", `{"name":"d","scopes":["read"],`+uris+`}`)
	f.send(t, "DELETE", server+"?clients=3", "").want(t, 400, "4 clients")
	f.send(t, "DELETE", gone, "").want(t, 204)
	f.send(t, "DELETE", other+"?clients=1", "").want(t, 400, "no client uses")
	f.send(t, "DELETE", server+"?clients=3&dry_run=true", "").want(t, 200, `"kind":"resource_server.deleted"`)
	f.send(t, "DELETE", server+"?clients=3", "").want(t, 204)
	f.send(t, "DELETE", server+"?clients=3", "").want(t, 404)
	f.send(t, "DELETE", other, "").want(t, 400, "used by 1 client,") // "both" is declared there alone now
}
