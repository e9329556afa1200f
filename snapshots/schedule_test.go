package snapshots_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestScheduledChange: what resolves now stays, and changes at the planned
// instant without anything being written.
func TestScheduledChange(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		now := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("before")))
		id := now.Entity.ID
		w.Tick()
		at := w.In(2 * time.Second)
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("after"), at))
		if !plan.Changed || plan.ValidFrom != *at || plan.Base != now.ID || plan.Content.ClientName != "after" {
			t.Fatalf("plan %+v", plan)
		}
		if events := w.Events(0); events[len(events)-1].Kind != "client.scheduled" || events[len(events)-1].Effective != *at {
			t.Errorf("event %+v", events[len(events)-1])
		}
		size := w.Log.Size()
		names := func(want string, next history.Millis) {
			t.Helper()
			found := w.Active(admin, id)
			if found.Content.ClientName != want || found.NextValidFrom != next {
				t.Fatalf("at %d: %q, next %d; want %q, %d", w.Clock.Millis(), found.Content.ClientName, found.NextValidFrom, want, next)
			}
		}
		names("before", *at)
		names("before", *at) // from the cache
		w.Clock.Set(*at - 1)
		names("before", *at)
		w.Clock.Set(*at)
		names("after", 0)
		names("after", 0)
		w.Clock.Set(*at - 1) // the system's clock may step back
		names("before", *at)
		w.Clock.Set(*at)
		names("after", 0)
		if w.Log.Size() != size {
			t.Error("something was written")
		}
		w.Reopen(db.Options{})
		admin = w.Admin(w.North)
		names("after", 0)
		if ids := w.History(admin, id, false); !slices.Equal(ids, []snapshots.SnapshotID{now.ID, plan.ID}) {
			t.Errorf("history %v", ids)
		}
	})
}

// TestPlannedOnly: a client that is only planned is not there yet, holds its
// id, and can be edited, read by id and deleted.
func TestPlannedOnly(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		at := w.In(time.Hour)
		plan := w.NewClient(admin, "shop", snapshotstest.ToAt(snapshotstest.Named("later"), at))
		id := plan.Entity.ID
		if plan.ValidFrom != *at || plan.Base != "" {
			t.Errorf("plan %+v", plan.Version)
		}
		_, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		_, err = w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "shop"}, snapshotstest.To(full()))
		w.Refused(err, fault.Conflict, fault.CodeIDTaken)
		read, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), plan.ID)
		w.Must(err)
		same(t, read.Content, snapshotstest.Named("later"))

		w.Tick()
		var base *client
		now := w.Edit(admin, id, snapshots.Change[client]{Apply: func(b *client, _ *setup) (*client, error) {
			base = b
			doc := snapshotstest.Named("now")
			return &doc, nil
		}})
		if base != nil || now.Base != "" || now.NextValidFrom != *at {
			t.Errorf("base %v, %+v", base, now.Version)
		}
		if name := w.Active(admin, id).Content.ClientName; name != "now" {
			t.Errorf("%q is active", name)
		}
		w.Clock.Set(*at)
		if name := w.Active(admin, id).Content.ClientName; name != "later" {
			t.Errorf("%q is active", name)
		}
	})
}

func TestWithdraw(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		first := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		id, ref := first.Entity.ID, w.Ref(first.Entity.ID)
		w.Tick()
		second := w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("second")))
		w.Tick()
		at := w.In(time.Minute)
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		if w.Active(admin, id).NextValidFrom != *at {
			t.Error("the plan is not announced")
		}
		withdraw := func(which snapshots.SnapshotID) error {
			return snapshots.Withdraw[client](ctx, w.Store, admin, ref, which)
		}
		w.Refused(withdraw(first.ID), fault.Forbidden, fault.CodeNotFuture)
		w.Refused(withdraw(second.ID), fault.Forbidden, fault.CodeNotFuture)
		w.Refused(withdraw("0123456789abcdef0123456789abcdef"), fault.NotFound, fault.CodeSnapshotUnknown)
		w.Must(withdraw(plan.ID))
		events := w.Events(0)
		if e := events[len(events)-1]; e.Kind != "client.withdrawn" || e.Ref != string(plan.ID) || e.Content == "" {
			t.Errorf("event %+v", e)
		}
		w.Refused(withdraw(plan.ID), fault.NotFound, fault.CodeSnapshotUnknown)
		if w.Active(admin, id).NextValidFrom != 0 {
			t.Error("a withdrawn plan is still announced")
		}
		_, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(ref), plan.ID)
		w.Refused(err, fault.NotFound, fault.CodeSnapshotUnknown)
		if ids := w.History(admin, id, false); !slices.Equal(ids, []snapshots.SnapshotID{first.ID, second.ID}) {
			t.Errorf("history %v", ids)
		}
		if ids := w.History(admin, id, true); !slices.Equal(ids, []snapshots.SnapshotID{first.ID, second.ID, plan.ID}) {
			t.Errorf("history with withdrawn ones %v", ids)
		}

		// The instant is free again, even for the same bytes.
		retry := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		if retry.ID == plan.ID || retry.Attempt != 2 || retry.ValidFrom != *at {
			t.Errorf("planned again %+v", retry.Version)
		}
		w.Clock.Set(*at)
		if found := w.Active(admin, id); found.ID != retry.ID {
			t.Errorf("%s is active, want %s", found.ID, retry.ID)
		}
		w.Refused(withdraw(retry.ID), fault.Forbidden, fault.CodeNotFuture)
	})
}

