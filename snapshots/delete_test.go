package snapshots_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// gone fails unless a client is unknown to every read and write.
func gone(t *testing.T, w *snapshotstest.World, scope tenancy.Scope, ref snapshots.Ref, code string) {
	t.Helper()
	_, err := snapshots.Resolve[client](ctx, w.Store, scope, snapshots.ByRef(ref), snapshots.Instant{})
	w.Refused(err, fault.NotFound, code)
	_, err = snapshots.Snapshots[client](ctx, w.Store, scope, ref, nil, true)
	w.Refused(err, fault.NotFound, code)
	_, err = snapshots.Snapshot[client](ctx, w.Store, scope, snapshots.ByRef(ref), "0123456789abcdef0123456789abcdef")
	w.Refused(err, fault.NotFound, code)
	_, err = snapshots.Edit(ctx, w.Store, scope, ref, snapshotstest.To(full()))
	w.Refused(err, fault.NotFound, code)
	w.Refused(snapshots.Delete[client](ctx, w.Store, scope, ref, nil), fault.NotFound, code)
	w.Refused(snapshots.Withdraw[client](ctx, w.Store, scope, ref, "0123456789abcdef0123456789abcdef"), fault.NotFound, code)
}

// deleted fails unless the client_id's client is found as deleted, and by those
// who may not see history not at all.
func deleted(t *testing.T, w *snapshotstest.World, scope tenancy.Scope, id snapshots.EntityID, clientID string) {
	t.Helper()
	name := snapshots.ByClientID(snapshotstest.Module, w.Setup, clientID)
	found, state, err := w.Store.Find(ctx, scope, name)
	if w.Must(err); found.ID != id || state != snapshots.Deleted {
		t.Errorf("%s is %s in state %d, want %s deleted", clientID, found.ID, state, id)
	}
	_, _, err = w.Store.Find(ctx, w.Scope(w.North, tenancy.Reader), name)
	w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
}

func TestDelete(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		ch := snapshotstest.To(snapshotstest.Named("first"))
		ch.Secret = generated(t, w, "the first secret of the shop")
		made := w.NewClient(admin, "shop", ch)
		id, ref := made.Entity.ID, w.Ref(made.Entity.ID)
		w.Tick()
		ch = snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Minute))
		ch.Secret = generated(t, w, "the secret of the plan")
		plan := w.Edit(admin, id, ch)
		w.Active(admin, id)
		w.Tick()
		from := w.Log.Size()
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, ref, seen(made.ID)))

		gone(t, w, admin, ref, fault.CodeClientUnknown)
		deleted(t, w, admin, id, "shop")
		var kinds []string
		for _, e := range w.Events(from) {
			kinds = append(kinds, string(e.Kind))
			if e.Kind == "client.withdrawn" && e.Ref != string(plan.ID) {
				t.Errorf("withdrawn %s", e.Ref)
			}
		}
		if want := []string{"client.deleted", "client.withdrawn", "client.secret-ended"}; !slices.Equal(kinds, want) {
			t.Errorf("events %v, want %v", kinds, want)
		}
		w.Clock.Advance(time.Hour) // the plan's instant passes
		gone(t, w, admin, ref, fault.CodeClientUnknown)
		if n := w.Count("SELECT count(*) FROM snapshot WHERE entity_id = ?", id); n != 3 {
			t.Errorf("%d rows, want the two snapshots and the tombstone", n)
		}
		w.Reopen(db.Options{})
		gone(t, w, w.Admin(w.North), ref, fault.CodeClientUnknown)
	})
}

func TestDeletePlannedOnly(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		plan := w.NewClient(admin, "shop", snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Minute)))
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(plan.Entity.ID), nil))
		gone(t, w, admin, w.Ref(plan.Entity.ID), fault.CodeClientUnknown)
		w.Clock.Advance(time.Hour)
		gone(t, w, admin, w.Ref(plan.Entity.ID), fault.CodeClientUnknown)
		if again := w.NewClient(admin, "shop", snapshotstest.To(full())); again.Entity.Incarnation != 2 {
			t.Errorf("incarnation %d", again.Entity.Incarnation)
		}
	})
}

