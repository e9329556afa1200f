package snapshots_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// adding is a change that adds one redirect URI to whatever stands there.
func adding(uri string) snapshots.Change[client] {
	return snapshots.Change[client]{Apply: func(base *client, _ *setup) (*client, error) {
		next := *base
		next.RedirectURIs = append(slices.Clone(base.RedirectURIs), uri)
		return &next, nil
	}}
}

// TestConcurrentWriters: all of 32 read-modify-writes of one client within one
// millisecond survive, each on the one before, each at its own instant.
func TestConcurrentWriters(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		const writers = 32
		admin := w.Admin(w.North)
		made := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("shop")))
		id := made.Entity.ID
		outs := make([]snapshots.Outcome[client], writers)
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				var err error
				if outs[i], err = snapshots.Edit(ctx, w.Store, admin, w.Ref(id), adding(fmt.Sprintf("https://w%d.example/", i))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.Sound()
		slices.SortFunc(outs, func(a, b snapshots.Outcome[client]) int { return int(a.RecordedAt - b.RecordedAt) })
		base := made
		for i, out := range outs {
			if out.ValidFrom != base.ValidFrom+1 || out.Base != base.ID || len(out.Content.RedirectURIs) != len(base.Content.RedirectURIs)+1 {
				t.Fatalf("change %d: valid from %d on %s; before it %d, %s", i, out.ValidFrom, out.Base, base.ValidFrom, base.ID)
			}
			base = out
		}
		uris := w.Active(admin, id).Content.RedirectURIs
		if len(uris) != writers+1 {
			t.Errorf("%d URIs, want %d", len(uris), writers+1)
		}
		for i := range writers {
			if !slices.Contains(uris, fmt.Sprintf("https://w%d.example/", i)) {
				t.Errorf("the change of writer %d is lost", i)
			}
		}
		if ids := w.History(admin, id, false); len(ids) != writers+1 {
			t.Errorf("%d snapshots", len(ids))
		}
	})
}

// TestConcurrentCreates: of many that want one client_id one gets it.
func TestConcurrentCreates(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		scopes := []tenancy.Scope{w.Admin(w.North), w.Admin(w.Harbour), w.Admin(w.Root)}
		var mu sync.Mutex
		var made []snapshots.Outcome[client]
		var all sync.WaitGroup
		for i := range 24 {
			all.Go(func() {
				out, err := w.Store.CreateClient(ctx, scopes[i%3], snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: "shop"},
					snapshotstest.To(snapshotstest.Named("shop")))
				switch {
				case err == nil:
					mu.Lock()
					made = append(made, out)
					mu.Unlock()
				case !fault.HasCode(err, fault.CodeIDTaken):
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.Sound()
		if n := w.Count("SELECT count(*) FROM entity WHERE client_id = 'shop'"); len(made) != 1 || n != 1 {
			t.Errorf("%d were made, %d rows", len(made), n)
		}
	})
}

// TestBurstLimit: the changes of one client may run half a second ahead of the
// clock, not further; then the clock has to move.
func TestBurstLimit(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		other := w.NewClient(admin, "other", snapshotstest.To(snapshotstest.Named("other"))).Entity.ID
		edit := func(id snapshots.EntityID, n int) (snapshots.Outcome[client], error) {
			doc := snapshotstest.Named("shop")
			doc.Comment = fmt.Sprint(n)
			return snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.To(doc))
		}
		var last history.Millis
		n := 0
		for ; n < 2000; n++ {
			out, err := edit(id, n)
			if err != nil {
				w.Refused(err, fault.Unavailable, "")
				if fault.Of(err).RetryAfter != 500*time.Millisecond {
					t.Errorf("try again after %s", fault.Of(err).RetryAfter)
				}
				break
			}
			last = out.ValidFrom
		}
		if ahead := last - w.Clock.Millis(); ahead != 500 || n != 500 {
			t.Errorf("%d changes, the last is %d ms ahead", n, ahead)
		}
		if found := w.Active(admin, id); found.ValidFrom != last {
			t.Errorf("in force is what is valid from %d, want %d", found.ValidFrom, last)
		}
		out, err := edit(other, -1) // other clients go on
		if w.Must(err); out.ValidFrom > w.Clock.Millis()+500 {
			t.Errorf("%d ms ahead", out.ValidFrom-w.Clock.Millis())
		}
		w.Clock.Advance(time.Millisecond)
		out, err = edit(id, -1)
		if w.Must(err); out.ValidFrom != last+1 {
			t.Errorf("valid from %d after %d", out.ValidFrom, last)
		}
		w.Tick()
		out, err = edit(id, -2)
		if w.Must(err); out.ValidFrom != w.Clock.Millis() {
			t.Errorf("valid from %d at %d", out.ValidFrom, w.Clock.Millis())
		}
	})
}

// TestClockStepsBack: changes go on from the last instant that was given out.
func TestClockStepsBack(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		first := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		w.Clock.Advance(-300 * time.Millisecond)
		second := w.Edit(admin, first.Entity.ID, snapshotstest.To(snapshotstest.Named("second")))
		if second.ValidFrom <= first.ValidFrom || w.Active(admin, first.Entity.ID).ID != second.ID {
			t.Errorf("valid from %d after %d", second.ValidFrom, first.ValidFrom)
		}
		w.Clock.Advance(-2 * time.Second) // the log goes on counting from where it was
		third := w.Edit(admin, first.Entity.ID, snapshotstest.To(snapshotstest.Named("third")))
		if third.ValidFrom <= second.ValidFrom || w.Active(admin, first.Entity.ID).ID != third.ID {
			t.Errorf("valid from %d after %d", third.ValidFrom, second.ValidFrom)
		}
		w.Clock.Advance(-2 * history.MaxLead)
		_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(first.Entity.ID), snapshotstest.To(snapshotstest.Named("fourth")))
		w.Refused(err, fault.Unavailable, fault.CodeClock)
		if w.Active(admin, first.Entity.ID).ID != third.ID {
			t.Error("reads do not go on")
		}
	})
}
