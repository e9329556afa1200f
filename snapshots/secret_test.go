package snapshots_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/credential"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

func generated(t *testing.T, w *snapshotstest.World, plain string) *snapshots.NewSecret {
	t.Helper()
	s, err := w.Store.GenerateSecret(plain)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func chosen(t *testing.T, w *snapshotstest.World, plain string) *snapshots.NewSecret {
	t.Helper()
	s, err := w.Store.ChosenSecret(ctx, plain)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealer(t *testing.T, key byte) *credential.Sealer {
	t.Helper()
	s, err := credential.NewSealer(bytes.Repeat([]byte{key}, credential.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecretMatches(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		matches := func(id snapshots.EntityID, plain string, want bool) {
			t.Helper()
			got, err := w.Store.SecretMatches(ctx, admin, w.Ref(id), plain, 0)
			if err != nil || got != want {
				t.Errorf("%q matches: %t, %v", plain, got, err)
			}
		}
		for name, secret := range map[string]*snapshots.NewSecret{
			"generated": generated(t, w, "generated text ü"), "chosen": chosen(t, w, "chosen text ü")} {
			ch := snapshotstest.To(snapshotstest.Named(name))
			ch.Secret = secret
			id := w.NewClient(admin, name, ch).Entity.ID
			matches(id, name+" text ü", true)
			matches(id, name+" text u", false)
			matches(id, name+" text ü ", false)
			matches(id, "", false)
		}
		none := w.NewClient(admin, "none", snapshotstest.To(snapshotstest.Named("none"))).Entity.ID
		matches(none, "", false)
		has, err := w.Store.HasSecret(ctx, admin, w.Ref(none), 0)
		if err != nil || has {
			t.Errorf("has a secret: %t, %v", has, err)
		}
		// What is stored is a hash, and a different one for the same chosen text.
		if n := w.Count("SELECT count(*) FROM client_secret WHERE hash LIKE '$argon2id$%'"); n != 1 {
			t.Errorf("%d argon2id hashes", n)
		}
		const text = "that somebody chose"
		if a, b := chosen(t, w, text), chosen(t, w, text); a.ID == b.ID || a.Plain() != text {
			t.Errorf("%+v %+v", a, b)
		}
	})
}

// TestDisclose: a secret is shown only to those who may see it, and only once
// the event of it is in the log.
func TestDisclose(t *testing.T) {
	eachWith(t, snapshots.Options{Sealer: sealer(t, 1)}, func(t *testing.T, w *snapshotstest.World) {
		harbour := w.Admin(w.Harbour)
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret = generated(t, w, "a secret, geheim")
		made := w.NewClient(harbour, "shop", ch)
		w.Tick()
		if !w.Store.CanReveal() {
			t.Error("cannot reveal")
		}
		for _, org := range []tenancy.OrgID{w.Harbour, w.North, w.Root} {
			for _, role := range tenancytest.Roles() {
				scope, from := w.Scope(org, role), w.Log.Size()
				got, err := w.Store.Disclose(ctx, scope, made.Entity, 0)
				if role == tenancy.Reader || role == tenancy.Auditor {
					w.Refused(err, fault.Forbidden, "")
					continue
				}
				w.Must(err)
				events := w.Events(from)
				if got.Plain != "a secret, geheim" || got.ID != ch.Secret.ID || len(events) != 1 || events[0].Kind != "client.secret-disclosed" ||
					events[0].Ref != got.ID || events[0].Object != string(made.Entity.ID) || events[0].Actor != "key:"+scope.Principal().KeyID {
					t.Errorf("%s %s: %+v, events %+v", w.OrgName(org), role, got, events)
				}
			}
		}
		forged := made.Entity
		for _, org := range []tenancy.OrgID{w.South, w.Quay} {
			_, err := w.Store.Disclose(ctx, w.Admin(org), made.Entity, 0)
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
			forged.Owner = org
			_, err = w.Store.Disclose(ctx, w.Admin(org), forged, 0)
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		}
		// What the log says of the owner is what the rows say.
		forged.Owner = w.South
		_, err := w.Store.Disclose(ctx, w.Admin(w.Root), forged, 0)
		w.Must(err)
		if e := w.Events(w.Log.Size() - 1)[0]; e.Org != string(w.Harbour) {
			t.Errorf("event %+v", e)
		}
		size := w.Log.Size()
		none := w.NewClient(harbour, "none", snapshotstest.To(snapshotstest.Named("none")))
		got, err := w.Store.Disclose(ctx, harbour, none.Entity, 0)
		if w.Must(err); got != (snapshots.Disclosed{}) || w.Log.Size() != size+1 {
			t.Errorf("%+v, %d events", got, w.Log.Size()-size)
		}

		// No event, no secret.
		w.Reopen(db.Options{Inject: func(point string) error {
			if point == db.BeforeCommit {
				return fault.New(fault.Unavailable, "", "injected")
			}
			return nil
		}})
		if got, err := w.Store.Disclose(ctx, w.Admin(w.Harbour), made.Entity, 0); err == nil || got.Plain != "" {
			t.Errorf("disclosed %+v, %v", got, err)
		}
	})
}

// TestSealingKey: a database goes with one key.
func TestSealingKey(t *testing.T) {
	eachWith(t, snapshots.Options{Sealer: sealer(t, 1)}, func(t *testing.T, w *snapshotstest.World) {
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret = generated(t, w, "sealed with the first key")
		made := w.NewClient(w.Admin(w.North), "shop", ch)
		open := func(s *credential.Sealer) (*snapshots.Store, error) {
			return snapshots.Open(ctx, w.DB, w.Log, tenancy.NewIDs(nil), snapshots.Options{Sealer: s})
		}
		if _, err := open(sealer(t, 2)); !fault.Is(err, fault.Conflict) || strings.Contains(err.Error(), "\x02") {
			t.Errorf("another key: %v", err)
		}
		for _, size := range []int{0, 16, 31, 33} {
			if _, err := credential.NewSealer(make([]byte, size)); err == nil {
				t.Errorf("a key of %d bytes is taken", size)
			}
		}
		second, err := open(sealer(t, 1))
		w.Must(err)
		got, err := second.Disclose(ctx, w.Admin(w.North), made.Entity, 0)
		if w.Must(err); got.Plain != "sealed with the first key" {
			t.Errorf("%+v", got)
		}
		none, err := open(nil)
		w.Must(err)
		size := w.Log.Size()
		got, err = none.Disclose(ctx, w.Admin(w.North), made.Entity, 0)
		if w.Must(err); got != (snapshots.Disclosed{}) || none.CanReveal() || w.Log.Size() != size {
			t.Errorf("without a key: %+v", got)
		}
		if ok, err := none.SecretMatches(ctx, w.Admin(w.North), w.Ref(made.Entity.ID), "sealed with the first key", 0); err != nil || !ok {
			t.Errorf("without a key the secret matches: %t, %v", ok, err)
		}
	})
}

// TestSecretOfAClientMadeWithoutKey: it cannot be shown, ever.
func TestSecretOfAClientMadeWithoutKey(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret = generated(t, w, "never kept")
		made := w.NewClient(w.Admin(w.North), "shop", ch)
		if w.Store.CanReveal() {
			t.Error("can reveal")
		}
		w.Options.Sealer = sealer(t, 1)
		w.Reopen(db.Options{})
		got, err := w.Store.Disclose(ctx, w.Admin(w.North), made.Entity, 0)
		if w.Must(err); got != (snapshots.Disclosed{}) {
			t.Errorf("%+v", got)
		}
	})
}

// TestSecretsFollowTheirSnapshots: a secret starts with the change it comes
// with, and the ones before it end then; withdrawing the change voids both.
func TestSecretsFollowTheirSnapshots(t *testing.T) {
	eachWith(t, snapshots.Options{Sealer: sealer(t, 1)}, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a"))).Entity.ID
		entity, _, err := w.Store.Find(ctx, admin, snapshots.ByRef(w.Ref(id)))
		w.Must(err)
		change := func(plain string, doc client, at *history.Millis) snapshots.Outcome[client] {
			t.Helper()
			ch := snapshotstest.ToAt(doc, at)
			ch.Secret = generated(t, w, plain)
			return w.Edit(admin, id, ch)
		}
		valid := func(want string) {
			t.Helper()
			for _, plain := range []string{"one", "two", "three", "four"} {
				got, err := w.Store.SecretMatches(ctx, admin, w.Ref(id), plain, 0)
				if err != nil || got != (plain == want) {
					t.Errorf("%s matches: %t, %v; %q is meant to", plain, got, err, want)
				}
			}
			has, err := w.Store.HasSecret(ctx, admin, w.Ref(id), 0)
			if err != nil || has != (want != "") {
				t.Errorf("has a secret: %t, %v", has, err)
			}
			shown, err := w.Store.Disclose(ctx, admin, entity, 0)
			if w.Must(err); shown.Plain != want {
				t.Errorf("shown %q, want %q", shown.Plain, want)
			}
		}
		a := snapshotstest.Named("a")
		valid("")
		w.Tick()
		if out := change("one", a, nil); out.Changed { // a new secret alone makes no snapshot
			t.Errorf("%+v", out)
		}
		valid("one")
		w.Tick()
		change("two", a, nil)
		valid("two")

		w.Tick()
		at := w.In(time.Minute)
		plan := change("three", snapshotstest.Named("plan"), at)
		valid("two")
		w.Clock.Set(*at - 1)
		valid("two")
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID))
		w.Clock.Set(*at + 1)
		valid("two")

		// A plan that changes nothing but the secret is a snapshot, so that it
		// can be withdrawn.
		at = w.In(time.Minute)
		plan = change("three", a, at)
		if !plan.Changed || plan.ValidFrom != *at {
			t.Fatalf("plan %+v", plan)
		}
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID))
		w.Clock.Set(*at)
		valid("two")

		// A retry of a plan brings its own secret.
		at = w.In(time.Minute)
		first := change("one", snapshotstest.Named("plan"), at)
		retry := change("three", snapshotstest.Named("plan"), at)
		if retry.Changed || retry.ID != first.ID {
			t.Fatalf("retry %+v", retry)
		}
		valid("two")
		// A change before the plan brings another, which ends with the plan.
		w.Tick()
		change("four", a, nil)
		valid("four")
		w.Clock.Set(*at)
		valid("three")
		w.Tick()
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(id), nil))
		valid("")
	})
}

