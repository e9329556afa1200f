package snapshots_test

import (
	"fmt"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// at asks for a client as it was.
func at(w *snapshotstest.World, scope tenancy.Scope, id snapshots.EntityID, when history.Millis) (snapshots.Resolved[client], error) {
	return snapshots.Resolve[client](ctx, w.Store, scope, snapshots.ByEntity(id), snapshots.Instant{At: &when})
}

// moment lets a second pass and is the instant between.
func moment(w *snapshotstest.World) history.Millis {
	w.Tick()
	now := w.Clock.Millis()
	w.Tick()
	return now
}

// TestRestoreClient: a deleted client comes back as it was, by one snapshot more.
// Its secrets and tokens stay ended, its plans withdrawn, and the time between says
// for ever that it was deleted.
func TestRestoreClient(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.Harbour)
		secret, err := w.Store.GenerateSecret("0123456789abcdef0123456789abcdef")
		w.Must(err)
		token := w.Store.GenerateToken("test", "tok", "tok")
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret, ch.Token = secret, token
		id := w.NewClient(admin, "shop", ch).Entity.ID
		w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
		if found, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.Anywhere("shop", ""), snapshots.Instant{}); err != nil || found.Entity.ID != id {
			t.Fatal(err)
		}
		before := moment(w)
		_, _, err = w.Store.RestoreClient(ctx, admin, id, "")
		w.Refused(err, fault.Conflict, fault.CodeNotDeleted)
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(id), nil))
		_, err = snapshots.Resolve[client](ctx, w.Store, admin, snapshots.Anywhere("shop", ""), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		between := moment(w)
		for _, org := range []tenancy.OrgID{w.South, w.Quay} {
			_, _, err = w.Store.RestoreClient(ctx, w.Admin(org), id, "")
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		}
		rows := w.Count("SELECT count(*) FROM snapshot")
		out, lost, err := w.Store.RestoreClient(ctx, admin, id, "")
		w.Must(err)
		if !out.Changed || out.Entity.ID != id || out.Content.ClientName != "shop" || len(lost) != 1 || lost[0].ID != secret.ID ||
			w.Count("SELECT count(*) FROM snapshot") != rows+1 {
			t.Errorf("%+v, lost %+v", out, lost)
		}
		if events := w.Events(w.Log.Size() - 1); events[0].Kind != "client.restored" || events[0].Ref != string(out.ID) {
			t.Errorf("%+v", events)
		}
		w.Tick()
		for _, name := range []snapshots.Name{snapshots.ByRef(w.Ref(id)), snapshots.Anywhere("shop", ""), snapshots.ByClientID("", w.Setup, "shop")} {
			if found, err := snapshots.Resolve[client](ctx, w.Store, admin, name, snapshots.Instant{}); err != nil || found.ID != out.ID || found.NextValidFrom != 0 {
				t.Errorf("%+v: %v", found, err)
			}
		}
		_, err = w.Store.VerifySecret(ctx, w.Setup, "shop", "client_secret_basic", "0123456789abcdef0123456789abcdef")
		w.Refused(err, fault.Unauthenticated, "")
		_, _, err = w.Store.VerifyToken(ctx, w.Setup, "shop", "test", "tok")
		w.Refused(err, fault.Unauthenticated, "")
		if found, err := at(w, admin, id, before); err != nil || found.Content.ClientName != "shop" {
			t.Error(err)
		}
		_, err = at(w, admin, id, between)
		w.Refused(err, fault.Gone, fault.CodeDeleted)
		after := moment(w)
		if found, err := at(w, admin, id, after); err != nil || found.ID != out.ID {
			t.Error(err)
		}
		for when, n := range map[history.Millis]int{before: 1, between: 0, after: 1} {
			owned, total, err := w.Store.Owned(ctx, admin, snapshots.OwnedQuery{Limit: 5, In: snapshots.Instant{At: &when}})
			if w.Must(err); total != int64(n) || len(owned) != n {
				t.Errorf("%d clients at %d", total, when)
			}
			list, err := snapshots.List[client](ctx, w.Store, admin, w.Ref(""), snapshots.Filter{At: &when})
			if w.Must(err); len(list) != n {
				t.Errorf("%d listed at %d", len(list), when)
			}
		}
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(id), nil)) // and once more
		_, err = at(w, admin, id, after)
		w.Must(err)
		w.Tick()
		again := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("new")))
		_, _, err = w.Store.RestoreClient(ctx, admin, id, "")
		w.Refused(err, fault.Conflict, fault.CodeIDTaken)
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(again.Entity.ID), nil))
		_, err = w.Store.Erase(ctx, admin, again.Entity.ID, snapshots.Erasure{Reason: "asked to"})
		w.Must(err)
		_, _, err = w.Store.RestoreClient(ctx, admin, again.Entity.ID, "")
		w.Refused(err, fault.Gone, fault.CodeErased)
		plan := w.NewClient(admin, "plan", snapshotstest.ToAt(snapshotstest.Named("x"), w.In(time.Hour)))
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(plan.Entity.ID), nil))
		_, _, err = w.Store.RestoreClient(ctx, admin, plan.Entity.ID, "")
		w.Refused(err, fault.Conflict, fault.CodeNotDeleted)
	})
}

