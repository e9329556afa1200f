package snapshots_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

func lifetime(n int64) document.Lifetime { return &n }

func secondsOf(l document.Lifetime) int64 {
	if l == nil {
		return -1
	}
	return *l
}

// TestSetupsScheduledChangeReachesItsClients, at its instant, through caches
// that nothing has dropped.
func TestSetupsScheduledChangeReachesItsClients(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		north, harbour := w.Admin(w.North), w.Admin(w.Harbour)
		id := w.NewClient(harbour, "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		w.Tick()
		at := w.In(time.Minute)
		doc := snapshotstest.MinimalSetup("plain")
		doc.AccessTokenTTL = lifetime(77)
		plan, err := snapshots.Edit(ctx, w.Store, north, snapshots.SetupRef(snapshotstest.Module, w.Setup), snapshotstest.ToAt(doc, at))
		w.Must(err)
		shows := func(want int64) snapshots.Resolved[client] {
			t.Helper()
			found := w.Active(harbour, id)
			if e := document.Effective(found.Content, found.Setup.Content); secondsOf(e.AccessTokenTTL) != want {
				t.Errorf("at %d the TTL is %d, want %d", w.Clock.Millis(), secondsOf(e.AccessTokenTTL), want)
			}
			return found
		}
		before := shows(-1)
		w.Clock.Set(*at - 1)
		shows(-1)
		w.Clock.Set(*at)
		after := shows(77)
		if after.ID != before.ID || after.Setup.ID != plan.ID || before.Setup.ID != plan.Base {
			t.Errorf("before %s in %s, after %s in %s", before.ID, before.Setup.ID, after.ID, after.Setup.ID)
		}
		w.Clock.Set(*at - 1)
		shows(-1)
	})
}

// TestInheritedValuesOfTheSameInstant: also where a snapshot of the past or
// the future is read by its id.
func TestInheritedValuesOfTheSameInstant(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		ref := snapshots.SetupRef(snapshotstest.Module, w.Setup)
		set := func(n int64, at *time.Duration) {
			doc := snapshotstest.MinimalSetup("plain")
			doc.AccessTokenTTL, doc.RefreshTokenTTL, doc.IDTokenTTL, doc.PersistedConsentTTL = lifetime(n), lifetime(n+1), lifetime(n+2), lifetime(n+3)
			doc.GrantTypes = []string{fmt.Sprint("urn:example:grant:", n)}
			doc.ForceReauthentication = document.FlagOf(n%20 == 0)
			ch := snapshotstest.To(doc)
			if at != nil {
				ch.ValidFrom = w.In(*at)
			}
			_, err := snapshots.Edit(ctx, w.Store, admin, ref, ch)
			w.Must(err)
		}
		set(10, nil)
		w.Tick()
		first := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("first")))
		id := first.Entity.ID
		w.Tick()
		set(20, nil)
		w.Tick()
		second := w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("second")))
		hour := time.Hour
		set(30, &hour)
		var sawName string
		var sawTTL int64
		third := w.Edit(admin, id, snapshots.Change[client]{ValidFrom: w.In(2 * hour), Apply: func(base *client, s *setup) (*client, error) {
			sawName, sawTTL = base.ClientName, secondsOf(s.AccessTokenTTL)
			doc := snapshotstest.Named("third")
			return &doc, nil
		}})
		// What the caller saw inherited is what is in force now.
		if sawName != "second" || sawTTL != 20 {
			t.Errorf("Apply saw %q, %d", sawName, sawTTL)
		}
		own := snapshotstest.Named("own")
		own.AccessTokenTTL, own.GrantTypes, own.ForceReauthentication = lifetime(1), []string{}, document.True
		fourth := w.Edit(admin, id, snapshotstest.ToAt(own, w.In(3*hour)))

		for _, c := range []struct {
			name string
			of   snapshots.Outcome[client]
			want string
		}{
			{"past", first, "10 11 12 13 [urn:example:grant:10] 1"}, {"active", second, "20 21 22 23 [urn:example:grant:20] 2"},
			{"future", third, "30 31 32 33 [urn:example:grant:30] 1"}, {"own", fourth, "1 31 32 33 [] 2"},
		} {
			read, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), c.of.ID)
			w.Must(err)
			for how, r := range map[string]snapshots.Resolved[client]{"written": c.of.Resolved, "read": read} {
				e := document.Effective(r.Content, r.Setup.Content)
				got := fmt.Sprint(secondsOf(e.AccessTokenTTL), secondsOf(e.RefreshTokenTTL), secondsOf(e.IDTokenTTL), secondsOf(e.PersistedConsentTTL), e.GrantTypes, e.ForceReauthentication)
				if got != c.want {
					t.Errorf("%s, %s: %s, want %s", c.name, how, got, c.want)
				}
			}
		}
	})
}