// TestSecretsOutliveNoPlan: of two secrets valid side by side none is left over.
func TestSecretsOutliveNoPlan(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a"))).Entity.ID
		secret := func(plain string, at *history.Millis) snapshots.Outcome[client] {
			ch := snapshotstest.ToAt(snapshotstest.Named("a"), at)
			ch.Secret = generated(t, w, plain)
			return w.Edit(admin, id, ch)
		}
		at := w.In(time.Minute)
		plan := secret("planned", at)
		w.Tick()
		secret("between", nil)
		ends := func() []history.Millis {
			list, err := w.Store.SecretEnds(ctx, id)
			w.Must(err)
			return list
		}
		if got := ends(); len(got) != 2 || got[0] != 0 || got[1] != *at {
			t.Errorf("the planned one and the one before it end at %v, want never and %d", got, *at)
		}
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID))
		if got := ends(); len(got) != 1 || got[0] != 0 {
			t.Errorf("after the withdrawal %v", got)
		}
	})
}

func TestSecretsAcrossTenantsSayNothing(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		ch := snapshotstest.To(snapshotstest.Named("shop"))
		ch.Secret = generated(t, w, "plain text")
		id := w.NewClient(w.Admin(w.Harbour), "shop", ch).Entity.ID
		for _, org := range w.Orgs() {
			scope := w.Scope(org, tenancy.Editor)
			above := scope.Covers(w.Harbour)
			matches, err := w.Store.SecretMatches(ctx, scope, w.Ref(id), "plain text", 0)
			if err != nil || matches != above {
				t.Errorf("%s: matches %t, %v", w.OrgName(org), matches, err)
			}
			has, err := w.Store.HasSecret(ctx, scope, w.Ref(id), 0)
			if err != nil || has != above {
				t.Errorf("%s: has %t, %v", w.OrgName(org), has, err)
			}
			for _, role := range []tenancy.Role{tenancy.Reader, tenancy.Auditor} {
				if _, err := w.Store.SecretMatches(ctx, w.Scope(org, role), w.Ref(id), "plain text", 0); !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s %s: %v", w.OrgName(org), role, err)
				}
			}
		}
	})
}

