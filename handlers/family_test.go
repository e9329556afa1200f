package handlers_test

import (
	"context"
	"crypto/rand"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/evidence"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// family is a tree in which the owner has every relation once:
//
//	root ─ grandparent ─ parent ─ owner ─ child
//	  │                    └──── sibling
//	  └─── stranger
type family struct {
	*tenancytest.World
	stores  handlers.Stores
	routes  []web.Route
	server  *httptest.Server
	parents map[string]string
	ids     map[string]tenancy.OrgID
	keys    map[string]map[tenancy.Role]string
	nothing string // an id that nothing has
	owner   string // that requests name for what they make; empty for none
	reason  string // that requests give; empty for none
}

func newFamily(t *testing.T) *family { return newFamilyOn(t, dbtest.SQLite(t)) }

func newFamilyOn(t *testing.T, dsn string) *family {
	f := &family{World: tenancytest.New(t, dsn), nothing: strings.Repeat("0123456789abcdef", 2),
		parents: map[string]string{"grandparent": "root", "parent": "grandparent", "owner": "parent", "child": "owner",
			"sibling": "parent", "stranger": "root"},
		ids: map[string]tenancy.OrgID{}, keys: map[string]map[tenancy.Role]string{}}
	f.ids["root"] = f.Root
	for _, name := range []string{"grandparent", "parent", "owner", "child", "sibling", "stranger"} {
		f.ids[name] = f.MustOrg(t, f.ids[f.parents[name]], name)
	}
	for name, id := range f.ids {
		f.keys[name] = map[tenancy.Role]string{}
		for _, role := range tenancytest.Roles() {
			_, f.keys[name][role] = f.MustKey(t, tenancy.NewKey{Org: id, Name: string(role), Role: role})
		}
	}
	f.serve(t, f.publisher(t))
	must(t, f.stores.Snapshots.CreateModule(context.Background(), f.Store.Operator("test"), snapshots.DefaultModule))
	for _, s := range handlers.Surfaces(f.stores) {
		f.routes = append(f.routes, s.Routes...)
	}
	return f
}

// serve opens the family's stores and answers over them.
func (f *family) serve(t *testing.T, log *history.Publisher) {
	t.Helper()
	store, err := snapshots.Open(context.Background(), f.DB, f.Log, f.Store.IDs(), snapshots.Options{})
	must(t, err)
	f.stores = handlers.Stores{Tenancy: f.Store, Snapshots: store, Log: log}
	if log != nil {
		f.stores.Evidence = &evidence.Exporter{DB: f.DB, Log: log, Keys: f.signingKeys(t), Now: f.Log.Now}
	}
	f.server = httptest.NewServer(handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, f.stores))
	t.Cleanup(f.server.Close)
}

// publisher signs the family's log, with a key of its own.
func (f *family) publisher(t *testing.T) *history.Publisher {
	t.Helper()
	p, err := history.OpenPublisher(context.Background(), f.DB, f.Log, history.PublisherOptions{Keys: f.signingKeys(t)})
	must(t, err)
	return p
}

func (f *family) signingKeys(t *testing.T) *history.Keys {
	t.Helper()
	file, err := history.NewKeyFile(rand.Reader)
	must(t, err)
	keys, err := history.ParseKeys(file)
	must(t, err)
	return keys
}
