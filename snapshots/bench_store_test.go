package snapshots_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// Targets of the design, section 10, shown beside what is measured.
const (
	targetColdMicros      = 300
	targetPublishedPerSec = 5000
)

// benched is a World that lives on the system's clock, with n clients.
func benched(b *testing.B, opts snapshots.Options, n int) (*snapshotstest.World, tenancy.Scope, []snapshots.Ref) {
	b.Helper()
	w := snapshotstest.New(b, dbtest.SQLite(b), opts)
	if err := w.DB.Close(); err != nil {
		b.Fatal(err)
	}
	w.Node = snapshotstest.OpenNode(b, w.DSN, nil, db.Options{}, opts)
	admin, refs := w.Admin(w.North), make([]snapshots.Ref, n)
	parallel(b, 256, n, func(i int) error {
		doc := documenttest.TypicalClient()
		doc.ClientName = fmt.Sprint("client ", i)
		out, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: fmt.Sprint("id-", i)},
			snapshotstest.To(doc))
		refs[i] = w.Ref(out.Entity.ID)
		return err
	})
	return w, admin, refs
}

// parallel runs fn for 0 to n-1 from so many goroutines.
func parallel(b testing.TB, goroutines, n int, fn func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkResolveWarm(b *testing.B) {
	w, admin, refs := benched(b, snapshots.Options{}, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(refs[0]), snapshots.Instant{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResolveCold reads each time another of 20,000 clients, with caches
// that keep nothing but the setup.
func BenchmarkResolveCold(b *testing.B) {
	w, admin, refs := benched(b, snapshots.Options{CacheBytes: 64 << 10}, 20_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(refs)
		if _, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(refs[i]), snapshots.Instant{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(targetColdMicros, "target-µs")
}

// BenchmarkPublish32 appends snapshots from 32 goroutines, each to a client of
// its own; BenchmarkRegister32 registers clients.
func BenchmarkPublish32(b *testing.B) {
	const writers = 32
	w, admin, refs := benched(b, snapshots.Options{}, writers)
	published(b, func() {
		parallel(b, writers, writers, func(n int) error {
			for turn := range (b.N + writers - 1 - n) / writers {
				_, err := snapshots.Edit(ctx, w.Store, admin, refs[n], snapshots.Change[client]{Apply: func(base *client, _ *setup) (*client, error) {
					next := *base
					next.ClientName = fmt.Sprint("client ", n, " turn ", turn)
					return &next, nil
				}})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func BenchmarkRegister32(b *testing.B) {
	w, admin, _ := benched(b, snapshots.Options{}, 0)
	published(b, func() {
		parallel(b, 32, b.N, func(i int) error {
			doc := documenttest.TypicalClient()
			doc.ClientName = fmt.Sprint("client ", i)
			_, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: fmt.Sprint("r-", i)},
				snapshotstest.To(doc))
			return err
		})
	})
}

func published(b *testing.B, run func()) {
	b.ReportAllocs()
	b.ResetTimer()
	run()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "snapshots/s")
	b.ReportMetric(targetPublishedPerSec, "target-snapshots/s")
}