// TestRestoreSetup: what was in it comes back, what proves a client does not.
func TestRestoreSetup(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		north, harbour := w.Admin(w.North), w.Admin(w.Harbour)
		var ids []snapshots.EntityID
		for i := range 3 {
			secret, err := w.Store.GenerateSecret(fmt.Sprintf("0123456789abcdef0123456789abcde%d", i))
			w.Must(err)
			ch := snapshotstest.To(snapshotstest.Named("shop"))
			ch.Secret, ch.Token = secret, w.Store.GenerateToken("test", fmt.Sprint("tok", i), fmt.Sprint("tok", i))
			ids = append(ids, w.NewClient(harbour, fmt.Sprint("shop", i), ch).Entity.ID)
		}
		_, _, err := w.Store.CreateInitialToken(ctx, north, w.Setup, snapshots.InitialToken{Name: "i"})
		w.Must(err)
		w.Must(snapshots.Delete[client](ctx, w.Store, harbour, w.Ref(ids[2]), nil))
		before := moment(w)
		w.Must(snapshotstest.DeleteSetup(w.DB, w.Store, north, w.Setup))
		between := moment(w)
		_, _, err = w.Store.RestoreClient(ctx, harbour, ids[2], "")
		w.Refused(err, fault.Conflict, fault.CodeNotDeleted)
		_, err = w.Store.RestoreSetup(ctx, harbour, w.Setup)
		w.Refused(err, fault.Forbidden, "")
		_, err = w.Store.RestoreSetup(ctx, w.Admin(w.South), w.Setup)
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		out, err := w.Store.RestoreSetup(ctx, north, w.Setup)
		if w.Must(err); out.Content.Name != "plain" || out.Entity.ID != w.Setup {
			t.Errorf("%+v", out)
		}
		w.Tick()
		w.Active(harbour, ids[0])
		for i := range 2 {
			_, err = w.Store.VerifySecret(ctx, w.Setup, fmt.Sprint("shop", i), "client_secret_basic", fmt.Sprintf("0123456789abcdef0123456789abcde%d", i))
			w.Refused(err, fault.Unauthenticated, "")
			_, _, err = w.Store.VerifyToken(ctx, w.Setup, fmt.Sprint("shop", i), "test", fmt.Sprint("tok", i))
			w.Refused(err, fault.Unauthenticated, "")
		}
		if tokens, err := w.Store.InitialTokens(ctx, north, w.Setup, snapshots.Instant{}); err != nil || len(tokens) != 0 {
			t.Errorf("%v %v", tokens, err)
		}
		if found, err := at(w, harbour, ids[0], before); err != nil || found.Ends <= before || found.Ends >= between {
			t.Errorf("ends at %d, deleted between %d and %d: %v", found.Ends, before, between, err)
		}
		_, err = at(w, harbour, ids[0], between)
		w.Refused(err, fault.Gone, fault.CodeDeleted)
		after := moment(w)
		if found, err := at(w, harbour, ids[0], after); err != nil || found.Ends != 0 {
			t.Errorf("ends at %d: %v", found.Ends, err)
		}
		_, _, err = w.Store.RestoreClient(ctx, harbour, ids[2], "")
		w.Must(err)
		past, err := w.Store.History(ctx, north, ids[0], snapshots.Part{Limit: 100})
		if w.Must(err); past.EndedWith != nil {
			t.Errorf("ended with %+v", past.EndedWith)
		}
	})
}

