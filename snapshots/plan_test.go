package snapshots_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestAsOf: the past and the future are for those who may see them, what was
// not yet and what is no more is said with its instant, and an answer is final
// when both clocks are behind what was committed.
func TestAsOf(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin, before := w.Admin(w.North), w.Clock.Millis()-1
		made := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		w.Tick()
		plan := w.Edit(admin, made.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("later"), w.In(time.Hour)))
		ask := func(scope tenancy.Scope, in snapshots.Instant) (snapshots.Resolved[client], error) {
			return snapshots.Resolve[client](ctx, w.Store, scope, snapshots.ByEntity(made.Entity.ID), in)
		}
		at := func(m history.Millis) snapshots.Instant { return snapshots.Instant{At: &m} }
		known := w.Log.Now()
		for role, may := range map[tenancy.Role]bool{tenancy.Reader: false, tenancy.Auditor: true, tenancy.Editor: true, tenancy.Admin: true} {
			for about, in := range map[string]snapshots.Instant{"past": at(made.ValidFrom), "future": at(plan.ValidFrom), "known": {Known: &known}} {
				if _, err := ask(w.Scope(w.North, role), in); may != (err == nil) || err != nil && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s, %s: %v", role, about, err)
				}
			}
		}
		if found, err := ask(admin, at(plan.ValidFrom)); err != nil || found.ID != plan.ID || found.NextValidFrom != 0 {
			t.Errorf("future: %+v, %v", found, err)
		}
		if found, err := ask(admin, at(made.ValidFrom)); err != nil || found.ID != made.ID || found.NextValidFrom != plan.ValidFrom {
			t.Errorf("past: %+v, %v", found, err)
		}
		_, err := ask(admin, at(before))
		w.Refused(err, fault.NotFound, fault.CodeNotYetEffective)
		if got := fault.Of(err).Instant; !got.Equal(made.ValidFrom.Time()) {
			t.Errorf("its first instant is said to be %s", got)
		}
		_, err = ask(w.Admin(w.South), at(made.ValidFrom))
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(made.Entity.ID), nil))
		end := w.Log.Committed().Millis()
		w.Tick()
		_, err = ask(admin, at(w.Clock.Millis()-1))
		w.Refused(err, fault.Gone, fault.CodeDeleted)
		if got := fault.Of(err).Instant; !got.Equal(end.Time()) {
			t.Errorf("it ended at %s, not %s", got, end.Time())
		}
		if found, err := ask(admin, at(made.ValidFrom)); err != nil || found.ID != made.ID {
			t.Errorf("as it was: %v", err)
		}
		again := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("second-life")))
		w.Tick()
		for instant, want := range map[history.Millis]snapshots.SnapshotID{made.ValidFrom: made.ID, again.ValidFrom: again.ID} {
			if found, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByClientID("", w.Setup, "shop"), at(instant)); err != nil || found.ID != want {
				t.Errorf("by client_id: %v, %v", found.ID, err)
			}
		}
		future := w.Log.Committed() + 1
		for _, c := range []struct {
			in   snapshots.Instant
			want bool
		}{{snapshots.Instant{At: &made.ValidFrom, Known: &known}, true}, {at(made.ValidFrom), false}, {snapshots.Instant{Known: &known}, false},
			{snapshots.Instant{At: &made.ValidFrom, Known: &future}, false}, {snapshots.Instant{At: &plan.ValidFrom, Known: &known}, false}, {snapshots.Instant{}, false}} {
			if w.Store.Final(c.in) != c.want {
				t.Errorf("final: %+v", c)
			}
		}
	})
}

// TestPlan: a rehearsal says what would be done and keeps nothing; its digest
// holds the change to it.
func TestPlan(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		made := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		later := w.Edit(admin, made.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("later"), w.In(time.Hour)))
		w.Tick()
		change := func(name, digest string, rehearse bool) (snapshots.Outcome[client], error) {
			ch := snapshotstest.To(snapshotstest.Named(name))
			ch.Digest = digest
			edit := func(ctx context.Context) (snapshots.Outcome[client], error) {
				return snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), ch)
			}
			if rehearse {
				return snapshots.Rehearse(ctx, edit)
			}
			return edit(ctx)
		}
		size := w.Log.Size()
		plan, err := change("second", "", true)
		w.Must(err)
		p := plan.Plan
		if p.Base != made.ID || len(p.Later) != 1 || p.Later[0].ID != later.ID || !p.Changes || len(p.Digest) != 64 || plan.Content.ClientName != "second" {
			t.Errorf("%+v", p)
		}
		if same, err := change("second", "", true); err != nil || same.Plan.Digest != p.Digest {
			t.Errorf("the same plan: %v, %v", same.Plan, err)
		}
		if w.Log.Size() != size || w.Active(admin, made.Entity.ID).ID != made.ID {
			t.Error("a rehearsal wrote")
		}
		_, err = change("another", p.Digest, false)
		w.Refused(err, fault.Conflict, fault.CodePlanMoved)
		done, err := change("second", p.Digest, false)
		w.Must(err)
		if !done.Changed || done.Content.ClientName != "second" {
			t.Errorf("%+v", done)
		}
		w.Tick()
		_, err = change("third", p.Digest, false)
		w.Refused(err, fault.Conflict, fault.CodePlanMoved)
		var moved *snapshots.ErrMoved
		if !errors.As(err, &moved) || moved.Plan.Base != done.ID {
			t.Fatalf("no fresh plan: %v", err)
		}
		if _, err := change("third", moved.Plan.Digest, false); err != nil {
			t.Errorf("by the fresh plan: %v", err)
		}
	})
}

