package snapshots

import (
	"context"
	"testing"

	"tenure/tenancy/history"
)

func always() bool { return true }

func about(kind Kind, id EntityID) []history.Applied {
	return []history.Applied{{Kind: "x", ObjectKind: string(kind), Object: string(id)}}
}

// TestStaleFill: a fill that read an older log than the newest drop of its
// entity is not kept; drops of others do not matter, except those that share
// its shard.
func TestStaleFill(t *testing.T) {
	c := newCache(64<<20, always)
	fill := func(id EntityID, size int64) *timeline {
		return &timeline{entity: Entity{ID: id}, active: &snapshotRow{ValidFrom: 10}, size: size}
	}
	kept := func(id EntityID, want bool) {
		t.Helper()
		if got := c.held(context.Background(), id, 20) != nil; got != want {
			t.Errorf("%s is held: %t", id, got)
		}
	}
	c.keep(fill("a", 5))
	kept("a", true)
	c.follow(about(KindClient, "a"), 7)
	kept("a", false)
	c.keep(fill("a", 6)) // read before entry 7
	kept("a", false)
	c.keep(fill("a", 7))
	kept("a", true)
	c.follow(about(KindClient, "a"), 6) // the poll hands older events on a second time
	kept("a", false)
	c.keep(fill("a", 6))
	kept("a", false)
	c.keep(fill("b", 6))
	kept("b", true)
	for _, kind := range []Kind{KindSetup, KindResourceServer} {
		c.follow(about(kind, "b"), 9)
		kept("b", false)
		c.keep(fill("b", 9))
		kept("b", true)
	}
	c.follow(about(history.ObjectKey, "b"), 20)
	kept("b", true)
	c.fresh = func() bool { return false }
	kept("b", false)
}

// TestTimelineCovers: one answers for a stretch of time only, which does not
// begin before its snapshot.
func TestTimelineCovers(t *testing.T) {
	active := &timeline{active: &snapshotRow{ValidFrom: 10}, next: 20}
	last := &timeline{active: &snapshotRow{ValidFrom: 10}}
	planned := &timeline{next: 20}
	for _, c := range []struct {
		t    *timeline
		at   history.Millis
		want bool
	}{{active, 9, false}, {active, 10, true}, {active, 19, true}, {active, 20, false}, {active, 21, false},
		{last, 9, false}, {last, 10, true}, {last, 1 << 50, true}, {planned, 0, true}, {planned, 19, true}, {planned, 20, false}} {
		if got := c.t.covers(c.at); got != c.want {
			t.Errorf("%+v covers %d: %t", c.t, c.at, got)
		}
	}
}
