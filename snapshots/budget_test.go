package snapshots_test

import (
	"fmt"
	"runtime"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// TestCachesKeepTheirBudget reads more clients than the caches have room for, of
// documents small and large, and compares what the heap has grown by with the budget.
func TestCachesKeepTheirBudget(t *testing.T) {
	const budget = 3 << 20
	for name, doc := range map[string]document.Client{"small": snapshotstest.Named("small"), "typical": documenttest.TypicalClient()} {
		t.Run(name, func(t *testing.T) {
			w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{})
			admin := w.Admin(w.North)
			const clients = 2500
			parallel(t, 256, clients, func(i int) error {
				_, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: fmt.Sprint("id-", i), Surface: "test"},
					snapshotstest.To(doc))
				return err
			})
			w.Options.CacheBytes = budget
			w.Reopen(db.Options{})
			admin = w.Admin(w.North)
			before := heap()
			for i := range clients {
				found, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByClientID(snapshotstest.Module, w.Setup, fmt.Sprint("id-", i)), snapshots.Instant{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.Anywhere(fmt.Sprint("id-", i), ""), snapshots.Instant{}); err != nil {
					t.Fatal(err)
				}
				key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: "test"}
				if _, err := w.Store.Render(key, func() (*snapshots.Rendering, error) { return &snapshots.Rendering{Body: make([]byte, 1200)}, nil }); err != nil {
					t.Fatal(err)
				}
				if _, err := w.Store.HasSecret(ctx, admin, w.Ref(found.Entity.ID), 0); err != nil {
					t.Fatal(err)
				}
			}
			grown := int64(heap()) - int64(before)
			t.Logf("%d kB of a budget of %d kB", grown>>10, budget>>10)
			if grown > budget*11/10 {
				t.Errorf("the heap has grown by %d kB, the caches may take %d kB", grown>>10, budget>>10)
			}
			runtime.KeepAlive(w.Store)
		})
	}
}

// heap is how much of it is in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