// TestWithdrawnInstantComes: an immediate change at the very instant of a
// withdrawn plan is a second attempt.
func TestWithdrawnInstantComes(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first"))).Entity.ID
		w.Tick()
		at := w.In(time.Minute)
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID))
		w.Clock.Set(*at)
		out := w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("now")))
		if out.ValidFrom != *at || out.Attempt != 2 || w.Active(admin, id).ID != out.ID {
			t.Errorf("%+v", out.Version)
		}
	})
}

func TestWithdrawLastRemaining(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		one := w.NewClient(admin, "shop", snapshotstest.ToAt(snapshotstest.Named("one"), w.In(time.Hour)))
		ref := w.Ref(one.Entity.ID)
		w.Refused(snapshots.Withdraw[client](ctx, w.Store, admin, ref, one.ID), fault.Forbidden, fault.CodeLastSnapshot)
		two := w.Edit(admin, one.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("two"), w.In(2*time.Hour)))
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, ref, one.ID))
		w.Refused(snapshots.Withdraw[client](ctx, w.Store, admin, ref, two.ID), fault.Forbidden, fault.CodeLastSnapshot)
		w.Clock.Advance(2 * time.Hour)
		if found := w.Active(admin, one.Entity.ID); found.ID != two.ID {
			t.Errorf("%s is active", found.ID)
		}
	})
}

func TestEqualInstant(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		first := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		id := first.Entity.ID
		w.Tick()
		at := w.In(time.Minute)
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		size := w.Log.Size()
		again := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		if again.Changed || again.ID != plan.ID || w.Log.Size() != size {
			t.Errorf("a retry made %+v", again)
		}
		edit := func(name string, at history.Millis) error {
			_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.ToAt(snapshotstest.Named(name), &at))
			return err
		}
		err := edit("other", *at)
		w.Refused(err, fault.Conflict, fault.CodeInstantTaken)
		if f := fault.Of(err).Fields; len(f) != 1 || f[0].Path != "/valid_from" {
			t.Errorf("fields %+v", f)
		}
		for _, name := range []string{"first", "other"} {
			err := edit(name, first.ValidFrom)
			w.Refused(err, fault.Invalid, fault.CodeActiveInstant)
			w.RefusedAt(err, "/valid_from", "active-instant")
		}
		w.Clock.Set(*at + 1)
		w.Refused(edit("other", *at), fault.Invalid, fault.CodeActiveInstant)
	})
}

func TestNoBackDating(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first"))).Entity.ID
		w.Clock.Advance(time.Minute)
		edit := func(name string, back time.Duration) (snapshots.Outcome[client], error) {
			return snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.ToAt(snapshotstest.Named(name), w.In(-back)))
		}
		_, err := edit("older", 5001*time.Millisecond)
		w.RefusedAt(err, "/valid_from", "past")
		_, err = edit("older", 20*365*24*time.Hour)
		w.RefusedAt(err, "/valid_from", "past")
		_, err = w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "new"},
			snapshotstest.ToAt(full(), w.In(-6*time.Second)))
		w.RefusedAt(err, "/valid_from", "past")
		for name, back := range map[string]time.Duration{"five": 5 * time.Second, "one": time.Millisecond, "none": 0} {
			w.Clock.Advance(time.Minute)
			out, err := edit(name, back)
			w.Must(err)
			if out.ValidFrom != w.Clock.Millis() || w.Active(admin, id).ID != out.ID {
				t.Errorf("%s back: valid from %d, now %d", back, out.ValidFrom, w.Clock.Millis())
			}
			if e := w.Events(w.Log.Size() - 1)[0]; e.Kind != "client.changed" {
				t.Errorf("%s back: %s", back, e.Kind)
			}
		}
	})
}