// TestIncarnations: a deleted client's id may be taken again by its owner or
// by an ancestor of that, never by others.
func TestIncarnations(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		// A setup of the root, so that north and south are siblings in it.
		w.Setup = w.NewSetup(w.Admin(w.Root), snapshotstest.MinimalSetup("shared")).Entity.ID
		take := func(org tenancy.OrgID) (snapshots.Outcome[client], error) {
			w.Tick()
			return w.Store.CreateClient(ctx, w.Admin(org), snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "shop"},
				snapshotstest.To(snapshotstest.Named("shop")))
		}
		var ids []snapshots.EntityID
		for i, org := range []tenancy.OrgID{w.Harbour, w.Harbour, w.North} {
			made, err := take(org)
			w.Must(err)
			if made.Entity.Incarnation != int64(i)+1 || slices.Contains(ids, made.Entity.ID) || made.Base != "" {
				t.Errorf("incarnation %d, %+v", made.Entity.Incarnation, made.Version)
			}
			ids = append(ids, made.Entity.ID)
			found, _, err := w.Store.Find(ctx, w.Admin(w.Root), snapshots.ByClientID(snapshotstest.Module, w.Setup, "shop"))
			if w.Must(err); found.ID != made.Entity.ID {
				t.Errorf("the client_id means %s, want %s", found.ID, made.Entity.ID)
			}
			for _, other := range []tenancy.OrgID{w.South, w.North, w.Root} { // held: by nobody else, not even by those above
				_, err = take(other)
				w.Refused(err, fault.Conflict, fault.CodeIDTaken)
				if f := fault.Of(err); len(f.Fields) != 1 || f.Fields[0].Path != "/client_id" {
					t.Errorf("%+v", f.Fields)
				}
			}
			w.Must(snapshots.Delete[client](ctx, w.Store, w.Admin(org), w.Ref(made.Entity.ID), nil))
			_, err = take(w.South)
			w.Refused(err, fault.Conflict, fault.CodeIDTaken)
		}
		// North's now, so not even its former owner below it.
		_, err := take(w.Harbour)
		w.Refused(err, fault.Conflict, fault.CodeIDTaken)
		last, err := take(w.Root)
		if w.Must(err); last.Entity.Incarnation != 4 || last.Entity.Owner != w.Root {
			t.Errorf("%+v", last.Entity)
		}
	})
}

// TestDeletedSetup: its clients go with it, by one row.
func TestDeletedSetup(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		north, harbour := w.Admin(w.North), w.Admin(w.Harbour)
		srv, err := w.Store.CreateResourceServer(ctx, north, snapshotstest.Module, w.Setup, snapshotstest.To(server{Name: "rs"}))
		w.Must(err)
		var ids []snapshots.EntityID
		for _, name := range []string{"a", "b", "c"} {
			ids = append(ids, w.NewClient(harbour, name, snapshotstest.To(snapshotstest.Named(name))).Entity.ID)
		}
		w.NewClient(harbour, "plan", snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
		for _, id := range ids {
			w.Active(harbour, id)
		}
		w.Tick()
		w.Refused(snapshots.Delete[setup](ctx, w.Store, harbour, snapshots.SetupRef(snapshotstest.Module, w.Setup), nil), fault.Forbidden, "")
		rows, size := w.Count("SELECT count(*) FROM snapshot"), w.Log.Size()
		for _, said := range []int64{0, 3, 5} {
			w.Refused(w.Store.DeleteSetup(ctx, north, snapshots.SetupRef(snapshotstest.Module, w.Setup), nil, said), fault.Conflict, fault.CodeNotEmpty)
		}
		w.Must(w.Store.DeleteSetup(ctx, north, snapshots.SetupRef(snapshotstest.Module, w.Setup), nil, 4))
		if n := w.Count("SELECT count(*) FROM snapshot"); n != rows+1 || w.Log.Size() != size+1 {
			t.Errorf("%d rows were %d, %d events were %d", n, rows, w.Log.Size(), size)
		}
		for _, id := range ids {
			gone(t, w, harbour, w.Ref(id), fault.CodeSetupUnknown)
		}
		ref := snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup, Entity: srv.Entity.ID}
		_, err = snapshots.Resolve[server](ctx, w.Store, north, snapshots.ByRef(ref), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		_, err = snapshots.List[client](ctx, w.Store, north, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		deleted(t, w, north, ids[0], "a")
		_, err = w.Store.CreateClient(ctx, harbour, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "d"}, snapshotstest.To(full()))
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		_, err = w.Store.CreateResourceServer(ctx, north, snapshotstest.Module, w.Setup, snapshotstest.To(server{Name: "rs"}))
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		_, err = snapshots.Edit(ctx, w.Store, north, snapshots.SetupRef(snapshotstest.Module, w.Setup), snapshotstest.To(snapshotstest.MinimalSetup("x")))
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		w.Refused(w.Store.SetPolicy(ctx, north, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: "keep", ScopeCheck: "never"}), fault.NotFound, fault.CodeSetupUnknown)

		// What is gone does not keep an organization from being deleted or moved.
		w.Must(w.DB.Write(ctx, func(tx *db.Tx) error {
			holds, err := snapshots.Contents().Holds(&tx.Conn, []tenancy.OrgID{w.Harbour})
			if holds.Any() {
				t.Errorf("the clients of a deleted setup count: %s", holds)
			}
			return err
		}))
		_, err = w.Tenancy.MoveOrganization(ctx, w.Admin(w.Root), w.Harbour, w.South, w.Store.KeepsClients)
		w.Must(err)
	})
}

