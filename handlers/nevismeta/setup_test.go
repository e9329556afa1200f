package nevismeta_test

import (
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
)

// This dialect carries every member of setups and resource servers: the full
// ones, which set them all, go through it and come back the same.
func TestPutOfSetupsAndServersChangesNothing(t *testing.T) {
	f := newFixture(t).asAdmin()
	scope := f.Scope(t, f.North, tenancy.Admin)
	fullSetup, fullServer := documenttest.FullSetup(), documenttest.FullResourceServer()
	setup, err := snapshots.Edit(ctx, f.store, scope, snapshots.SetupRef(module, f.id), snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) { return &fullSetup, nil }})
	must(t, err)
	server, err := f.store.CreateResourceServer(ctx, scope, module, f.id, snapshots.Change[document.ResourceServer]{
		Apply: func(*document.ResourceServer, *document.Setup) (*document.ResourceServer, error) {
			return &fullServer, nil
		}})
	must(t, err)
	bare := f.send(t, "POST", f.setup+"/resource-servers", `{"scopes":[]}`).want(t, 201)
	rows := f.rows(t)
	for path, id := range map[string]snapshots.SnapshotID{
		f.setup: setup.ID,
		f.setup + "/resource-servers/" + string(server.Entity.ID): server.ID,
		bare.Header().Get("Location"):                             "",
	} {
		before := f.get(t, path).want(t, 200)
		if id != "" && before.Header().Get("Tenure-Snapshot-Id") != string(id) {
			t.Errorf("%s: headers %v", path, before.Header())
		}
		f.send(t, "PUT", path, before.Body.String()).want(t, 400, "/valid_from: ", "leave it out")
		after := f.send(t, "PUT", path, encode(t, edited(before.doc(t), nil))).want(t, 200)
		if after.Body.String() != before.Body.String() || after.Header().Get("Etag") != before.Header().Get("Etag") {
			t.Errorf("%s reads\n%s, and did\n%s", path, after.Body, before.Body)
		}
	}
	if got := f.rows(t); got != rows {
		t.Errorf("rows %s became %s", rows, got)
	}
}

// TestGrantTypesOfSetups are those of their clients: what a client may not ask for, it does not inherit either.
func TestGrantTypesOfSetups(t *testing.T) {
	f := newFixture(t).asAdmin()
	body := func(grants string) string { return `{"name":"test","client_defaults":{"grant_types":` + grants + `}}` }
	for grants, path := range map[string]string{
		`["password"]`: "grant_types/0: one of", `["authorization_code","foo"]`: "grant_types/1: ", `["Implicit"]`: "grant_types/0: ", `["implicit","password"]`: "grant_types/1: ",
	} {
		f.send(t, "PUT", f.setup, body(grants)).want(t, 400, path)
		f.send(t, "POST", "/v2/modules/"+module+"/setups", body(grants)).want(t, 400, path)
		f.send(t, "POST", f.setup+"/clients", `{"name":"a","redirect_uris":["https://a.example/cb"],"grant_types":`+grants+`}`).want(t, 400, path)
	}
	for _, grants := range []string{`[]`, `["authorization_code","refresh_token","implicit","client_credentials"]`, `["urn:ietf:params:oauth:grant-type:device_code"]`} {
		f.send(t, "PUT", f.setup, body(grants)).want(t, 200)
	}
	// Another API stored one: it stays, and what is added is judged.
	_, err := snapshots.Edit(ctx, f.store, f.Scope(t, f.North, tenancy.Admin), snapshots.SetupRef(module, f.id), snapshots.Change[document.Setup]{
		Apply: func(base *document.Setup, _ *document.Setup) (*document.Setup, error) {
			next := document.Clone(base)
			next.GrantTypes = []string{"password"}
			return next, nil
		}})
	must(t, err)
	f.send(t, "PUT", f.setup, body(`["password","authorization_code"]`)).want(t, 200)
	f.send(t, "PUT", f.setup, body(`["password","foo"]`)).want(t, 400, "grant_types/1: ")
}

func (f *fixture) asAdmin() *fixture { return f.as(f.North, tenancy.Admin) }