// TestSecretsAreNowhereInPlain searches every byte of the database.
func TestSecretsAreNowhereInPlain(t *testing.T) {
	eachWith(t, snapshots.Options{Sealer: sealer(t, 1)}, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		const witness, first, second = "name-to-be-found", "generated-secret-text", "chosen-secret-text"
		ch := snapshotstest.To(snapshotstest.Named(witness))
		ch.Secret = generated(t, w, first)
		made := w.NewClient(admin, "shop", ch)
		ch = snapshotstest.ToAt(snapshotstest.Named("b"), w.In(time.Hour))
		ch.Secret = chosen(t, w, second)
		w.Edit(admin, made.Entity.ID, ch)
		_, err := w.Store.Disclose(ctx, admin, made.Entity, 0)
		w.Must(err)

		if w.DB.Dialect == db.SQLite {
			for _, name := range []string{w.DSN, w.DSN + "-wal"} {
				raw, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(raw, []byte(first)) || bytes.Contains(raw, []byte(second)) {
					t.Errorf("a secret stands in the file of the database")
				}
			}
		}
		found := false
		for table, columns := range map[string]string{"client_secret": "hash || last4 || secret_id", "log_event": "envelope",
			"log_detail": "content", "snapshot_body": "content", "entity_term": "field || value", "secret_end": "secret_id"} {
			var texts []string
			w.Must(w.DB.View(ctx, func(c *db.Conn) error { return c.Select(&texts, "SELECT "+columns+" FROM "+table) }))
			for _, text := range texts {
				found = found || strings.Contains(text, witness)
				if strings.Contains(text, first) || strings.Contains(text, second) {
					t.Errorf("a secret stands in %s: %s", table, text)
				}
			}
		}
		var sealed [][]byte
		w.Must(w.DB.View(ctx, func(c *db.Conn) error { return c.Select(&sealed, "SELECT sealed FROM secret_copy") }))
		if len(sealed) == 0 {
			t.Error("no secret is sealed")
		}
		for _, s := range sealed {
			if len(s) == 0 || bytes.Contains(s, []byte("secret-text")) {
				t.Errorf("sealed %x", s)
			}
		}
		if !found {
			t.Error("the search does not find what it must")
		}
	})
}