// TestRestoreOrganization: everything below comes back, but for what was deleted by
// itself, for keys, secrets and tokens, and for clients whose id somebody has taken.
func TestRestoreOrganization(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		root, north, quay := w.Admin(w.Root), w.Admin(w.North), w.Admin(w.Quay)
		secret, err := w.Store.GenerateSecret("0123456789abcdef0123456789abcdef")
		w.Must(err)
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret = secret
		kept := w.NewClient(quay, "kept", ch).Entity.ID
		taken := w.NewClient(quay, "taken", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		gone := w.MustOrg(w.Harbour, "gone")
		w.Must(w.Tenancy.DeleteOrganization(ctx, north, gone, false, snapshots.Contents()))
		before := moment(w)
		w.Must(w.Tenancy.DeleteOrganization(ctx, north, w.Harbour, true, snapshots.Contents()))
		between := moment(w)
		newer := w.NewClient(north, "taken", snapshotstest.To(snapshotstest.Named("newer"))).Entity.ID
		for _, id := range []tenancy.OrgID{gone, w.Quay, w.North} { // below a deleted one, or not deleted
			_, err = w.Tenancy.RestoreOrganization(ctx, root, id, w.Store.Restoring())
			w.Refused(err, fault.Conflict, fault.CodeNotDeleted)
		}
		_, _, err = w.Store.RestoreClient(ctx, north, kept, "")
		w.Refused(err, fault.Conflict, fault.CodeNotDeleted)
		_, err = w.Tenancy.RestoreOrganization(ctx, w.Admin(w.South), w.Harbour, w.Store.Restoring())
		w.Refused(err, fault.NotFound, fault.CodeOrgUnknown)
		o, err := w.Tenancy.RestoreOrganization(ctx, north, w.Harbour, w.Store.Restoring())
		if w.Must(err); o.Name != "harbour" || o.Parent != w.North {
			t.Errorf("%+v", o)
		}
		w.Tick()
		for _, c := range []struct {
			org  tenancy.OrgID
			here bool
		}{{w.Harbour, true}, {w.Quay, true}, {gone, false}} {
			if _, err := w.Tenancy.Organization(north, c.org); (err == nil) != c.here {
				t.Errorf("%s: %v", w.OrgName(c.org), err)
			}
		}
		keys, err := w.Tenancy.Keys(ctx, north)
		w.Must(err)
		for _, k := range keys {
			if k.Org == w.Harbour || k.Org == w.Quay {
				t.Errorf("key %+v is back", k)
			}
		}
		w.Active(north, kept)
		w.Active(north, newer)
		_, err = snapshots.Resolve[client](ctx, w.Store, north, snapshots.ByEntity(taken), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		_, err = w.Store.VerifySecret(ctx, w.Setup, "kept", "client_secret_basic", "0123456789abcdef0123456789abcdef")
		w.Refused(err, fault.Unauthenticated, "")
		if found, err := at(w, north, kept, before); err != nil || found.Ends <= before || found.Ends >= between {
			t.Errorf("ends at %d: %v", found.Ends, err)
		}
		_, err = at(w, north, kept, between)
		w.Refused(err, fault.Gone, fault.CodeDeleted)
		if found, err := at(w, north, kept, moment(w)); err != nil || found.Ends != 0 {
			t.Errorf("ends at %d: %v", found.Ends, err)
		}
		if _, err := w.Tenancy.OrganizationAsOf(ctx, north, w.Harbour, between.Micros()); !fault.HasCode(err, fault.CodeDeleted) {
			t.Errorf("between: %v", err)
		}
		// What was carried out of its setup's subtree while it was deleted does not come back.
		link := w.MustOrg(w.North, "link")
		below := w.MustOrg(link, "below")
		_, err = w.Store.CreateClient(ctx, north, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "below's", Owner: below}, snapshotstest.To(snapshotstest.Named("x")))
		w.Must(err)
		w.Must(w.Tenancy.DeleteOrganization(ctx, north, below, true, snapshots.Contents()))
		_, err = w.Tenancy.MoveOrganization(ctx, root, link, w.South, w.Store.KeepsClients)
		w.Must(err)
		_, err = w.Tenancy.RestoreOrganization(ctx, root, below, w.Store.Restoring())
		w.Refused(err, fault.Conflict, "")
	})
}

// TestRestoreEndsManySecrets: more than one transaction ends, in several.
func TestRestoreEndsManySecrets(t *testing.T) {
	w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{})
	north, quay := w.Admin(w.North), w.Admin(w.Quay)
	for i := range 503 {
		secret, err := w.Store.GenerateSecret(fmt.Sprintf("0123456789abcdef0123456789a%05d", i))
		if err != nil {
			t.Fatal(err)
		}
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret = secret
		if _, err := w.Store.CreateClient(ctx, quay, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: fmt.Sprint("shop", i), Surface: "test"}, ch); err != nil {
			t.Fatal(err)
		}
	}
	live := "SELECT count(*) FROM client_secret c WHERE NOT EXISTS (SELECT 1 FROM secret_end x WHERE x.secret_id = c.secret_id)"
	w.Must(w.Tenancy.DeleteOrganization(ctx, north, w.Quay, true, snapshots.Contents()))
	w.Tick()
	_, err := w.Tenancy.RestoreOrganization(ctx, north, w.Quay, w.Store.Restoring())
	if w.Must(err); w.Count(live) != 0 {
		t.Errorf("%d secrets live", w.Count(live))
	}
}
