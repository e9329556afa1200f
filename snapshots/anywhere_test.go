package snapshots_test

import (
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// TestClientAnywhere: clients of two setups, one of which is a child's own.
func TestClientAnywhere(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		shared := w.NewSetup(w.Admin(w.Root), snapshotstest.MinimalSetup("of the root")).Entity.ID
		own := w.NewSetup(w.Admin(w.Harbour), snapshotstest.MinimalSetup("of the harbour")).Entity.ID
		in := func(setup snapshots.EntityID, id string, owner tenancy.OrgID) snapshots.EntityID {
			out, err := w.Store.CreateClient(ctx, w.Admin(owner), snapshots.NewClient{Module: snapshotstest.Module, Setup: setup,
				ClientID: id, Owner: owner, Surface: "test"}, snapshotstest.To(snapshotstest.Named(id)))
			w.Must(err)
			return out.Entity.ID
		}
		north, harbour, south := in(shared, "north", w.North), in(own, "harbour", w.Harbour), in(shared, "south", w.South)
		one, two := in(shared, "both", w.North), in(own, "both", w.Harbour)
		planned, err := w.Store.CreateClient(ctx, w.Admin(w.North), snapshots.NewClient{Module: snapshotstest.Module, Setup: shared,
			ClientID: "planned", Owner: w.North, Surface: "test"}, snapshotstest.ToAt(snapshotstest.Named("planned"), w.In(3600e9)))
		w.Must(err)
		gone := in(own, "gone", w.Harbour)
		w.Must(snapshots.Delete[client](ctx, w.Store, w.Admin(w.Harbour), snapshots.Ref{Module: snapshotstest.Module, Setup: own, Entity: gone}, nil))
		w.Tick()

		const none = snapshots.EntityID("")
		for _, row := range []struct {
			acting            tenancy.OrgID
			within, preferred snapshots.EntityID
			id                string
			want              snapshots.EntityID
			kind              fault.Kind
		}{
			{w.North, none, shared, "north", north, 0}, {w.Root, none, own, "north", north, 0}, {w.Harbour, none, own, "north", "", fault.Forbidden},
			{w.South, none, shared, "north", "", fault.Forbidden},
			{w.North, none, shared, "harbour", harbour, 0}, {w.Root, none, shared, "harbour", harbour, 0}, {w.Harbour, none, own, "harbour", harbour, 0},
			{w.South, none, shared, "harbour", "", fault.Forbidden}, {w.North, none, shared, "south", "", fault.Forbidden},
			{w.South, none, none, "south", south, 0},
			{w.North, none, shared, "both", one, 0}, {w.North, none, own, "both", two, 0}, {w.North, none, none, "both", "", fault.Conflict},
			{w.Harbour, none, shared, "both", two, 0}, {w.South, none, own, "both", "", fault.Forbidden},
			{w.North, shared, own, "both", one, 0}, {w.North, own, none, "both", two, 0}, {w.North, own, none, "north", "", fault.NotFound},
			{w.Harbour, shared, none, "both", "", fault.Forbidden},
			{w.Root, none, shared, "nobody", "", fault.NotFound}, {w.South, none, shared, "nobody", "", fault.NotFound},
			{w.Root, none, shared, "planned", "", fault.NotFound}, {w.Root, none, shared, "gone", "", fault.NotFound},
			{w.South, none, shared, "gone", "", fault.NotFound}, {w.Root, none, none, "\x00", "", fault.NotFound}, {w.Root, none, none, "", "", fault.NotFound},
		} {
			found, err := snapshots.Resolve[client](ctx, w.Store, w.Scope(row.acting, tenancy.Reader), snapshots.Anywhere(row.id, row.preferred).Within("", row.within), snapshots.Instant{})
			if row.kind == 0 && (err != nil || found.Entity.ID != row.want || found.Setup.Content == nil) || row.kind != 0 && !fault.Is(err, row.kind) {
				t.Errorf("%s asks for %q within %q, preferring %q: %q, %v", w.OrgName(row.acting), row.id, row.within, row.preferred, found.Entity.ID, err)
			}
		}
		w.Clock.Set(*w.In(2 * 3600e9))
		found, err := snapshots.Resolve[client](ctx, w.Store, w.Admin(w.Root), snapshots.Anywhere("planned", own).Within("", ""), snapshots.Instant{})
		if err != nil || found.Entity.ID != planned.Entity.ID {
			t.Errorf("at its instant: %v", err)
		}
		// What was looked for before it was made, or while there was one only.
		fresh, again := in(shared, "nobody", w.North), in(own, "north", w.Harbour)
		for _, row := range []struct {
			preferred snapshots.EntityID
			id        string
			want      snapshots.EntityID
		}{{own, "nobody", fresh}, {own, "north", again}, {shared, "north", north}} {
			found, err := snapshots.Resolve[client](ctx, w.Store, w.Admin(w.Root), snapshots.Anywhere(row.id, row.preferred).Within("", ""), snapshots.Instant{})
			if err != nil || found.Entity.ID != row.want {
				t.Errorf("%s, made since: %q, %v", row.id, found.Entity.ID, err)
			}
		}
		// However many clients of others bear its id, its owner finds it.
		for range 20 {
			in(w.NewSetup(w.Admin(w.South), snapshotstest.MinimalSetup("many")).Entity.ID, "nobody", w.South)
		}
		if found, err := snapshots.Resolve[client](ctx, w.Store, w.Admin(w.North), snapshots.Anywhere("nobody", own).Within("", ""), snapshots.Instant{}); err != nil || found.Entity.ID != fresh {
			t.Errorf("among many of its id: %q, %v", found.Entity.ID, err)
		}
		_, err = snapshots.Resolve[client](ctx, w.Store, w.Admin(w.Root), snapshots.Anywhere("nobody", own).Within("", ""), snapshots.Instant{})
		w.Refused(err, fault.Conflict, "")
		// Where its setup, or its owner, goes, a client is gone for everybody.
		w.Must(snapshotstest.DeleteSetup(w.DB, w.Store, w.Admin(w.Harbour), own))
		_, err = snapshots.Resolve[client](ctx, w.Store, w.Admin(w.Root), snapshots.Anywhere("harbour", shared).Within("", ""), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		w.Must(w.Tenancy.DeleteOrganization(ctx, w.Admin(w.Root), w.South, true, tenancy.Contents{}))
		_, err = snapshots.Resolve[client](ctx, w.Store, w.Admin(w.North), snapshots.Anywhere("south", shared).Within("", ""), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
	})
}

func TestOwned(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		shared := w.NewSetup(w.Admin(w.Root), snapshotstest.MinimalSetup("of the root")).Entity.ID
		own := w.NewSetup(w.Admin(w.Harbour), snapshotstest.MinimalSetup("of the harbour")).Entity.ID
		for i, c := range []struct {
			id    string
			setup snapshots.EntityID
			owner tenancy.OrgID
		}{{"z", shared, w.North}, {"y", shared, w.Harbour}, {"x", own, w.Harbour}, {"w", shared, w.South}, {"v", shared, w.North}} {
			_, err := w.Store.CreateClient(ctx, w.Admin(c.owner), snapshots.NewClient{Module: snapshotstest.Module, Setup: c.setup,
				ClientID: c.id, Owner: c.owner, Surface: "test"}, snapshotstest.To(snapshotstest.Named(c.id)))
			if err != nil {
				t.Fatal(i, err)
			}
			w.Tick()
		}
		for _, row := range []struct {
			acting tenancy.OrgID
			query  snapshots.OwnedQuery
			want   string
			total  int64
		}{
			{w.North, snapshots.OwnedQuery{Limit: 10}, "zv", 2}, {w.Harbour, snapshots.OwnedQuery{Limit: 10}, "yx", 2},
			{w.Root, snapshots.OwnedQuery{Limit: 10}, "", 0}, {w.South, snapshots.OwnedQuery{Limit: 10, Descendants: true}, "w", 1},
			{w.Root, snapshots.OwnedQuery{Limit: 10, Descendants: true}, "zyxwv", 5}, {w.North, snapshots.OwnedQuery{Limit: 2, Descendants: true}, "zy", 4},
			{w.North, snapshots.OwnedQuery{Limit: 2, Offset: 1, Descendants: true}, "yx", 4}, {w.North, snapshots.OwnedQuery{Limit: 2, Offset: 9, Descendants: true}, "", 4},
			{w.North, snapshots.OwnedQuery{Limit: 10, Setup: own, Descendants: true}, "x", 1}, {w.Harbour, snapshots.OwnedQuery{Limit: 10, Setup: shared}, "y", 1},
		} {
			page, total, err := w.Store.Owned(ctx, w.Scope(row.acting, tenancy.Reader), row.query)
			w.Must(err)
			got := ""
			for _, c := range page {
				got += c.Entity.ClientID
			}
			if got != row.want || total != row.total {
				t.Errorf("%s asks for %+v: %q of %d", w.OrgName(row.acting), row.query, got, total)
			}
		}
		_, _, err := w.Store.Owned(ctx, w.Admin(w.South), snapshots.OwnedQuery{Limit: 10, Setup: own})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
	})
}

