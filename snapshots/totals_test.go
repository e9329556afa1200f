package snapshots_test

import (
	"fmt"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
)

// TestTotalsAreCounts: the total that a list of owned clients tells is at every instant the
// number of those that a read finds, though it is counted once: after changes, and when
// what was planned takes effect.
func TestTotalsAreCounts(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		l := newListed(t, w, 7)
		orgs := []tenancy.OrgID{w.Root, w.North, w.Harbour}
		seen := map[int64]bool{}
		compare := func() {
			for _, org := range orgs {
				for _, q := range []snapshots.OwnedQuery{{Limit: 2}, {Limit: 2, Descendants: true}, {Limit: 3, Offset: 1, Setup: w.Setup, Descendants: true}} {
					want, scope := int64(0), w.Admin(org)
					for _, id := range l.clients {
						found, err := snapshots.Resolve[client](ctx, w.Store, scope, snapshots.ByEntity(id), snapshots.Instant{})
						if err == nil && (q.Descendants || found.Entity.Owner == org) {
							want++
						}
					}
					seen[want] = true
					for range 2 {
						page, total, err := w.Store.Owned(ctx, scope, q)
						if n := min(int64(q.Limit), max(0, want-int64(q.Offset))); err != nil || total != want || int64(len(page)) != n {
							t.Fatalf("%s, %+v: %d of %d, want %d of %d, %v", w.OrgName(org), q, len(page), total, n, want, err)
						}
					}
				}
			}
		}
		for range 25 {
			l.change()
			w.Tick()
			compare()
			if l.random.IntN(3) == 0 {
				w.Clock.Advance(time.Duration(l.random.IntN(10)) * time.Minute)
				compare()
			}
		}
		for i, org := range orgs {
			ch := snapshotstest.To(snapshotstest.Named("one"))
			ch.ValidFrom = w.In(time.Duration(10+20*i) * time.Minute)
			l.clients = append(l.clients, w.NewClient(w.Admin(org), fmt.Sprint("planned ", i), ch).Entity.ID)
			w.Tick()
		}
		for range 20 { // nothing is written, and what was planned begins
			w.Clock.Advance(5 * time.Minute)
			compare()
		}
		for _, id := range l.clients {
			_ = snapshots.Delete[client](ctx, w.Store, w.Admin(w.Root), w.Ref(id), nil) // some have ended
		}
		w.Tick()
		compare()
		if !seen[0] || len(seen) < 4 {
			t.Errorf("totals were %v", seen)
		}
	})
}

// TestTotalsAreKept: a total that is known is not counted again.
func TestTotalsAreKept(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		for i := range 30 {
			w.Tick()
			w.NewClient(w.Admin(w.North), fmt.Sprint("c", i), snapshotstest.To(snapshotstest.Named("one")))
		}
		w.Tick()
		s := watch(w)
		ask := func() {
			if page, total, err := w.Store.Owned(ctx, w.Admin(w.North), snapshots.OwnedQuery{Limit: 3}); err != nil || len(page) != 3 || total != 30 {
				t.Errorf("%d of %d, %v", len(page), total, err)
			}
		}
		s.rows = 0
		ask()
		first := s.rows
		if _, again := s.of(ask); first < 30 || again > 8 {
			t.Errorf("%d rows, then %d", first, again)
		}
	})
}
