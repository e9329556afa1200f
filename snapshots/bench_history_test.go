package snapshots_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// storied is a World with one client of n snapshots, a second apart.
func storied(b *testing.B, n int) (*snapshotstest.World, tenancy.Scope, snapshots.Ref, []snapshots.Outcome[client]) {
	b.Helper()
	w := snapshotstest.New(b, dbtest.SQLite(b), snapshots.Options{})
	admin := w.Admin(w.North)
	made := w.NewClient(admin, "storied", snapshotstest.To(documenttest.TypicalClient()))
	versions := []snapshots.Outcome[client]{made}
	for i := range n - 1 {
		w.Clock.Advance(time.Second)
		doc := documenttest.TypicalClient()
		doc.ClientName = fmt.Sprint("version ", i)
		out, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshotstest.To(doc))
		if err != nil {
			b.Fatal(err)
		}
		versions = append(versions, out)
	}
	w.Clock.Advance(time.Second)
	return w, admin, w.Ref(made.Entity.ID), versions
}

// BenchmarkLongHistory: resolving now and then, a snapshot by its id, a plan,
// and a diff of two snapshots cost the same with 10,000 snapshots as with 10; a
// page of history stays far under 20 ms.
func BenchmarkLongHistory(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		w, admin, ref, versions := storied(b, n)
		third, late := versions[n/3], versions[n-2]
		at := func(m history.Millis) snapshots.Instant { return snapshots.Instant{At: &m} }
		run := func(name string, do func() error) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("now", func() error {
			_, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(ref), snapshots.Instant{})
			return err
		})
		run("at", func() error {
			_, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByEntity(ref.Entity), at(third.ValidFrom))
			return err
		})
		run("at-and-known", func() error {
			in := at(third.ValidFrom)
			in.Known = &late.RecordedAt
			_, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByEntity(ref.Entity), in)
			return err
		})
		run("diff", func() error {
			from, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByEntity(ref.Entity), third.ID)
			if err != nil {
				return err
			}
			to, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByEntity(ref.Entity), late.ID)
			if result := diff.Of(from.Content, to.Content, diff.Options{}); err == nil && len(result.Changes) != 1 {
				return fmt.Errorf("%d changes", len(result.Changes))
			}
			return err
		})
		run("plan", func() error {
			ch := snapshotstest.To(snapshotstest.Named("next"))
			_, err := snapshots.Rehearse(ctx, func(ctx context.Context) (snapshots.Outcome[client], error) {
				return snapshots.Edit(ctx, w.Store, admin, ref, ch)
			})
			return err
		})
		run("history-page", func() error {
			_, err := w.Store.History(ctx, admin, ref.Entity, snapshots.Part{After: int64(n / 2), Limit: 100})
			return err
		})
	}
}
