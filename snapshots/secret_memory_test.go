package snapshots_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestSecretsInMemoryAreThoseOfTheRows: whatever was done to a client and its secrets,
// and however time went on, the secret that memory knows is the one that a store
// without a memory finds.
func TestSecretsInMemoryAreThoseOfTheRows(t *testing.T) {
	opts := snapshots.Options{Sealer: sealer(t, 1)}
	eachWith(t, opts, func(t *testing.T, w *snapshotstest.World) {
		w.Reopen(db.Options{Verify: true}) // what transactions know is compared with the rows, too
		random := rand.New(rand.NewPCG(7, 13))
		admin := w.Admin(w.North)
		made := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a")))
		ref, now := w.Ref(made.Entity.ID), func() history.Millis { return w.Store.Now().Millis() }
		var plans []snapshots.SnapshotID
		steps := map[string]func(n int) error{
			"add": func(n int) error {
				ch := snapshotstest.To(snapshotstest.Named("a"))
				ch.Secret = generated(t, w, fmt.Sprint("secret ", n))
				_, err := snapshots.Edit(ctx, w.Store, admin, ref, ch)
				return err
			},
			"plan": func(n int) error {
				ch := snapshotstest.ToAt(snapshotstest.Named(fmt.Sprint("plan-", n)), w.In(time.Duration(1+random.IntN(120))*time.Second))
				ch.Secret = generated(t, w, fmt.Sprint("planned ", n))
				out, err := snapshots.Edit(ctx, w.Store, admin, ref, ch)
				plans = append(plans, out.ID)
				return err
			},
			"withdraw": func(int) error {
				if len(plans) == 0 {
					return nil
				}
				return snapshots.Withdraw[client](ctx, w.Store, admin, ref, plans[random.IntN(len(plans))])
			},
			"rotate": func(n int) error {
				_, err := w.Store.RotateSecret(ctx, admin, ref, generated(t, w, fmt.Sprint("rotated ", n)), now()+history.Millis(random.IntN(90_000)))
				return err
			},
			"wait":    func(int) error { w.Clock.Advance(time.Duration(random.IntN(60)) * time.Second); return nil },
			"delete":  func(int) error { return snapshots.Delete[client](ctx, w.Store, admin, ref, nil) },
			"restore": func(int) error { _, _, err := w.Store.RestoreClient(ctx, admin, made.Entity.ID, ""); return err },
		}
		names := []string{"add", "plan", "plan", "withdraw", "rotate", "wait", "wait", "wait", "delete", "restore", "restore"}
		done := map[string]int{}
		for n := range 120 {
			name := names[random.IntN(len(names))]
			w.Tick()
			err := steps[name](n)
			if fault.Is(err, fault.Internal) {
				t.Fatalf("%s: %v", name, err)
			}
			if err == nil {
				done[name]++
			}
			fresh, err := snapshots.Open(ctx, w.DB, w.Log, tenancy.NewIDs(nil), opts)
			w.Must(err)
			for _, later := range []time.Duration{0, 30 * time.Second, 2 * time.Minute} {
				at := now() + history.Millis(later.Milliseconds())
				got, gotErr := w.Store.WouldDisclose(ctx, admin, made.Entity, at)
				want, wantErr := fresh.WouldDisclose(ctx, admin, made.Entity, at)
				if got != want || (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("step %d, %s: in %s memory has %v (%v), the rows %v (%v)", n, name, later, got, gotErr, want, wantErr)
				}
			}
		}
		for name := range steps {
			if done[name] == 0 {
				t.Errorf("%s was never done", name)
			}
		}
	})
}

// TestShownSecretsCostNoStatement: an answer that shows a secret again is made from
// memory.
func TestShownSecretsCostNoStatement(t *testing.T) {
	eachWith(t, snapshots.Options{Sealer: sealer(t, 1)}, func(t *testing.T, w *snapshotstest.World) {
		s := watch(w)
		admin := w.Admin(w.North)
		ch := snapshotstest.To(snapshotstest.Named("a"))
		ch.Secret = generated(t, w, "a secret")
		made := w.NewClient(admin, "shop", ch)
		_, err := w.Store.Disclose(ctx, admin, made.Entity, 0) // the first of an hour is an event of the client
		w.Must(err)
		count, rows := s.of(func() {
			shown, err := w.Store.Disclose(ctx, admin, made.Entity, 0)
			if err != nil || shown.Plain != "a secret" {
				t.Errorf("%+v, %v", shown, err)
			}
		})
		if count != 0 || rows != 0 {
			t.Errorf("%d statements, %d rows", count, rows)
		}
	})
}