// TestDeletedOrganization: what it and everything below it owns goes with it, by one row.
func TestDeletedOrganization(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		north, quay := w.Admin(w.North), w.Admin(w.Quay)
		quays := w.NewClient(quay, "quays", snapshotstest.To(snapshotstest.Named("quays"))).Entity.ID
		norths := w.NewClient(north, "norths", snapshotstest.To(snapshotstest.Named("norths"))).Entity.ID
		own := w.NewSetup(w.Admin(w.Harbour), snapshotstest.MinimalSetup("harbour's"))
		w.Active(quay, quays)
		for _, c := range []struct {
			orgs []tenancy.OrgID
			want string
		}{
			{[]tenancy.OrgID{w.Quay}, "1 client"}, {[]tenancy.OrgID{w.South}, ""},
			{[]tenancy.OrgID{w.Harbour, w.Quay}, "1 organization, 1 setup and 1 client"},
			{[]tenancy.OrgID{w.North, w.Harbour, w.Quay}, "2 organizations, 2 setups and 2 clients"},
		} {
			w.Must(w.DB.View(ctx, func(conn *db.Conn) error {
				holds, err := snapshots.Contents().Holds(conn, c.orgs)
				if holds.String() != c.want {
					t.Errorf("%v hold %q, want %q", c.orgs, holds, c.want)
				}
				return err
			}))
		}
		err := w.Tenancy.DeleteOrganization(ctx, north, w.Quay, false, snapshots.Contents())
		w.Refused(err, fault.Conflict, fault.CodeNotEmpty)
		rows, size := w.Count("SELECT count(*) FROM snapshot"), w.Log.Size()
		w.Must(w.Tenancy.DeleteOrganization(ctx, north, w.Harbour, true, snapshots.Contents()))
		if n := w.Count("SELECT count(*) FROM snapshot"); n != rows || w.Log.Size() != size+1 {
			t.Errorf("%d rows were %d, %d events were %d", n, rows, w.Log.Size(), size)
		}
		gone(t, w, north, w.Ref(quays), fault.CodeClientUnknown)
		gone(t, w, w.Admin(w.Root), w.Ref(quays), fault.CodeClientUnknown)
		w.Active(north, norths)
		_, err = snapshots.Resolve[setup](ctx, w.Store, north, snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, own.Entity.ID)), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		list, err := snapshots.List[client](ctx, w.Store, north, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{IncludeDeleted: true, AnyTime: true})
		if w.Must(err); len(list) != 1 || list[0].ID != norths {
			t.Errorf("listed %v", list)
		}
		setups, err := snapshots.List[setup](ctx, w.Store, north, snapshots.Ref{Module: snapshotstest.Module}, snapshots.Filter{})
		if w.Must(err); len(setups) != 1 || setups[0].ID != w.Setup {
			t.Errorf("listed %v", setups)
		}
		// A deleted organization may be carried out of a setup's subtree.
		link := w.MustOrg(w.North, "link")
		below := w.MustOrg(link, "below")
		out, err := w.Store.CreateClient(ctx, north, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "below's", Owner: below},
			snapshotstest.To(snapshotstest.Named("x")))
		w.Must(err)
		_, err = w.Tenancy.MoveOrganization(ctx, w.Admin(w.Root), link, w.South, w.Store.KeepsClients)
		w.Refused(err, fault.Conflict, "")
		w.Must(w.Tenancy.DeleteOrganization(ctx, north, below, true, snapshots.Contents()))
		_, err = w.Tenancy.MoveOrganization(ctx, w.Admin(w.Root), link, w.South, w.Store.KeepsClients)
		w.Must(err)
		gone(t, w, w.Admin(w.Root), w.Ref(out.Entity.ID), fault.CodeClientUnknown)
		// The id is the ancestors' to take again.
		w.Tick()
		if again := w.NewClient(north, "quays", snapshotstest.To(full())); again.Entity.Incarnation != 2 {
			t.Errorf("incarnation %d", again.Entity.Incarnation)
		}
	})
}