func TestLastUsed(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		secret, err := w.Store.GenerateSecret("0123456789abcdef0123456789")
		w.Must(err)
		doc := snapshotstest.Named("shop")
		doc.TokenEndpointAuthMethod = "client_secret_basic"
		ch := snapshotstest.To(doc)
		ch.Secret, ch.Token = secret, w.Store.GenerateToken("test", "token", "token")
		made, idle := w.NewClient(w.Admin(w.North), "shop", ch), w.NewClient(w.Admin(w.North), "idle", snapshotstest.To(doc))
		scope := w.Admin(w.North)
		last := func() int64 {
			uses, err := w.Store.LastUsed(ctx, scope, made.Entity.ID, idle.Entity.ID)
			w.Must(err)
			if uses[1] != 0 {
				t.Error("a client that was never used has a last use")
			}
			return int64(uses[0])
		}
		if last() != 0 {
			t.Error("used before it was")
		}
		size := w.Log.Size()
		_, err = w.Store.VerifySecret(ctx, w.Setup, "shop", "client_secret_basic", "wrong")
		w.Refused(err, fault.Unauthenticated, "")
		if last() != 0 {
			t.Error("a secret that does not hold counts as a use")
		}
		_, err = w.Store.VerifySecret(ctx, w.Setup, "shop", "client_secret_basic", "0123456789abcdef0123456789")
		w.Must(err)
		first := last()
		if first == 0 || w.Count("SELECT count(*) FROM client_use") != 0 {
			t.Errorf("last use %d, and %d rows before a flush", first, w.Count("SELECT count(*) FROM client_use"))
		}
		w.Must(w.Store.Flush(ctx))
		w.Tick()
		_, _, err = w.Store.VerifyToken(ctx, w.Setup, "shop", "test", "token")
		w.Must(err)
		second := last()
		if second <= first || w.Count("SELECT last_used FROM client_use") != first {
			t.Errorf("then %d, stored %d", second, w.Count("SELECT last_used FROM client_use"))
		}
		w.Must(w.Store.Flush(ctx))
		w.Must(w.Store.Flush(ctx)) // nothing new
		if w.Log.Size() != size {
			t.Error("a use is in the log")
		}
		w.Reopen(db.Options{})
		scope = w.Admin(w.North)
		if got := last(); got != second {
			t.Errorf("after a restart %d, want %d", got, second)
		}
		w.Sound()
	})
}