// TestFutureIsDecidedInTheTransaction: a plan that waits behind other work
// until its instant has passed takes effect when it is made, not before.
func TestFutureIsDecidedInTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first"))).Entity.ID
		w.Tick()
		at := w.In(time.Second)
		var out snapshots.Outcome[client]
		errs := hold(t, w, func() { w.Clock.Advance(3 * time.Second) }, func(ctx context.Context) (err error) {
			out, err = snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.ToAt(snapshotstest.Named("late"), at))
			return err
		})
		w.Must(errs[0])
		if out.ValidFrom != w.Clock.Millis() || out.ValidFrom <= *at {
			t.Errorf("valid from %d; asked for %d, made at %d", out.ValidFrom, *at, w.Clock.Millis())
		}
		if e := w.Events(w.Log.Size() - 1)[0]; e.Kind != "client.changed" {
			t.Errorf("event %s", e.Kind)
		}
	})
}

// hold queues writes, in this order, behind a transaction that is held open
// until between has run, and gives each one's error.
func hold(t *testing.T, w *snapshotstest.World, between func(), writes ...func(ctx context.Context) error) []error {
	t.Helper()
	holding, release, held := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		held <- w.DB.Write(ctx, func(*db.Tx) error {
			close(holding)
			<-release
			return nil
		})
	}()
	<-holding
	errs := make([]error, len(writes))
	var all sync.WaitGroup
	queued := make(chan struct{}, 10*len(writes)) // some are queued again
	w.InOrder(func() { queued <- struct{}{} })
	defer w.InOrder(nil)
	for i, write := range writes {
		ended := make(chan struct{})
		all.Go(func() {
			defer close(ended)
			errs[i] = write(ctx)
		})
		select {
		case <-queued:
		case <-ended: // refused before it queued anything
		}
	}
	between()
	close(release)
	all.Wait()
	w.Must(<-held)
	return errs
}

// TestPlanThenImmediateChange: the change is accepted on the base in force
// now; the plan stands, made on a base that is not its predecessor any more,
// and wins at its instant.
func TestPlanThenImmediateChange(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		first := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		id := first.Entity.ID
		w.Tick()
		at := w.In(time.Minute)
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		w.Tick()
		now := w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("now")))
		if now.Base != first.ID || now.NextValidFrom != *at {
			t.Errorf("base %s, next %d", now.Base, now.NextValidFrom)
		}
		if name := w.Active(admin, id).Content.ClientName; name != "now" {
			t.Errorf("%q is active", name)
		}
		read, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), plan.ID)
		w.Must(err)
		if ids := w.History(admin, id, false); read.Base != first.ID || !slices.Equal(ids, []snapshots.SnapshotID{first.ID, now.ID, plan.ID}) {
			t.Errorf("the plan's base is %s, the history %v", read.Base, ids)
		}
		w.Clock.Set(*at)
		if name := w.Active(admin, id).Content.ClientName; name != "plan" {
			t.Errorf("%q is active", name)
		}
		w.Tick()
		if last := w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("last"))); last.Base != plan.ID {
			t.Errorf("base %s", last.Base)
		}
	})
}

func TestLaterPlans(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first"))).Entity.ID
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
		edit := func(name string, later snapshots.LaterPlans, at *history.Millis) error {
			w.Tick()
			doc := snapshotstest.Named("x")
			doc.ClientName = name
			ch := snapshotstest.ToAt(doc, at)
			ch.Later = later
			_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), ch)
			return err
		}
		w.Must(edit("a", snapshots.LaterByPolicy, nil))
		w.Must(edit("b", snapshots.LaterKeep, nil))
		w.Refused(edit("c", snapshots.LaterRefuse, nil), fault.Conflict, fault.CodeStalePlan)
		w.Must(edit("b", snapshots.LaterRefuse, nil)) // changes nothing

		w.Must(w.Store.SetPolicy(ctx, admin, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: snapshots.StaleRefuse, ScopeCheck: snapshots.ScopesByDialect}))
		w.Refused(edit("c", snapshots.LaterByPolicy, nil), fault.Conflict, fault.CodeStalePlan)
		w.Refused(edit("c", snapshots.LaterByPolicy, w.In(time.Minute)), fault.Conflict, fault.CodeStalePlan)
		w.Must(edit("after the plan", snapshots.LaterByPolicy, w.In(2*time.Hour)))
		w.Must(edit("d", snapshots.LaterKeep, nil))
		if name := w.Active(admin, id).Content.ClientName; name != "d" {
			t.Errorf("%q is active", name)
		}
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID))
		w.Refused(edit("e", snapshots.LaterByPolicy, nil), fault.Conflict, fault.CodeStalePlan)
		w.Clock.Advance(3 * time.Hour)
		w.Must(edit("e", snapshots.LaterRefuse, nil))
	})
}