// TestRulesGoByTheSetupOfTheInstant: a plan is checked against what it will inherit.
func TestRulesGoByTheSetupOfTheInstant(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		doc := snapshotstest.MinimalSetup("plain")
		doc.GrantTypes = []string{"client_credentials"}
		_, err := snapshots.Edit(ctx, w.Store, admin, snapshots.SetupRef(snapshotstest.Module, w.Setup), snapshotstest.ToAt(doc, w.In(time.Hour)))
		w.Must(err)
		public := snapshotstest.Named("shop")
		public.TokenEndpointAuthMethod = document.MethodNone
		edit := func(at time.Duration) error {
			ch := snapshotstest.ToAt(public, w.In(at))
			ch.Rules = []document.Rule[client]{document.PublicWithoutClientCredentials()}
			_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), ch)
			return err
		}
		w.RefusedAt(edit(2*time.Hour), "/grant_types", "public-client-credentials")
		w.Must(edit(time.Minute))
	})
}

// TestReaderBesideWriter drives a reader's fill to every place that it can
// have beside a writer's commit; after the write has been answered nobody is
// shown what was before.
func TestReaderBesideWriter(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("0"))).Entity.ID
		var at map[string]func()
		w.Reopen(db.Options{Inject: func(point string) error {
			if fn := at[point]; fn != nil {
				fn()
			}
			return nil
		}})
		admin = w.Admin(w.North)
		read := func(want string) func() {
			return func() {
				t.Helper()
				if name := w.Active(admin, id).Content.ClientName; name != want {
					t.Errorf("%q is active, want %q", name, want)
				}
			}
		}
		write := func(name string, hooks map[string]func()) {
			t.Helper()
			w.Tick()
			w.Must(w.Log.Poll(ctx, w.DB)) // else a node beside others is stale, and asks the database
			at = hooks
			doc := snapshotstest.Named("shop")
			doc.ClientName = name
			_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.To(doc))
			at = nil
			w.Must(err)
			read(name)()
			read(name)()
		}
		write("filled before the commit", map[string]func(){db.BeforeCommit: read("0")})
		if !w.Store.Holds(id) {
			t.Error("the reads after a write fill nothing")
		}
		write("cached before, read until the answer", map[string]func(){
			db.BeforeCommit: read("filled before the commit"), db.AfterCommit: read("filled before the commit")})
		write("filled after the commit", map[string]func(){db.AfterCommit: func() {
			fresh(t, w, id)()
		}})

		// The read began before the commit and ends after the drop.
		var keep func()
		write("kept after the drop", map[string]func(){db.BeforeCommit: func() { keep = fresh(t, w, id) }})
		keep()
		read("kept after the drop")()

		keep = fresh(t, w, id)
		write("kept long after", nil)
		write("kept longer after", nil)
		keep()
		read("kept longer after")()
	})
}

func fresh(t *testing.T, w *snapshotstest.World, id snapshots.EntityID) func() {
	t.Helper()
	keep, err := w.Store.Fill(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return keep
}

// TestReadYourWrites under load: each writer sees its own change at once.
func TestReadYourWrites(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		var all sync.WaitGroup
		for g := range 8 {
			id := w.NewClient(admin, fmt.Sprint("c", g), snapshotstest.To(snapshotstest.Named("0"))).Entity.ID
			all.Go(func() {
				for n := range 20 {
					out, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.To(snapshotstest.Named(fmt.Sprint("v", n))))
					if err != nil {
						t.Error(err)
						return
					}
					found, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
					if err != nil || found.ID != out.ID {
						t.Errorf("wrote %s, read %s, %v", out.ID, found.ID, err)
						return
					}
				}
			})
			all.Go(func() { // others read all the while
				last := snapshots.Resolved[client]{}
				for range 50 {
					found, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
					if err != nil || found.ValidFrom < last.ValidFrom {
						t.Errorf("read %d after %d, %v", found.ValidFrom, last.ValidFrom, err)
						return
					}
					last = found
				}
			})
		}
		all.Wait()
	})
}

// TestRendered: bytes are kept for exactly what they were made of.
func TestRendered(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		key := snapshots.RenderKey{Entity: "e", Snapshot: "s", Setup: "t", Owner: w.North, Surface: "f"}
		made := 0
		render := func(key snapshots.RenderKey) string {
			kept, err := w.Store.Render(key, func() (*snapshots.Rendering, error) {
				made++
				return &snapshots.Rendering{Body: []byte(fmt.Sprint(made))}, nil
			})
			w.Must(err)
			return string(kept.Body)
		}
		if a, b := render(key), render(key); a != "1" || b != "1" {
			t.Errorf("%s, %s", a, b)
		}
		for n, other := range []snapshots.RenderKey{
			{"x", key.Snapshot, key.Setup, key.Owner, key.Surface}, {key.Entity, "x", key.Setup, key.Owner, key.Surface},
			{key.Entity, key.Snapshot, "x", key.Owner, key.Surface}, {key.Entity, key.Snapshot, key.Setup, w.South, key.Surface},
			{key.Entity, key.Snapshot, key.Setup, key.Owner, "x"},
		} {
			if got := render(other); got != fmt.Sprint(n+2) {
				t.Errorf("%+v: %s", other, got)
			}
		}
		if got := render(key); got != "1" {
			t.Error(got)
		}
		broken := errors.New("broken")
		if r, err := w.Store.Render(snapshots.RenderKey{}, func() (*snapshots.Rendering, error) { return nil, broken }); r != nil || err != broken {
			t.Errorf("%+v, %v", r, err)
		}
		if got := render(snapshots.RenderKey{}); got != "7" {
			t.Errorf("a rendering that was not made is kept: %s", got)
		}
	})
}

