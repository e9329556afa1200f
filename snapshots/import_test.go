package snapshots_test

import (
	"context"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"tenure/snapshots"
	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// importing is a store with one setup, into which clients are imported.
type importing struct {
	*tenancytest.World
	store *snapshots.Store
	scope tenancy.Scope
	setup snapshots.Entity
}

func newImporting(t *testing.T, dsn string) *importing {
	t.Helper()
	w := tenancytest.New(t, dsn)
	store, err := snapshots.Open(context.Background(), w.DB, w.Log, tenancy.NewIDs(nil), snapshots.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := &importing{World: w, store: store, scope: w.Store.Operator("test")}
	if err := store.CreateModule(context.Background(), i.scope, snapshots.DefaultModule); err != nil {
		t.Fatal(err)
	}
	out, err := store.CreateSetup(context.Background(), i.scope, snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			return &document.Setup{Name: "s"}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	i.setup = out.Entity
	return i
}

// change makes a client of that name with the secrets of another system.
func (i *importing) change(t *testing.T, name string, imported *history.Millis, hashes ...string) snapshots.Change[document.Client] {
	t.Helper()
	ch := snapshots.Change[document.Client]{Imported: imported,
		Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{ClientName: name, TokenEndpointAuthMethod: "client_secret_basic"}, nil
		}}
	for _, h := range hashes {
		n, err := i.store.ImportedSecret(h, credential.MaxBcryptCost)
		if err != nil {
			t.Fatal(err)
		}
		ch.Held = append(ch.Held, n)
	}
	return ch
}

func (i *importing) create(ch snapshots.Change[document.Client]) (snapshots.Outcome[document.Client], error) {
	return i.createIn(context.Background(), ch)
}

func (i *importing) createIn(ctx context.Context, ch snapshots.Change[document.Client]) (snapshots.Outcome[document.Client], error) {
	return i.store.CreateClient(ctx, i.scope, snapshots.NewClient{Module: snapshots.DefaultModule,
		Setup: i.setup.ID, ClientID: "from elsewhere", Surface: "hydra"}, ch)
}

func (i *importing) edit(id snapshots.EntityID, ch snapshots.Change[document.Client]) (snapshots.Outcome[document.Client], error) {
	return snapshots.Edit(context.Background(), i.store, i.scope, i.ref(id), ch)
}

func (i *importing) ref(id snapshots.EntityID) snapshots.Ref {
	return snapshots.Ref{Module: snapshots.DefaultModule, Setup: i.setup.ID, Entity: id}
}

// authenticates lists which of the secrets prove the client.
func (i *importing) authenticates(t *testing.T, secrets ...string) (hold []string) {
	t.Helper()
	for _, secret := range secrets {
		_, err := i.store.VerifySecret(context.Background(), i.setup.ID, "from elsewhere", "client_secret_basic", secret)
		if err == nil {
			hold = append(hold, secret)
		} else if !fault.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	return hold
}

func (i *importing) sound(t *testing.T) {
	t.Helper()
	problems, err := snapshots.Check(context.Background(), i.DB)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func hashOf(t *testing.T, secret string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func millis(at time.Time) *history.Millis {
	m := history.Millis(at.UnixMilli())
	return &m
}

func sameSecrets(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %q, want %q", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: %q, want %q", what, got, want)
		}
	}
}

func TestImportedClientKeepsItsPastOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		i := newImporting(t, dsn)
		since := millis(time.Date(2019, 5, 6, 7, 8, 9, 123e6, time.UTC))
		made, err := i.create(i.change(t, "as it was", since))
		if err != nil || !made.Imported || made.ValidFrom != *since || !made.Changed {
			t.Fatalf("%+v, %v", made.Version, err)
		}
		events := i.Events(t)
		if e := events[len(events)-1]; e.Kind != "client.imported" || e.Effective != *since {
			t.Errorf("%+v", e)
		}
		if _, err := i.edit(made.Entity.ID, i.change(t, "again", since)); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second past: %v", err)
		}
		early := i.change(t, "back", nil)
		early.ValidFrom = millis(time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC))
		if _, err := i.edit(made.Entity.ID, early); !fault.Is(err, fault.Invalid) {
			t.Errorf("back-dating an imported client: %v", err)
		}
		next, err := i.edit(made.Entity.ID, i.change(t, "as it is", nil))
		if err != nil || next.Imported || next.Base != made.ID || next.ValidFrom <= *since {
			t.Errorf("%+v, %v", next.Version, err)
		}
		read, err := snapshots.Snapshot[document.Client](context.Background(), i.store, i.scope, snapshots.ByRef(i.ref(made.Entity.ID)), made.ID)
		if err != nil || !read.Imported || read.Content.ClientName != "as it was" {
			t.Errorf("%+v, %v", read.Version, err)
		}
		i.sound(t)
	})
}

