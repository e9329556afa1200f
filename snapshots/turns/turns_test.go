package turns_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"tenure/jwk/jwktest"
	"tenure/snapshots/turns"
	"tenure/tenancy/fair"
	"tenure/tenancy/fault"
)

// TestLimits tries how many wait for their turn, and how many bytes of documents may, from both sides.
func TestLimits(t *testing.T) {
	ctx := context.Background()
	refused := func(err error, want fault.Kind) {
		t.Helper()
		if !fault.Is(err, want) {
			t.Errorf("%v, want a fault of kind %s", err, want)
		}
	}
	all := turns.New()
	for name, places := range map[string]*fair.Places{"changes that are worked out at once": all.Changes,
		"slow hashes for callers with an API key": all.Keyed, "slow hashes for all others": all.Open} {
		n := jwktest.Limit(t, "Requests", name)
		if len(n) != 2 {
			t.Fatalf("%s: the page says %d", name, n)
		}
		running := runtime.GOMAXPROCS(0)
		for range running {
			if err := places.Take(ctx, "first"); err != nil {
				t.Fatal(err)
			}
		}
		got := make(chan error)
		wait := func(lane string, count int) {
			for range count {
				go func() { got <- places.Do(ctx, lane, func() error { return nil }) }()
			}
		}
		// Of one more than may wait in a lane, and then in all, one is refused and the others wait.
		wait("first", n[0]+1)
		refused(<-got, fault.Throttled)
		for waiting := n[0]; waiting < n[1]; waiting += n[0] {
			wait(fmt.Sprint("lane ", waiting), min(n[0], n[1]-waiting))
		}
		wait("last", 1)
		refused(<-got, fault.Unavailable)
		for range running {
			places.Give("first")
		}
		for range n[1] {
			if err := <-got; err != nil {
				t.Fatalf("%s: one that waited: %v", name, err)
			}
		}
	}
	share := jwktest.Limit(t, "Requests", "changed documents of one organization that wait to be written")[0]
	room := jwktest.Limit(t, "Requests", "changed documents that wait to be written, in memory")[0]
	for i := range room / share {
		if err := all.Results.Take(fmt.Sprint(i), share); err != nil {
			t.Fatal(err)
		}
		refused(all.Results.Take(fmt.Sprint(i), 1), fault.Throttled)
	}
	refused(all.Results.Take("another", 1), fault.Unavailable)
}