// TestTinyCache: everything works where nothing fits.
func TestTinyCache(t *testing.T) {
	eachWith(t, snapshots.Options{CacheBytes: 1}, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(full())).Entity.ID
		same(t, w.Active(admin, id).Content, full())
		same(t, w.Active(admin, id).Content, full())
	})
}

// TestTwoNodes: what one node writes the other shows after its next poll; when
// its polls fail it does without its caches.
func TestTwoNodes(t *testing.T) {
	w := snapshotstest.New(t, dbtest.Postgres(t), snapshots.Options{})
	other := snapshotstest.OpenNode(t, w.DSN, w.Clock, db.Options{}, snapshots.Options{})
	admin := w.Admin(w.North)
	there := func(org tenancy.OrgID) tenancy.Scope { return w.ScopeOn(other, org, tenancy.Admin, org) }
	poll := func() { w.Must(other.Log.Poll(ctx, other.DB)) }
	id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("0"))).Entity.ID
	name := func(want string) {
		t.Helper()
		found, err := snapshots.Resolve[client](ctx, other.Store, there(w.North), snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
		if err != nil || found.Content.ClientName != want {
			t.Fatalf("the other node shows %q, %v; want %q", found.Content.ClientName, err, want)
		}
	}
	name("0") // never seen: read from the database
	w.Tick()
	w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("1")))
	name("0") // at most one poll behind
	poll()
	name("1")
	w.Tick()
	w.Edit(admin, id, snapshotstest.To(snapshotstest.Named("2")))
	name("1")
	fresh := false
	other.Store.SetFresh(func() bool { return fresh })
	name("2") // its last poll is too old
	fresh = true
	poll()
	name("2")

	// Setups, deletions and plans reach it as well.
	w.Tick()
	doc := snapshotstest.MinimalSetup("plain")
	doc.AccessTokenTTL = lifetime(5)
	_, err := snapshots.Edit(ctx, w.Store, admin, snapshots.SetupRef(snapshotstest.Module, w.Setup), snapshotstest.To(doc))
	w.Must(err)
	poll()
	if found, err := snapshots.Resolve[client](ctx, other.Store, there(w.North), snapshots.ByRef(w.Ref(id)), snapshots.Instant{}); err != nil || secondsOf(found.Setup.Content.AccessTokenTTL) != 5 {
		t.Errorf("%+v, %v", found.Setup.Content, err)
	}
	plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("3"), w.In(time.Minute)))
	poll()
	name("2")
	w.Clock.Set(plan.ValidFrom)
	name("3")

	// Both write the same client; nothing is lost and neither reads its past.
	w.Tick()
	var all sync.WaitGroup
	for i := range 16 {
		store, scope := w.Store, admin
		if i%2 == 1 {
			store, scope = other.Store, there(w.North)
		}
		all.Go(func() {
			out, err := snapshots.Edit(ctx, store, scope, w.Ref(id), adding(fmt.Sprintf("https://w%d.example/", i)))
			if err != nil {
				t.Error(err)
				return
			}
			found, err := snapshots.Resolve[client](ctx, store, scope, snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
			if err != nil || found.ValidFrom < out.ValidFrom {
				t.Errorf("wrote %d, read %d, %v", out.ValidFrom, found.ValidFrom, err)
			}
		})
	}
	all.Wait()
	w.Sound()
	poll()
	w.Must(w.Log.Poll(ctx, w.DB))
	for _, n := range []*snapshotstest.Node{w.Node, other} {
		found, err := snapshots.Resolve[client](ctx, n.Store, w.ScopeOn(n, w.North, tenancy.Admin, w.North), snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
		if err != nil || len(found.Content.RedirectURIs) != 17 {
			t.Errorf("%d URIs, %v", len(found.Content.RedirectURIs), err)
		}
	}

	w.Tick()
	w.Must(snapshots.Delete[client](ctx, other.Store, there(w.North), w.Ref(id), nil))
	if _, err := snapshots.Resolve[client](ctx, other.Store, there(w.North), snapshots.ByRef(w.Ref(id)), snapshots.Instant{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted here, and read here: %v", err)
	}
	if _, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(id), snapshotstest.To(full())); !fault.HasCode(err, fault.CodeClientUnknown) {
		t.Errorf("deleted there, and changed here: %v", err)
	}
	w.Must(w.Log.Poll(ctx, w.DB))
	if _, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), snapshots.Instant{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted there, and read here after a poll: %v", err)
	}
	list, err := snapshots.List[client](ctx, w.Store, admin, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{})
	if w.Must(err); len(list) != 0 {
		t.Errorf("listed %v", list)
	}
}