// TestRollback makes a new snapshot of an earlier content, and brings no secret
// back.
func TestRollback(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		ch := snapshotstest.To(snapshotstest.Named("first"))
		ch.Secret = generated(t, w, "the first secret of the shop")
		made := w.NewClient(admin, "shop", ch)
		ref := w.Ref(made.Entity.ID)
		w.Tick()
		ch = snapshotstest.To(snapshotstest.Named("second"))
		ch.Secret = generated(t, w, "the second secret of the shop")
		w.Edit(admin, made.Entity.ID, ch)
		w.Tick()
		out, lost, err := snapshots.Rollback(ctx, w.Store, admin, ref, made.ID, snapshots.Change[client]{})
		w.Must(err)
		if out.ID == made.ID || !documenttest.Equal(out.Content, made.Content) {
			t.Errorf("%+v", out)
		}
		if len(lost) != 1 || lost[0].What != "secret" {
			t.Errorf("lost: %+v", lost)
		}
		for secret, want := range map[string]bool{"the first secret of the shop": false, "the second secret of the shop": true} {
			if got, err := w.Store.SecretMatches(ctx, admin, ref, secret, 0); err != nil || got != want {
				t.Errorf("%s: %t, %v", secret, got, err)
			}
		}
		if ids := w.History(admin, made.Entity.ID, false); len(ids) != 3 {
			t.Errorf("%d snapshots", len(ids))
		}
		_, _, err = snapshots.Rollback(ctx, w.Store, admin, ref, "0123456789abcdef0123456789abcdef", snapshots.Change[client]{})
		w.Refused(err, fault.NotFound, fault.CodeSnapshotUnknown)
		_, _, err = snapshots.Rollback(ctx, w.Store, w.Scope(w.North, tenancy.Auditor), ref, made.ID, snapshots.Change[client]{})
		w.Refused(err, fault.Forbidden, "")
		_, _, err = snapshots.Rollback(ctx, w.Store, w.Admin(w.South), ref, made.ID, snapshots.Change[client]{})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
	})
}

// TestParse reads what Encode writes, in any order, and names all that is wrong.
func TestParse(t *testing.T) {
	doc := documenttest.FullClient()
	again, _, faults := document.Parse[client](document.Encode(&doc), nil)
	if len(faults) > 0 || !documenttest.Equal(again, &doc) {
		t.Errorf("%v: %v", faults, document.Changed(again, &doc))
	}
	short, _, faults := document.Parse[client]([]byte(`{"scopes":["a"],"client_name":null,"v":1}`), nil)
	if len(faults) > 0 || short.ClientName != "" || len(short.Scopes) != 1 || short.GrantTypes != nil {
		t.Errorf("%+v, %v", short, faults)
	}
	_, _, faults = document.Parse[client]([]byte(`{"v":3,"scopes":"a","nothing~/":1,"jwks":{"keys":[{"kty":"oct","k":"AA"}]},"localized_metadata":[{"name":1,"x":2}],"access_token_ttl":1.5}`), nil)
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	want := []string{"/access_token_ttl", "/jwks/keys/0/k", "/jwks/keys/0/kty", "/localized_metadata/0/name", "/localized_metadata/0/x", "/nothing~0~1", "/scopes", "/v"}
	for i, path := range want {
		if i >= len(paths) || paths[i] != path {
			t.Fatalf("faults at %v, want %v", paths, want)
		}
	}
	for _, text := range []string{"", "[]", "null", "1", "{"} {
		if doc, _, faults := document.Parse[client]([]byte(text), nil); doc != nil || len(faults) != 1 {
			t.Errorf("%q: %v", text, faults)
		}
	}
}
