package web_test

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// TestStaleNode: a node that has not heard of other nodes for too long asks the
// database before it takes a credential, and answers 503 where it cannot.
func TestStaleNode(t *testing.T) {
	ctx := context.Background()
	w := tenancytest.New(t, dbtest.Postgres(t))
	d := dbtest.Open(t, w.DSN, db.Options{})
	log := history.New(w.Clock.Now, nil)
	if err := log.Load(ctx, d); err != nil {
		t.Fatal(err)
	}
	store, err := tenancy.Open(ctx, d, log, tenancy.NewIDs(nil))
	if err != nil {
		t.Fatal(err)
	}
	answer := func(*web.Call) (*web.Reply, error) { return text("answered") }
	open := web.Route{Method: "GET", Pattern: "/v1/open", Open: true, Object: web.ObjectNone, Handle: answer}
	admitted := route("GET", "/v1/admitted", answer)
	admitted.Admit = func(c *web.Call) (tenancy.Scope, error) {
		return store.AuthorizeGrant(tenancy.Grant{Owner: w.South, Allowed: tenancy.Resolve}, "")
	}
	f := &fixture{World: w}
	f.handler = web.New(web.Config{Tenancy: store, Log: zerolog.Nop()}, []web.Surface{surface("s", route("GET", "/v1/x", answer), open, admitted)})
	expect := func(when string, key, admitted int) {
		t.Helper()
		if got := f.send("GET", "/v1/x", "").Code; got != key {
			t.Errorf("%s: a revoked key is answered %d, want %d", when, got, key)
		}
		if got := f.send("GET", "/v1/admitted", "").Code; got != admitted {
			t.Errorf("%s: a client of a deleted organization is answered %d, want %d", when, got, admitted)
		}
		if got := f.send("GET", "/v1/open", "").Code; got != 200 {
			t.Errorf("%s: an open route is answered %d, want 200", when, got)
		}
	}

	root := w.Scope(t, w.Root, tenancy.Admin)
	if err := w.Store.RevokeKey(ctx, root, w.KeyID(w.North, tenancy.Reader)); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.DeleteOrganization(ctx, root, w.South, true, tenancy.Contents{}); err != nil {
		t.Fatal(err)
	}
	expect("before the node must ask", 200, 200)
	w.Clock.Advance(3 * time.Second)
	expect("after that", 401, 403)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(3 * time.Second)
	expect("without the database", 503, 503)
}