// TestSlowHashesWaitForTheCallerOnly: who waits for a place to hash in stops
// when its time is over.
func TestSlowHashesWaitForTheCallerOnly(t *testing.T) {
	w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{})
	release := sync.OnceFunc(w.Store.HoldHashSlots())
	defer release()
	defer time.AfterFunc(5*time.Second, release).Stop() // a store that passes over the context is let go then
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := w.Store.VerifySecret(ctx, w.Setup, "nobody", "client_secret_basic", "whatever"); !fault.Is(err, fault.Timeout) {
		t.Errorf("verifying: %v, want a fault of kind timeout", err)
	}
	// Those with an API key do not wait for them.
	if _, err := w.Store.ChosenSecret(context.Background(), "a secret that somebody chose"); err != nil {
		t.Error(err)
	}
}

// TestRefusalsTakeTheirTime: neither the kind of hash nor that there is none shows in how
// long it takes.
func TestRefusalsTakeTheirTime(t *testing.T) {
	const least = 300 * time.Millisecond
	w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{FailureTime: least})
	change := snapshotstest.To(full())
	change.Secret = generated(t, w, "a secret of at least thirty-two bytes")
	client := w.NewClient(w.Admin(w.North), "known", change)
	for _, id := range []string{"known", "unknown"} {
		begun := time.Now()
		if _, err := w.Store.VerifySecret(ctx, w.Setup, id, client.Content.TokenEndpointAuthMethod, "wrong"); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", id, err)
		}
		if took := time.Since(begun); took < least {
			t.Errorf("%s was refused after %s", id, took)
		}
	}
	ended, hangUp := context.WithCancel(ctx)
	hangUp()
	if _, err := w.Store.VerifySecret(ended, w.Setup, "unknown", "none", "wrong"); err == nil {
		t.Error("a caller that is gone was let in")
	}
}
