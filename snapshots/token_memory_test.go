package snapshots_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// TestTokensInMemoryAreThoseOfTheRows: whatever was done to a client, its setup and its
// tokens, at whichever node, a token opens what a store without a memory finds: at the
// node that did it at once, at another one after a poll. The same is so of the setup's
// policy.
func TestTokensInMemoryAreThoseOfTheRows(t *testing.T) {
	eachWith(t, snapshots.Options{}, func(t *testing.T, w *snapshotstest.World) {
		random := rand.New(rand.NewPCG(13, 7))
		nodes := []*snapshotstest.Node{w.Node}
		if w.DB.Dialect == db.Postgres {
			nodes = append(nodes, snapshotstest.OpenNode(t, w.DSN, w.Clock, db.Options{}, snapshots.Options{}))
		}
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("a")))
		w.NewClient(w.Admin(w.North), "other", snapshotstest.To(snapshotstest.Named("b")))
		ref, at := w.Ref(made.Entity.ID), w.Node
		admin := func() tenancy.Scope { return w.ScopeOn(at, w.North, tenancy.Admin, w.North) }
		var tokens []string
		token := func(n int, surface string) func() error {
			return func() error {
				text, ch := fmt.Sprint("token ", n), snapshotstest.To(snapshotstest.Named("a"))
				ch.Token = at.Store.GenerateToken(surface, text, text)
				_, err := snapshots.Edit(ctx, at.Store, admin(), ref, ch)
				tokens = append(tokens, text)
				return err
			}
		}
		steps := map[string]func(n int) error{
			"token":            func(n int) error { return token(n, "test")() },
			"token of another": func(n int) error { return token(n, "another")() },
			"edit": func(n int) error {
				_, err := snapshots.Edit(ctx, at.Store, admin(), ref, snapshotstest.To(snapshotstest.Named(fmt.Sprint(n))))
				return err
			},
			"delete":  func(int) error { return snapshots.Delete[client](ctx, at.Store, admin(), ref, nil) },
			"restore": func(int) error { _, _, err := at.Store.RestoreClient(ctx, admin(), made.Entity.ID, ""); return err },
			"wait":    func(int) error { w.Clock.Advance(time.Duration(random.IntN(60)) * time.Second); return nil },
			"policy":  func(n int) error { return at.Store.SetPolicy(ctx, admin(), snapshotstest.Module, w.Setup, openTo(n)) },
		}
		names := []string{"token", "token", "token", "token of another", "edit", "delete", "restore", "restore", "wait", "policy"}
		done, right := map[string]int{}, 0
		for n := range 120 {
			name := names[random.IntN(len(names))]
			at = nodes[random.IntN(len(nodes))]
			w.Tick()
			err := steps[name](n)
			if fault.Is(err, fault.Internal) {
				t.Fatalf("%s: %v", name, err)
			}
			if err == nil {
				done[name]++
			}
			fresh, err := snapshots.Open(ctx, w.DB, w.Log, tenancy.NewIDs(nil), snapshots.Options{})
			w.Must(err)
			for _, node := range nodes {
				if node != at {
					w.Must(node.Log.Poll(ctx, node.DB))
				}
				for _, text := range tokens[max(0, len(tokens)-4):] {
					for _, surface := range []string{"test", "another"} {
						for _, id := range []string{"shop", "other", "unknown"} {
							got, _, gotErr := node.Store.VerifyToken(ctx, w.Setup, id, surface, text)
							want, _, wantErr := fresh.VerifyToken(ctx, w.Setup, id, surface, text)
							if got != want || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
								t.Fatalf("step %d, %s: %s at %s for %s: memory has %v, %v; the rows %v, %v", n, name, text, surface, id, got.ID, gotErr, want.ID, wantErr)
							}
							if gotErr == nil {
								right++
							}
						}
					}
				}
				_, got, gotErr := node.Store.Registering(ctx, w.Setup, snapshots.DoorOAuth2)
				_, want, wantErr := fresh.Registering(ctx, w.Setup, snapshots.DoorOAuth2)
				if fmt.Sprint(got, gotErr) != fmt.Sprint(want, wantErr) {
					t.Fatalf("step %d, %s: memory has the policy %v, %v; the rows %v, %v", n, name, got, gotErr, want, wantErr)
				}
			}
		}
		for name := range steps {
			if done[name] == 0 {
				t.Errorf("%s was never done", name)
			}
		}
		if right < 20 {
			t.Errorf("tokens opened something %d times only", right)
		}
	})
}