func TestImportWithoutAPastStartsNow(t *testing.T) {
	i := newImporting(t, dbtest.SQLite(t))
	for _, since := range []history.Millis{0, -5, *millis(tenancytest.Start.Add(time.Hour))} {
		made, err := i.create(i.change(t, "c", &since))
		if err != nil || !made.Imported || made.ValidFrom != made.RecordedAt.Millis() {
			t.Fatalf("since %d: %+v, %v", since, made.Version, err)
		}
		if err := snapshots.Delete[document.Client](context.Background(), i.store, i.scope, i.ref(made.Entity.ID), nil); err != nil {
			t.Fatal(err)
		}
		i.Clock.Advance(time.Second)
	}
	// The client_id has a past here by now.
	made, err := i.create(i.change(t, "c", millis(time.Date(2019, 5, 6, 7, 8, 9, 0, time.UTC))))
	if err != nil || made.Entity.Incarnation != 4 || made.ValidFrom != made.RecordedAt.Millis() {
		t.Fatalf("%+v, %v", made.Version, err)
	}
	i.sound(t)
}

func TestOnlyClientsAreImported(t *testing.T) {
	i := newImporting(t, dbtest.SQLite(t))
	_, err := i.store.CreateSetup(context.Background(), i.scope, snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Imported: new(history.Millis),
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			return &document.Setup{Name: "t"}, nil
		}})
	if !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
	at := i.change(t, "c", new(history.Millis))
	at.ValidFrom = millis(tenancytest.Start.Add(time.Hour))
	if _, err := i.create(at); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
}

func TestHeldSecrets(t *testing.T) {
	i := newImporting(t, dbtest.SQLite(t))
	first, second, third := hashOf(t, "first one"), hashOf(t, "second one"), hashOf(t, "third one")
	all := []string{"first one", "second one", "third one", "made here"}
	made, err := i.create(i.change(t, "c", new(history.Millis), second, first, first))
	if err != nil || made.Secrets != 2 {
		t.Fatalf("%d, %v", made.Secrets, err)
	}
	sameSecrets(t, "both hold", i.authenticates(t, all...), []string{"first one", "second one"})
	listed, err := i.store.Secrets(context.Background(), i.scope, snapshots.ByRef(i.ref(made.Entity.ID)), snapshots.Instant{})
	if err != nil || len(listed) != 2 || listed[0].ValidFrom <= listed[1].ValidFrom || listed[0].Last4 != "" {
		t.Errorf("%+v, %v", listed, err)
	}

	size := i.Log.Size()
	again, err := i.edit(made.Entity.ID, i.change(t, "c", nil, second, first))
	if err != nil || again.Secrets != 0 || again.Changed || i.Log.Size() != size {
		t.Errorf("importing the same again: %d, %t, %v", again.Secrets, again.Changed, err)
	}

	// What was rotated here stays so.
	own, err := i.store.GenerateSecret("made here")
	if err != nil {
		t.Fatal(err)
	}
	i.Clock.Advance(time.Second)
	if _, err := i.store.RotateSecret(context.Background(), i.scope, i.ref(made.Entity.ID), own, i.store.Now().Millis()); err != nil {
		t.Fatal(err)
	}
	i.Clock.Advance(time.Second)
	if _, err := i.edit(made.Entity.ID, i.change(t, "c", nil, second, first)); err != nil {
		t.Fatal(err)
	}
	sameSecrets(t, "after rotating here", i.authenticates(t, all...), []string{"made here"})

	// A newer one from there ends the others.
	i.Clock.Advance(time.Second)
	rotated, err := i.edit(made.Entity.ID, i.change(t, "c", nil, third, second))
	if err != nil || rotated.Secrets != 1 {
		t.Fatalf("%d, %v", rotated.Secrets, err)
	}
	sameSecrets(t, "after rotating there", i.authenticates(t, all...), []string{"third one"})
	i.sound(t)
}

