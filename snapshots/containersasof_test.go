package snapshots_test

import (
	"fmt"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestContainersAsOf: modules, policies, initial tokens and secrets can be asked
// as they were, and as they were known.
func TestContainersAsOf(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.Root)
		var times []history.Millis
		step := func() int {
			w.Clock.Advance(time.Minute)
			times = append(times, w.Clock.Millis())
			w.Clock.Advance(time.Minute)
			return len(times) - 1
		}
		at := func(i int) snapshots.Instant { return snapshots.Instant{At: &times[i]} }
		known := func(i int) snapshots.Instant {
			m := times[i].Micros()
			return snapshots.Instant{Known: &m}
		}

		before := step()
		w.Must(w.Store.CreateModule(ctx, admin, "late"))
		setup := w.NewSetup(admin, snapshotstest.MinimalSetup("s")).Entity
		made := step()
		policy := snapshots.DefaultPolicy()
		policy.Registration = snapshots.RegistrationOpen
		w.Must(w.Store.SetPolicy(ctx, admin, setup.Module, setup.ID, policy))
		token, _, err := w.Store.CreateInitialToken(ctx, admin, setup.ID, snapshots.InitialToken{Name: "t"})
		w.Must(err)
		first, err := w.Store.GenerateSecret("the first secret of it")
		w.Must(err)
		ch := snapshotstest.To(snapshotstest.Named("c"))
		ch.Secret = first
		client, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: setup.Module, Setup: setup.ID, ClientID: "c", Surface: "test"}, ch)
		w.Must(err)
		opened := step()
		policy.Registration = snapshots.RegistrationOff
		w.Must(w.Store.SetPolicy(ctx, admin, setup.Module, setup.ID, policy))
		w.Must(w.Store.RevokeInitialToken(ctx, admin, setup.ID, token.ID))
		second, err := w.Store.GenerateSecret("the second secret of it")
		w.Must(err)
		_, err = w.Store.RotateSecret(ctx, admin, client.Entity.Ref(), second, w.Clock.Millis()+history.Millis(time.Hour.Milliseconds()))
		w.Must(err)
		rotated := step()
		w.Must(snapshotstest.DeleteSetup(w.DB, w.Store, admin, setup.ID))
		deleted := step()

		code := func(err error) string {
			if err == nil {
				return ""
			}
			return fault.Of(err).Kind.String()
		}
		say := func(in snapshots.Instant) string {
			modules, err := w.Store.Modules(ctx, admin, in)
			w.Must(err)
			p, err := w.Store.Policy(ctx, admin, setup.ID, in)
			text := fmt.Sprintf("%d %s%s", len(modules), p.Registration, code(err))
			tokens, err := w.Store.InitialTokens(ctx, admin, setup.ID, in)
			text += fmt.Sprintf(" %d%s", len(tokens), code(err))
			secrets, err := w.Store.Secrets(ctx, admin, snapshots.ByClientID("", setup.ID, "c"), in)
			text += fmt.Sprintf(" %d%s", len(secrets), code(err))
			for _, s := range secrets {
				text += fmt.Sprintf(" first=%t ends=%t", s.ID == first.ID, s.EndsAt != 0)
			}
			return text
		}
		for _, row := range []struct {
			when string
			in   snapshots.Instant
			want string
		}{
			{"before", at(before), "1 not-found 0not-found 0not-found"},
			{"made", at(made), "2 off 0 0not-found"},
			{"opened", at(opened), "2 open 1 1 first=true ends=true"}, // that it ends is known by now
			{"known when opened", known(opened), "2 open 1 1 first=true ends=false"},
			{"rotated", at(rotated), "2 off 0 2 first=false ends=true first=true ends=true"},
			{"deleted", at(deleted), "2 gone 0gone 0gone"},
		} {
			if got := say(row.in); got != row.want {
				t.Errorf("%s: %s, want %s", row.when, got, row.want)
			}
		}
		// The past is not for everybody.
		reader, below := w.Scope(w.Root, tenancy.Reader), w.Scope(w.North, tenancy.Auditor)
		for who, refused := range map[string]struct {
			scope tenancy.Scope
			kind  fault.Kind
		}{"a reader": {reader, fault.Forbidden}, "one below": {below, fault.Forbidden}} {
			if _, err := w.Store.Policy(ctx, refused.scope, setup.ID, at(opened)); !fault.Is(err, refused.kind) {
				t.Errorf("%s reads a policy: %v", who, err)
			}
			if _, err := w.Store.InitialTokens(ctx, refused.scope, setup.ID, at(opened)); !fault.Is(err, refused.kind) {
				t.Errorf("%s reads tokens: %v", who, err)
			}
		}
		if _, err := w.Store.Secrets(ctx, below, snapshots.ByClientID("", setup.ID, "c"), at(opened)); !fault.Is(err, fault.NotFound) {
			t.Errorf("one below reads secrets: %v", err)
		}
		if _, err := w.Store.Modules(ctx, reader, at(opened)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a reader reads modules of the past: %v", err)
		}
	})
}
