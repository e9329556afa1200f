package api_test

import (
	"testing"
	"time"

	"tenure/handlers/web/webtest"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// makes appends to a document of the fixture's first snapshot.
func makes[T document.Content](doc T) snapshots.Change[T] {
	return snapshots.Change[T]{Apply: func(*T, *document.Setup) (*T, error) { return &doc, nil }}
}

// TestASetupsStory: a change of a setup is planned for next month, its plan says which
// clients change, it takes effect, is rolled back, and is deleted in the end.
func TestASetupsStory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn)
		vars, own := f.variables(t), int64(900)
		_, err := f.snapshots.CreateClient(ctx, f.Scope(t, f.North, tenancy.Admin), snapshots.NewClient{Module: snapshots.DefaultModule,
			Setup: snapshots.EntityID(vars["north_setup"]), ClientID: "till", Surface: "test"},
			makes(document.Client{ClientName: "till", AccessTokenTTL: &own, GrantTypes: []string{"client_credentials"}, Scopes: []string{"orders"}}))
		must(t, err)
		webtest.Run(t, f.handler, "../../testdata/api/setups/1_planned.txtar", vars)
		f.Clock.Advance(40 * 24 * time.Hour)
		webtest.Run(t, f.handler, "../../testdata/api/setups/2_in_force.txtar", vars)
		ref := snapshots.SetupRef(snapshots.DefaultModule, snapshots.EntityID(vars["north_setup"]))
		must(t, f.snapshots.DeleteSetup(ctx, f.Scope(t, f.North, tenancy.Admin), ref, nil, 2))
		f.Clock.Advance(40 * 24 * time.Hour)
		webtest.Run(t, f.handler, "../../testdata/api/setups/3_deleted.txtar", vars)
		f.Check(t)
	})
}

// TestAServersStory: a plan of a resource server says which clients have the scopes
// whose declaration changes.
func TestAServersStory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn)
		vars := f.variables(t)
		setup := snapshots.EntityID(vars["north_setup"])
		admin := f.Scope(t, f.North, tenancy.Admin)
		made, err := f.snapshots.CreateResourceServer(ctx, admin, snapshots.DefaultModule, setup,
			makes(document.ResourceServer{Name: "orders", Scopes: []document.Scope{{Name: "orders"}, {Name: "profile"}}}))
		must(t, err)
		vars["server"] = string(made.Entity.ID)
		_, err = snapshots.Edit(ctx, f.snapshots, f.Scope(t, f.Harbour, tenancy.Admin),
			snapshots.Ref{Module: snapshots.DefaultModule, Setup: setup, Entity: snapshots.EntityID(vars["shop"])},
			makes(document.Client{ClientName: "shop", Scopes: []string{"orders"}}))
		must(t, err)
		f.Clock.Advance(time.Second)
		webtest.Run(t, f.handler, "../../testdata/api/servers/servers.txtar", vars)
		f.Check(t)
	})
}
