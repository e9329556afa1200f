package snapshots_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// full is FullClient with one source of keys, as the rules want it.
func full() client {
	doc := documenttest.FullClient()
	doc.JWKSURI = ""
	return doc
}

func same[T document.Content](t *testing.T, got *T, want T) {
	t.Helper()
	if got == nil || !bytes.Equal(document.Encode(got), document.Encode(&want)) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		from := w.Log.Size()
		out := w.NewClient(admin, "shop", snapshotstest.To(full()))
		same(t, out.Content, full())
		same(t, out.Setup.Content, snapshotstest.MinimalSetup("plain"))
		e := out.Entity
		if e.Kind != snapshots.KindClient || e.Module != snapshotstest.Module || e.Setup != w.Setup || e.Owner != w.North ||
			e.Incarnation != 1 || len(e.ID) != 32 || e.RecordedAt != out.RecordedAt {
			t.Errorf("entity %+v", e)
		}
		if out.ValidFrom != w.Clock.Millis() || out.RecordedAt.Millis() != out.ValidFrom || out.Attempt != 1 || out.Base != "" ||
			out.Tombstone || out.Imported || out.NextValidFrom != 0 || len(out.ID) != 32 {
			t.Errorf("snapshot %+v", out.Version)
		}
		events := w.Events(from)
		if len(events) != 1 {
			t.Fatalf("%d events", len(events))
		}
		want := history.Envelope{Version: 2, Kind: "client.published", ObjectKind: "client", Object: string(e.ID), Seq: 1,
			Ref: string(out.ID), Org: string(w.North), Actor: "key:" + admin.Principal().KeyID, ActingOrg: string(w.North),
			Surface: "test", Reason: "because of a test", RecordedAt: out.RecordedAt, Effective: out.ValidFrom,
			Content: events[0].Content, Rows: events[0].Rows}
		if named := want.Rows; len(named) != 2 || named[0].Table != "entity" || !slices.Equal(named[0].Key, []string{string(e.ID)}) ||
			named[1].Table != "snapshot" || !slices.Equal(named[1].Key, []string{string(out.ID)}) {
			t.Errorf("the event names the rows %v", named)
		}
		if !reflect.DeepEqual(events[0], want) || len(events[0].Content) != 64 {
			t.Errorf("event %+v\nwant %+v", events[0], want)
		}

		found := w.Active(admin, e.ID)
		if !reflect.DeepEqual(found, out.Resolved) {
			t.Errorf("resolved %+v\ncreated %+v", found, out.Resolved)
		}
		again, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(e.ID)), out.ID)
		if err != nil || !reflect.DeepEqual(again, out.Resolved) {
			t.Errorf("read by id: %+v, %v\ncreated %+v", again, err, out.Resolved)
		}
	})
}

func TestCreateSetupsAndServers(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		made := w.NewSetup(admin, documenttest.FullSetup())
		if made.Entity.Setup != made.Entity.ID || made.Entity.Owner != w.North || made.Setup.ID != made.ID {
			t.Errorf("setup %+v", made)
		}
		found, err := snapshots.Resolve[setup](ctx, w.Store, admin, snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, made.Entity.ID)), snapshots.Instant{})
		w.Must(err)
		same(t, found.Content, documenttest.FullSetup())

		srv, err := w.Store.CreateResourceServer(ctx, w.Admin(w.Root), snapshotstest.Module, made.Entity.ID, snapshotstest.To(documenttest.FullResourceServer()))
		w.Must(err)
		if srv.Entity.Owner != w.North || srv.Entity.Setup != made.Entity.ID {
			t.Errorf("resource server %+v", srv.Entity)
		}
		ref := snapshots.Ref{Module: snapshotstest.Module, Setup: made.Entity.ID, Entity: srv.Entity.ID}
		read, err := snapshots.Resolve[server](ctx, w.Store, admin, snapshots.ByRef(ref), snapshots.Instant{})
		w.Must(err)
		same(t, read.Content, documenttest.FullResourceServer())

		_, err = w.Store.CreateSetup(ctx, admin, "nowhere", snapshotstest.To(documenttest.FullSetup()))
		w.Refused(err, fault.NotFound, fault.CodeModuleUnknown)
		w.Refused(w.Store.CreateModule(ctx, w.Admin(w.Root), snapshotstest.Module), fault.Conflict, fault.CodeIDTaken)
		w.RefusedAt(w.Store.CreateModule(ctx, w.Admin(w.Root), "No"), "/name", "name")
		w.Must(w.Store.CreateModule(ctx, w.Admin(w.Root), "saml"))
		names, err := w.Store.Modules(ctx, w.Scope(w.South, tenancy.Reader), snapshots.Instant{})
		if w.Must(err); !slices.Equal(names, []string{"oauthv2", "saml"}) {
			t.Errorf("modules %q", names)
		}
		_, err = snapshots.Resolve[setup](ctx, w.Store, admin, snapshots.ByRef(snapshots.SetupRef("saml", made.Entity.ID)), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
	})
}

