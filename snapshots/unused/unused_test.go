package unused_test

import (
	"context"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/unused"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// TestEnd deletes who registered itself, is too old and was never used: nobody else,
// and in no setup that has no limit.
func TestEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		ctx := context.Background()
		w := tenancytest.New(t, dsn)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		s, err := snapshots.Open(ctx, w.DB, w.Log, w.Store.IDs(), snapshots.Options{})
		must(err)
		operator := w.Store.Operator("unused registrations")
		must(s.CreateModule(ctx, operator, snapshots.DefaultModule))
		setup := func(ttl int64) snapshots.EntityID {
			t.Helper()
			out, err := s.CreateSetup(ctx, operator, snapshots.DefaultModule, snapshots.Change[document.Setup]{
				Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
					return &document.Setup{Name: "s"}, nil
				}})
			must(err)
			p := snapshots.DefaultPolicy()
			p.Registration, p.UnusedTTL = snapshots.RegistrationOpen, ttl
			must(s.SetPolicy(ctx, operator, snapshots.DefaultModule, out.Entity.ID, p))
			return out.Entity.ID
		}
		limited, free := setup(7200), setup(0)
		client := func(in snapshots.EntityID, id, surface string) {
			t.Helper()
			token := s.GenerateToken("oauth2-register", string(in)+id, string(in)+id)
			_, err := s.CreateClient(ctx, operator, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: in, ClientID: id, Surface: surface},
				snapshots.Change[document.Client]{Token: token, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
					return &document.Client{ClientName: id}, nil
				}})
			must(err)
		}
		for _, in := range []snapshots.EntityID{limited, free} {
			client(in, "unused", "register")
			client(in, "reg", "openfinance")
			client(in, "used", "register")
			client(in, "used-and-not-written", "register")
			client(in, "by-hand", "hydra")
		}
		use := func(id string) {
			t.Helper()
			_, _, err := s.VerifyToken(ctx, limited, id, "oauth2-register", string(limited)+id)
			must(err)
		}
		// left are the clients of a setup that are there.
		left := func(in snapshots.EntityID) (ids string) {
			t.Helper()
			found, _, err := s.Page(ctx, operator, in, snapshots.PageQuery{Limit: 100})
			must(err)
			for _, f := range found {
				ids += f.Entity.ClientID + " "
			}
			return ids
		}
		const all = "by-hand reg unused used used-and-not-written "
		w.Clock.Advance(119 * time.Minute)
		use("used")
		must(s.Flush(ctx))
		if n, err := unused.End(ctx, s, operator); n != 0 || err != nil || left(limited) != all {
			t.Errorf("before its time: %d, %v; left %s", n, err, left(limited))
		}
		w.Clock.Advance(3 * time.Minute)
		client(limited, "young", "register")
		use("used-and-not-written")
		if n, err := unused.End(ctx, s, operator); n != 2 || err != nil || left(limited) != "by-hand used used-and-not-written young " || left(free) != all {
			t.Errorf("%d, %v; left %s, and without a limit %s", n, err, left(limited), left(free))
		}
		if n, err := unused.End(ctx, s, operator); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		_, err = snapshots.Resolve[document.Client](ctx, s, w.Scope(t, w.Root, tenancy.Admin), snapshots.ByClientID("", limited, "unused"), snapshots.Instant{})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("an ended one: %v", err)
		}
		found := false
		for _, e := range w.Events(t) {
			if string(e.Kind) == "client.deleted" {
				found = e.Actor == "operator:unused registrations"
			}
		}
		if !found {
			t.Error("history does not say who ended it")
		}
		w.Check(t)
	})
}
