package snapshots_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// TestRoundTrips: whatever is written in one batch, and however much of it, the batch is
// two round trips on PostgreSQL; also where another node has written, after the first
// batch has found that out. On SQLite it is a few statements a write.
func TestRoundTrips(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		var trips, batches, statements, queued atomic.Int64
		w.Reopen(db.Options{Piped: func() { trips.Add(1) }, Asked: func(string, int) { statements.Add(1) },
			Inject: func(point string) error {
				if point == db.AfterLoad {
					batches.Add(1)
				}
				return nil
			},
			Lane: func(lane string) string { queued.Add(1); return lane }})
		admin := w.Admin(w.North)
		const writers = 20
		ids := make([]snapshots.EntityID, writers)
		inBatch := func(write func(i int) error) (trip, batch, asked int64) {
			queued.Store(0)
			var all sync.WaitGroup
			running := make(chan struct{})
			all.Go(func() {
				if err := w.DB.Write(ctx, func(*db.Tx) error {
					close(running)
					for queued.Load() < writers {
					}
					trips.Store(1) // what begins here only commits
					batches.Store(1)
					statements.Store(0)
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
			<-running
			for i := range writers {
				all.Go(func() {
					if err := write(i); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			return trips.Load(), batches.Load(), statements.Load() // a slow machine makes more than one of it
		}
		round := 0
		writes := []struct {
			name  string
			write func(i int) error
			most  int64 // statements of all, on SQLite
		}{
			{"creates", func(i int) error {
				out, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: fmt.Sprintf("c%d-%d", round, i), Surface: "test"},
					snapshotstest.To(snapshotstest.Named("n")))
				ids[i] = out.Entity.ID
				return err
			}, 2 * writers},
			{"edits", func(i int) error {
				_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(ids[i]), snapshotstest.To(snapshotstest.Named(fmt.Sprint("edited", round))))
				return err
			}, 4 * writers},
			{"conditional edits", func(i int) error {
				ch := snapshotstest.To(snapshotstest.Named(fmt.Sprint("matched", round)))
				ch.Match = func(snapshot, setup, owner, secret string) error { return nil }
				_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(ids[i]), ch)
				return err
			}, 4 * writers},
			{"rotations", func(i int) error {
				n, err := w.Store.GenerateSecret(fmt.Sprintf("a secret of round %d, client %d", round, i))
				if err == nil {
					_, err = w.Store.RotateSecret(ctx, admin, w.Ref(ids[i]), n, 0)
				}
				return err
			}, 4 * writers},
			{"deletions", func(i int) error {
				return snapshots.Delete[client](ctx, w.Store, admin, w.Ref(ids[i]), nil)
			}, 5 * writers},
		}
		check := func(when string) {
			round++
			for _, k := range writes {
				w.Tick()
				n, batches, asked := inBatch(k.write)
				if w.DB.Dialect == db.Postgres && n != 2*batches {
					t.Errorf("%s: %d %s in %d batches took %d round trips, want 2 each", when, writers, k.name, batches, n)
				}
				if w.DB.Dialect == db.SQLite && asked > k.most {
					t.Errorf("%s: %d %s took %d statements, want %d at most", when, writers, k.name, asked, k.most)
				}
				t.Logf("%s: %d %s: %d round trips, %d statements", when, writers, k.name, n, asked)
			}
		}
		w.NewClient(admin, "first", snapshotstest.To(snapshotstest.Named("first"))) // the first batch reads the log's last leaves, too
		check("alone")
		if w.DB.Dialect == db.Postgres {
			other := snapshotstest.OpenNode(t, w.DSN, w.Clock, db.Options{}, snapshots.Options{})
			w.Must(other.Store.CreateModule(ctx, w.ScopeOn(other, w.Root, tenancy.Admin, w.Root), "elsewhere"))
			w.Must(w.Store.CreateModule(ctx, w.Admin(w.Root), "here"))
			check("beside another node")
		}
	})
}

// TestColdReadIsOneStatement: the first read of a client, however it is named, is one
// statement without a transaction around it, which is one round trip, and scans nothing.
func TestColdReadIsOneStatement(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		var made []snapshots.EntityID
		for i := range 5 {
			made = append(made, w.NewClient(admin, fmt.Sprint("cold-", i), snapshotstest.To(snapshotstest.Named("cold"))).Entity.ID)
		}
		asked := watch(w)
		admin = w.Admin(w.North)
		read := func(name snapshots.Name) {
			t.Helper()
			if _, err := snapshots.Resolve[client](ctx, w.Store, admin, name, snapshots.Instant{}); err != nil {
				t.Error(err)
			}
		}
		read(snapshots.ByEntity(made[0])) // the setup is read with it
		for what, name := range map[string]snapshots.Name{
			"by its path":          snapshots.ByRef(w.Ref(made[1])),
			"by its id":            snapshots.ByEntity(made[2]),
			"by its client_id":     snapshots.ByClientID(snapshotstest.Module, w.Setup, "cold-3"),
			"by client_id, at all": snapshots.Anywhere("cold-4", ""),
		} {
			asked.texts, asked.rows = nil, 0
			read(name)
			if len(asked.texts) != 1 || asked.rows != 1 {
				t.Errorf("%s: %d statements, %d rows", what, len(asked.texts), asked.rows)
			}
			for _, scan := range asked.scans(t, w) {
				t.Errorf("%s: %s", what, scan)
			}
		}
	})
}