func TestEdit(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		first := w.NewClient(admin, "shop", snapshotstest.To(full()))
		id := first.Entity.ID
		w.Tick()
		var saw *client
		var sawSetup *setup
		second := w.Edit(admin, id, snapshots.Change[client]{Apply: func(base *client, s *setup) (*client, error) {
			saw, sawSetup = base, s
			next := *base
			next.ClientName = "Quay"
			return &next, nil
		}})
		same(t, saw, full())
		same(t, sawSetup, snapshotstest.MinimalSetup("plain"))
		want := full()
		want.ClientName = "Quay"
		same(t, second.Content, want)
		if !second.Changed || second.Base != first.ID || second.Entity != first.Entity || second.ValidFrom != w.Clock.Millis() {
			t.Errorf("second %+v", second)
		}
		same(t, w.Active(admin, id).Content, want)
		if ids := w.History(admin, id, true); !slices.Equal(ids, []snapshots.SnapshotID{first.ID, second.ID}) {
			t.Errorf("history %v", ids)
		}
		past, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), first.ID)
		w.Must(err)
		same(t, past.Content, full())
		if past.NextValidFrom != second.ValidFrom {
			t.Errorf("the first is followed at %d, want %d", past.NextValidFrom, second.ValidFrom)
		}
		events := w.Events(0)
		last := events[len(events)-1]
		if last.Kind != "client.changed" || last.Ref != string(second.ID) || last.Seq != 2 {
			t.Errorf("event %+v", last)
		}
	})
}

// TestIdenticalEditAppendsNothing: neither a row nor an event, at once or
// scheduled, and what is answered is what stands.
func TestIdenticalEditAppendsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		made := w.NewClient(admin, "shop", snapshotstest.To(full()))
		rows, size := w.Count("SELECT count(*) FROM snapshot"), w.Log.Size()
		same := func(ch snapshots.Change[client]) {
			t.Helper()
			w.Tick()
			out := w.Edit(admin, made.Entity.ID, ch)
			if out.Changed || !reflect.DeepEqual(out.Resolved, made.Resolved) {
				t.Errorf("changed %t: %+v", out.Changed, out.Resolved)
			}
		}
		same(snapshotstest.To(full()))
		same(snapshotstest.ToAt(full(), w.In(time.Hour)))
		same(snapshots.Change[client]{Apply: func(base *client, _ *setup) (*client, error) { return base, nil }})
		copied := w.Active(admin, made.Entity.ID)
		same(snapshotstest.To(*copied.Content)) // GET, then the same back
		if n := w.Count("SELECT count(*) FROM snapshot"); n != rows || w.Log.Size() != size {
			t.Errorf("%d rows were %d, %d events were %d", n, rows, w.Log.Size(), size)
		}
	})
}

// seen wants the object to be at one of the versions, or at any if none is named.
func seen(ids ...snapshots.SnapshotID) snapshots.Match {
	return func(snapshot, _, _, _ string) error {
		if snapshot == "" || len(ids) > 0 && !slices.Contains(ids, snapshots.SnapshotID(snapshot)) {
			return fault.New(fault.PreconditionFailed, "", "it is at another version")
		}
		return nil
	}
}

func TestIfMatch(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		first := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a")))
		id := first.Entity.ID
		matching := func(name string, ids ...snapshots.SnapshotID) error {
			w.Tick()
			ch := snapshotstest.To(snapshotstest.Named(name))
			ch.Match = seen(ids...)
			_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), ch)
			return err
		}
		w.Must(matching("b", first.ID))
		w.Refused(matching("c", first.ID), fault.PreconditionFailed, "")
		second := w.Active(admin, id)
		if second.Content.ClientName != "b" {
			t.Fatalf("%q is active", second.Content.ClientName)
		}
		w.Must(matching("d", first.ID, second.ID)) // a list: any of them
		w.Must(matching("e"))                      // *: whatever is there
		w.Refused(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(id), seen(second.ID)), fault.PreconditionFailed, "")

		// The base of a planned change is what is in force then.
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
		ch := snapshotstest.ToAt(snapshotstest.Named("after"), w.In(2*time.Hour))
		ch.Match = seen(w.Active(admin, id).ID)
		_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), ch)
		w.Refused(err, fault.PreconditionFailed, "")
		ch.Match = seen(plan.ID)
		if after := w.Edit(admin, id, ch); after.Base != plan.ID {
			t.Errorf("base %s, want %s", after.Base, plan.ID)
		}

		// Nothing is there yet: even * fails.
		ch = snapshotstest.To(snapshotstest.Named("new"))
		ch.Match = seen()
		_, err = w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "new"}, ch)
		w.Refused(err, fault.PreconditionFailed, "")
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(id), seen()))
	})
}