// TestRenewedSecretStaysHeld: an imported hash that was replaced by one of ours
// when it was first used counts as the one that was imported.
func TestRenewedSecretStaysHeld(t *testing.T) {
	i := newImporting(t, dbtest.SQLite(t))
	first, second := hashOf(t, "first one"), hashOf(t, "second one")
	made, err := i.create(i.change(t, "c", new(history.Millis), first))
	if err != nil {
		t.Fatal(err)
	}
	proved, err := i.store.VerifySecret(context.Background(), i.setup.ID, "from elsewhere", "client_secret_basic", "first one")
	if err != nil || !proved.Imported() {
		t.Fatalf("%+v, %v", proved, err)
	}
	i.Clock.Advance(time.Second)
	if err := i.store.RenewSecret(context.Background(), i.scope, proved, "first one"); err != nil {
		t.Fatal(err)
	}
	i.Clock.Advance(time.Second)
	out, err := i.edit(made.Entity.ID, i.change(t, "c", nil, second, first))
	if err != nil || out.Secrets != 1 {
		t.Fatalf("%d, %v", out.Secrets, err)
	}
	sameSecrets(t, "rotated there", i.authenticates(t, "first one", "second one"), []string{"first one", "second one"})
	i.sound(t)
}

func TestRehearsalKeepsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		i := newImporting(t, dsn)
		size, rows := i.Log.Size(), i.rows(t)
		ch := i.change(t, "c", millis(time.Date(2019, 5, 6, 7, 8, 9, 0, time.UTC)), hashOf(t, "secret"))
		rehearse := func(ch snapshots.Change[document.Client]) (snapshots.Outcome[document.Client], error) {
			return snapshots.Rehearse(ctx, func(ctx context.Context) (snapshots.Outcome[document.Client], error) { return i.createIn(ctx, ch) })
		}
		out, err := rehearse(ch)
		if err != nil || !out.Changed || out.Secrets != 1 || out.Content.ClientName != "c" {
			t.Fatalf("%+v, %v", out, err)
		}
		bad := ch
		bad.Apply = func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{RedirectURIs: []string{"no uri"}}, nil
		}
		if _, err := rehearse(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("a rehearsal that must fail: %v", err)
		}
		if got := i.rows(t); got != rows || i.Log.Size() != size {
			t.Errorf("rows %v, were %v; log %d, was %d", got, rows, i.Log.Size(), size)
		}
		if _, _, err := i.store.Find(context.Background(), i.scope, snapshots.ByClientID("", i.setup.ID, "from elsewhere")); !fault.Is(err, fault.NotFound) {
			t.Errorf("it is there: %v", err)
		}
		if _, err := i.create(ch); err != nil {
			t.Error(err)
		}
		i.sound(t)
	})
}

// rows counts what an import writes, and reads the log's clock.
func (i *importing) rows(t *testing.T) (counts [7]int64) {
	t.Helper()
	if err := i.DB.View(context.Background(), func(c *db.Conn) error {
		for k, q := range []string{"count(*) FROM entity", "count(*) FROM snapshot", "count(*) FROM snapshot_body",
			"count(*) FROM client_secret", "count(*) FROM entity_term", "count(*) FROM log_event", "clock FROM log_head"} {
			if err := c.Get(&counts[k], "SELECT "+q); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return counts
}