// TestDeletedInTheSameBatch: a change behind a deletion in the same
// transaction finds nothing, although neither the clock nor memory has come to
// the deletion's instant yet: it is a millisecond after another change.
func TestDeletedInTheSameBatch(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		const m = snapshotstest.Module
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a"))).Entity.ID
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
		other := w.NewSetup(admin, snapshotstest.MinimalSetup("other")).Entity.ID
		inside, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: m, Setup: other, ClientID: "inside"}, snapshotstest.To(full()))
		w.Must(err)
		insideRef := snapshots.Ref{Module: m, Setup: other, Entity: inside.Entity.ID}
		edit := func(ref snapshots.Ref) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := snapshots.Edit(ctx, w.Store, admin, ref, adding("https://x.example/"))
				return err
			}
		}
		remove := func(ref snapshots.Ref) func(ctx context.Context) error {
			return func(ctx context.Context) error { return snapshots.Delete[client](ctx, w.Store, admin, ref, nil) }
		}
		steps := []struct {
			want string
			run  func(ctx context.Context) error
		}{
			{ok, edit(w.Ref(id))},
			{ok, remove(w.Ref(id))},
			{noClient, edit(w.Ref(id))},
			{noClient, remove(w.Ref(id))},
			{noClient, func(ctx context.Context) error {
				return snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID)
			}},
			{ok, func(ctx context.Context) error {
				_, err := snapshots.Edit(ctx, w.Store, admin, snapshots.SetupRef(m, other), snapshotstest.To(documenttest.FullSetup()))
				return err
			}},
			{ok, func(ctx context.Context) error {
				return w.Store.DeleteSetup(ctx, admin, snapshots.SetupRef(m, other), nil, 1)
			}},
			{noSetup, edit(insideRef)},
			{noSetup, remove(insideRef)},
			{noSetup, func(ctx context.Context) error {
				return w.Store.SetPolicy(ctx, admin, m, other, snapshots.Policy{OnStalePlan: "keep", ScopeCheck: "never"})
			}},
			{noSetup, func(ctx context.Context) error {
				_, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: m, Setup: other, ClientID: "x"}, snapshotstest.To(full()))
				return err
			}},
		}
		w.Tick()
		var writes []func(ctx context.Context) error
		for _, step := range steps {
			writes = append(writes, step.run)
		}
		for i, err := range hold(t, w, func() {}, writes...) {
			if got := outcome(err); got != steps[i].want {
				t.Errorf("step %d: %s (%v), want %s", i, got, err, steps[i].want)
			}
		}
	})
}