// TestRefusedChangesLeaveNothing: not a row, not an event, not a step of the clock.
func TestRefusedChangesLeaveNothing(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		made := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a")))
		w.Tick()
		tables := []string{"entity", "snapshot", "snapshot_body", "entity_term", "client_secret", "log_event"}
		count := func() (n []int64) {
			for _, table := range tables {
				n = append(n, w.Count("SELECT count(*) FROM "+table))
			}
			return append(n, w.Count("SELECT clock FROM log_head"))
		}
		before := count()
		bad := snapshotstest.Named("bad")
		bad.RedirectURIs = []string{"https://a.example/#fragment"}
		create := func(doc client, id string) error {
			_, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: id}, snapshotstest.To(doc))
			return err
		}
		w.RefusedAt(create(bad, "bad"), "/redirect_uris/0", "redirect-uri-fragment")
		w.RefusedAt(create(snapshotstest.Named("x"), ""), "/client_id", "client-id")
		w.RefusedAt(create(snapshotstest.Named("x"), "a\x00b"), "/client_id", "client-id")
		w.Refused(create(snapshotstest.Named("x"), "shop"), fault.Conflict, fault.CodeIDTaken)
		_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshotstest.To(bad))
		w.RefusedAt(err, "/redirect_uris/0", "redirect-uri-fragment")

		// Faults of conversion, of the universal rules and of the dialect's come together.
		_, err = snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshots.Change[client]{
			Apply: func(*client, *setup) (*client, error) { return &bad, fault.At("/client_name", "json", "not a string") },
			Rules: []document.Rule[client]{{Name: "dialect", Check: func(document.Input[client]) []fault.Field {
				return []fault.Field{{Path: "/client_uri", Message: "no"}}
			}}}})
		w.RefusedAt(err, "/client_name", "json")
		w.RefusedAt(err, "/redirect_uris/0", "redirect-uri-fragment")
		w.RefusedAt(err, "/client_uri", "dialect")

		// A fault of another kind is the answer, alone.
		_, err = snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshots.Change[client]{
			Apply: func(*client, *setup) (*client, error) { return &bad, fault.New(fault.Unsupported, "", "no") }})
		w.Refused(err, fault.Unsupported, "")
		if after := count(); !slices.Equal(before, after) {
			t.Errorf("%v: %v before, %v after", tables, before, after)
		}
	})
}

// TestScopesDeclaredByPolicy: the dialect asks, unless the setup's policy
// decides.
func TestScopesDeclaredByPolicy(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a"))).Entity.ID
		with := func(asks bool, at *history.Millis, scopes ...string) error {
			w.Tick()
			doc := snapshotstest.Named("a")
			doc.Scopes = scopes
			ch := snapshotstest.ToAt(doc, at)
			ch.DialectChecksScopes = asks
			_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), ch)
			return err
		}
		policy := func(scopes string) {
			w.Tick()
			w.Must(w.Store.SetPolicy(ctx, admin, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: snapshots.StaleKeep, ScopeCheck: scopes}))
		}
		w.RefusedAt(with(true, nil, "orders"), "/scopes/0", "scope-declared")
		w.Must(with(false, nil, "orders"))
		w.Must(with(true, nil, "orders")) // stored already
		w.RefusedAt(with(true, nil, "orders", "lager"), "/scopes/1", "scope-declared")
		policy(snapshots.ScopesNever)
		w.Must(with(true, nil, "orders", "lager"))
		policy(snapshots.ScopesAlways)
		w.RefusedAt(with(false, nil, "x"), "/scopes/0", "scope-declared")

		// Declared from tomorrow on: a change of tomorrow may have it.
		_, err := w.Store.CreateResourceServer(ctx, admin, snapshotstest.Module, w.Setup,
			snapshotstest.ToAt(server{Name: "rs", Scopes: []document.Scope{{Name: "x"}}}, w.In(time.Hour)))
		w.Must(err)
		w.RefusedAt(with(false, nil, "x"), "/scopes/0", "scope-declared")
		w.Must(with(false, w.In(2*time.Hour), "x"))

		w.RefusedAt(w.Store.SetPolicy(ctx, admin, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: "?", ScopeCheck: "?"}), "/on_stale_plan", "enum")
		w.RefusedAt(w.Store.SetPolicy(ctx, admin, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: "keep", ScopeCheck: "?"}), "/scope_check", "enum")
	})
}