// openTo is an open policy that another number makes another.
func openTo(n int) snapshots.Policy {
	p := snapshots.DefaultPolicy()
	p.Registration, p.MaxClients = snapshots.RegistrationOpen, int64(1000+n)
	if n%4 == 0 {
		p.Registration = snapshots.RegistrationOff
	}
	return p
}

// TestATokenEndedDuringALookUpIsNotRemembered: a look-up that read a token before it
// ended, and returns after that, leaves nothing behind.
func TestATokenEndedDuringALookUpIsNotRemembered(t *testing.T) {
	eachWith(t, snapshots.Options{}, func(t *testing.T, w *snapshotstest.World) {
		var during func()
		w.Reopen(db.Options{Asked: func(query string, _ int) {
			if fn := during; fn != nil && strings.Contains(query, "FROM registration_token") {
				during = nil
				fn()
			}
		}})
		admin := w.Admin(w.North)
		with := func(text string) snapshots.Change[client] {
			ch := snapshotstest.To(snapshotstest.Named("a"))
			ch.Token = w.Store.GenerateToken("test", text, text)
			return ch
		}
		made := w.NewClient(admin, "shop", with("first"))
		verify := func(text string) error {
			_, _, err := w.Store.VerifyToken(ctx, w.Setup, "shop", "test", text)
			return err
		}
		ended := false
		during = func() {
			ended = true
			w.Tick()
			w.Edit(admin, made.Entity.ID, with("second"))
			w.Must(verify("second")) // the client is known again, as it is now
		}
		_ = verify("first") // true when it was asked
		if !ended {
			t.Fatal("the token was known before it was looked up")
		}
		if err := verify("first"); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the token that ended: %v", err)
		}
		w.Must(verify("second"))
	})
}

// TestKnownTokensCostNoStatement: once a token was found it is known, with the policy of
// its setup; one that does not hold costs as much each time, whoever's it is said to be.
func TestKnownTokensCostNoStatement(t *testing.T) {
	eachWith(t, snapshots.Options{}, func(t *testing.T, w *snapshotstest.World) {
		s := watch(w)
		admin := w.Admin(w.North)
		w.Must(w.Store.SetPolicy(ctx, admin, snapshotstest.Module, w.Setup, openTo(1)))
		ch := snapshotstest.To(snapshotstest.Named("a"))
		ch.Token = w.Store.GenerateToken("test", "right", "right")
		w.NewClient(admin, "shop", ch)
		verify := func(id, text string, want bool) func() {
			return func() {
				t.Helper()
				if _, _, err := w.Store.VerifyToken(ctx, w.Setup, id, "test", text); (err == nil) != want {
					t.Errorf("%s for %s: %v", text, id, err)
				}
			}
		}
		if count, rows := s.of(func() {
			_, policy, err := w.Store.Registering(ctx, w.Setup, snapshots.DoorOAuth2)
			if err != nil || policy.MaxClients != 1001 {
				t.Errorf("%+v, %v", policy, err)
			}
			verify("shop", "right", true)()
		}); count != 0 {
			t.Errorf("a known token took %d statements, %d rows: %q", count, rows, s.texts)
		}
		for range 2 {
			if count, _ := s.of(verify("shop", "wrong", false)); count != 1 {
				t.Errorf("a wrong token took %d statements: %q", count, s.texts)
			}
			if count, _ := s.of(verify("nobody", "wrong", false)); count != 2 {
				t.Errorf("a token of an unknown client took %d statements: %q", count, s.texts)
			}
			if count, _ := s.of(verify("nobody", "right", false)); count != 2 {
				t.Errorf("another client's token took %d statements: %q", count, s.texts)
			}
		}
	})
}
