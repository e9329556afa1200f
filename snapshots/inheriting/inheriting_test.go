package inheriting_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/inheriting"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

// world is a World whose setup, north's, has defaults; harbour, below, owns clients.
type world struct {
	*snapshotstest.World
	shop, own snapshots.EntityID // shop leaves everything to the setup, own sets two members
	auditor   tenancy.Scope      // of harbour
}

func newWorld(t *testing.T, dsn string) *world {
	w := &world{World: snapshotstest.New(t, dsn, snapshots.Options{})}
	w.auditor = w.Scope(w.Harbour, tenancy.Auditor)
	w.setup(nil, func(s *document.Setup) {
		s.GrantTypes, s.AccessTokenTTL = []string{"authorization_code"}, seconds(3600)
	})
	w.Tick()
	w.shop = w.NewClient(w.Admin(w.Harbour), "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
	own := snapshotstest.Named("own")
	own.GrantTypes, own.AccessTokenTTL = []string{"authorization_code"}, seconds(60)
	w.own = w.NewClient(w.Admin(w.Harbour), "own", snapshotstest.To(own)).Entity.ID
	w.Tick()
	return w
}

func seconds(n int64) document.Lifetime { return &n }

// setup changes the setup at an instant, nil for now.
func (w *world) setup(at *history.Millis, change func(*document.Setup)) snapshots.SnapshotID {
	out, err := snapshots.Edit(ctx, w.Store, w.Admin(w.North), snapshots.SetupRef(snapshotstest.Module, w.Setup), snapshots.Change[document.Setup]{
		ValidFrom: at, Later: snapshots.LaterKeep,
		Apply: func(base, _ *document.Setup) (*document.Setup, error) {
			next := *base
			change(&next)
			return &next, nil
		}})
	w.Must(err)
	return out.ID
}

// story is what happens after the clients are there.
func (w *world) story() {
	w.setup(nil, func(s *document.Setup) {
		s.GrantTypes, s.AccessTokenTTL = []string{"authorization_code", "password"}, seconds(86400)
	})
	w.Tick()
	w.setup(nil, func(s *document.Setup) { s.Name = "another name" })
	w.Tick()
	withdrawn := w.setup(w.In(time.Hour), func(s *document.Setup) { s.IDTokenTTL = seconds(5) })
	w.Must(snapshots.Withdraw[document.Setup](ctx, w.Store, w.Admin(w.North), snapshots.SetupRef(snapshotstest.Module, w.Setup), withdrawn))
	w.setup(w.In(2*time.Hour), func(s *document.Setup) { s.ForceReauthentication = document.True })
	w.Tick()
	for _, id := range []snapshots.EntityID{w.shop, w.own} {
		w.Edit(w.Admin(w.Harbour), id, snapshots.Change[document.Client]{Apply: func(base *document.Client, _ *document.Setup) (*document.Client, error) {
			next := *base
			next.Comment = "changed"
			return &next, nil
		}})
	}
}

func (w *world) reader() inheriting.Reader {
	return inheriting.Reader{Snapshots: w.Store, Tenancy: w.Tenancy}
}

// told is an event in short.
func told(e history.Entry, members []string) string {
	return strings.TrimSpace(string(e.Kind) + " " + strings.Join(members, " "))
}

func history1(p inheriting.Past) []string {
	type row struct {
		index int64
		text  string
	}
	var rows []row
	for _, e := range slices.Concat(p.Events, p.Around) {
		rows = append(rows, row{e.Index, told(e, nil)})
	}
	for _, c := range p.Setup {
		rows = append(rows, row{c.Index, told(c.Entry, c.Members)})
	}
	slices.SortFunc(rows, func(a, b row) int { return int(a.index - b.index) })
	var list []string
	for _, r := range rows {
		list = append(list, r.text)
	}
	return list
}

var (
	shopStory = []string{"client.published", "setup.changed grant_types access_token_ttl", "setup.scheduled force_reauthentication", "client.changed"}
	ownStory  = []string{"client.published", "setup.scheduled force_reauthentication", "client.changed"}
)

// TestHistory holds the changes of the setup that changed a client, whatever the page's
// size, for the auditors of its owner and those above, and for nobody else.
func TestHistory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		w.story()
		for id, want := range map[snapshots.EntityID][]string{w.shop: shopStory, w.own: ownStory} {
			for _, org := range []tenancy.OrgID{w.Harbour, w.North, w.Root} {
				for limit := 1; limit <= 3; limit++ {
					var got []string
					for after, pages := int64(0), 0; pages < 9; pages++ {
						past, err := w.reader().History(ctx, w.Scope(org, tenancy.Auditor), id, snapshots.Part{After: after, Limit: limit})
						w.Must(err)
						got = append(got, history1(past)...)
						if after = past.Next; !past.More {
							break
						}
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s, %d a page: %q, want %q", w.OrgName(org), limit, got, want)
					}
				}
			}
		}
		for _, org := range []tenancy.OrgID{w.South, w.Quay} {
			_, err := w.reader().History(ctx, w.Scope(org, tenancy.Auditor), w.shop, snapshots.Part{Limit: 9})
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		}
		now := w.Clock.Millis()
		past, err := w.reader().History(ctx, w.auditor, w.shop, snapshots.Part{Limit: 9, At: &now})
		w.Must(err)
		if got := history1(past); !slices.Equal(got, []string{shopStory[0], shopStory[1], shopStory[3]}) {
			t.Errorf("what took effect: %q", got)
		}
		known := w.Clock.Now().Add(-2500 * time.Millisecond).UnixMicro()
		past, err = w.reader().History(ctx, w.auditor, w.shop, snapshots.Part{Limit: 9, Known: (*history.Micros)(&known)})
		w.Must(err)
		if got := history1(past); !slices.Equal(got, shopStory[:2]) {
			t.Errorf("what was known: %q", got)
		}
	})
}

// TestPlannedBeforeTheClient: a change of the setup that was recorded before the client was
// registered and takes effect after it is on the first page.
func TestPlannedBeforeTheClient(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.setup(w.In(time.Hour), func(s *document.Setup) { s.AccessTokenTTL = seconds(5) })
	w.Tick()
	late := w.NewClient(w.Admin(w.Harbour), "late", snapshotstest.To(snapshotstest.Named("late"))).Entity.ID
	past, err := w.reader().History(ctx, w.auditor, late, snapshots.Part{Limit: 1})
	w.Must(err)
	if got := history1(past); !slices.Equal(got, []string{"setup.scheduled access_token_ttl", "client.published"}) {
		t.Errorf("%q", got)
	}
	w.Must(snapshots.Delete[document.Client](ctx, w.Store, w.Admin(w.Harbour), w.Ref(late), nil))
	if past, err = w.reader().History(ctx, w.auditor, late, snapshots.Part{Limit: 9}); err != nil {
		t.Fatal(err)
	}
	if got := history1(past); !slices.Equal(got, []string{"client.published", "client.deleted"}) {
		t.Errorf("it ended before the change: %q", got)
	}
}

// TestJournal has the same events where it is asked for one client, in both orders and
// whatever the page's size, and filters them.
func TestJournal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		w.story()
		all := func(scope tenancy.Scope, q tenancy.Query) (list []string) {
			for pages := 0; pages < 20; pages++ {
				page, err := w.reader().Journal(ctx, scope, q)
				w.Must(err)
				if len(page.Events) > q.Limit {
					t.Fatalf("%d events on a page of %d", len(page.Events), q.Limit)
				}
				for _, e := range page.Events {
					list = append(list, told(e, page.Members[e.Index]))
				}
				if q.After = page.Next; !page.More {
					break
				}
			}
			return list
		}
		for id, want := range map[snapshots.EntityID][]string{w.shop: shopStory, w.own: ownStory} {
			for limit := 1; limit <= 5; limit++ {
				if got := all(w.auditor, tenancy.Query{Object: string(id), After: -1, Limit: limit}); !slices.Equal(got, want) {
					t.Errorf("%d a page: %q, want %q", limit, got, want)
				}
				got := all(w.auditor, tenancy.Query{Object: string(id), After: -1, Limit: limit, Newest: true})
				slices.Reverse(got)
				if !slices.Equal(got, want) {
					t.Errorf("%d a page, backwards: %q, want %q", limit, got, want)
				}
			}
		}
		shop := tenancy.Query{Object: string(w.shop), After: -1, Limit: 9}
		for name, tt := range map[string]struct {
			change func(*tenancy.Query)
			want   []string
		}{
			"a kind":    {func(q *tenancy.Query) { q.Kinds = []history.Kind{"setup.changed"} }, shopStory[1:2]},
			"a surface": {func(q *tenancy.Query) { q.Surface = "no" }, nil},
			"an actor":  {func(q *tenancy.Query) { q.Actor = w.Admin(w.North).Principal().KeyID }, shopStory[1:3]},
			"the owner": {func(q *tenancy.Query) { q.Org = w.Harbour }, shopStory},
			"until":     {func(q *tenancy.Query) { q.To = history.Micros(w.Clock.Now().Add(-2500 * time.Millisecond).UnixMicro()) }, shopStory[:2]},
			"from": {func(q *tenancy.Query) {
				q.From = history.Micros(w.Clock.Now().Add(-2500 * time.Millisecond).UnixMicro())
			}, shopStory[2:]},
			"the setup by itself": {func(q *tenancy.Query) { q.Object = string(w.Setup) }, nil},
		} {
			q := shop
			tt.change(&q)
			if got := all(w.auditor, q); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
		if got := all(w.Scope(w.North, tenancy.Auditor), tenancy.Query{Org: w.Harbour, Object: string(w.shop), After: -1, Limit: 9}); !slices.Equal(got, []string{shopStory[0], shopStory[3]}) {
			t.Errorf("of the owner alone, for those above: %q", got)
		}
		for _, org := range []tenancy.OrgID{w.South, w.Quay} {
			if got := all(w.Scope(org, tenancy.Auditor), shop); len(got) > 0 {
				t.Errorf("%s: %q", w.OrgName(org), got)
			}
		}
	})
}

// TestManyChangesOfTheSetup: a page of the journal looks at a bounded number of them, and
// the next one goes on from there, in both orders.
func TestManyChangesOfTheSetup(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	admin, in := w.Admin(w.North), snapshots.SetupRef(snapshotstest.Module, w.Setup)
	reached := []int{0, 700, 1500, 2049}
	for i := range 2050 {
		w.Tick()
		if _, err := snapshots.Edit(ctx, w.Store, admin, in, snapshots.Change[document.Setup]{Apply: func(base, _ *document.Setup) (*document.Setup, error) {
			next := *base
			next.Comment = fmt.Sprint(i)
			if slices.Contains(reached, i) {
				next.IDTokenTTL = seconds(int64(i + 1))
			}
			return &next, nil
		}}); err != nil {
			t.Fatal(err)
		}
	}
	w.Sound()
	want := append([]string{"client.published"}, slices.Repeat([]string{"setup.changed id_token_ttl"}, len(reached))...)
	for _, newest := range []bool{false, true} {
		q := tenancy.Query{Object: string(w.shop), After: -1, Limit: 2, Newest: newest}
		var got []string
		for pages := 0; pages < 12; pages++ {
			page, err := w.reader().Journal(ctx, w.auditor, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Events {
				got = append(got, told(e, page.Members[e.Index]))
			}
			if q.After = page.Next; !page.More {
				break
			}
		}
		if newest {
			slices.Reverse(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("newest first %t: %q", newest, got)
		}
	}
	past, err := w.reader().History(ctx, w.auditor, w.shop, snapshots.Part{Limit: 9})
	if got := history1(past); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestBlame names the setup's snapshot of what is inherited, and who made it.
func TestBlame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		w.story()
		blame := func(id snapshots.EntityID, in snapshots.Instant, stored bool) map[string]string {
			lines, err := w.reader().Blame(ctx, w.auditor, id, in, stored)
			w.Must(err)
			all := make(map[string]string)
			for _, l := range lines {
				all[l.Member] = fmt.Sprint(l.Made.Kind, " ", l.Inherited, " ", l.Set)
				if l.Made.Ref != l.Snapshot || l.Made.Effective != l.ValidFrom || l.Made.Reason != "because of a test" {
					t.Errorf("%+v", l)
				}
			}
			return all
		}
		got := blame(w.shop, snapshots.Instant{}, false)
		if got["grant_types"] != "setup.changed true true" || got["access_token_ttl"] != "setup.changed true true" || got["comment"] != "client.changed false true" || got["force_reauthentication"] != "" {
			t.Errorf("shop: %v", got)
		}
		if got := blame(w.own, snapshots.Instant{}, false); got["grant_types"] != "client.published false true" {
			t.Errorf("own: %v", got)
		}
		if got := blame(w.shop, snapshots.Instant{}, true); got["grant_types"] != "" || got["comment"] != "client.changed false true" {
			t.Errorf("stored: %v", got)
		}
		later := snapshots.Instant{At: w.In(3 * time.Hour)}
		if got := blame(w.shop, later, false); got["force_reauthentication"] != "setup.scheduled true true" {
			t.Errorf("later: %v", got)
		}
		_, err := w.reader().Blame(ctx, w.Scope(w.South, tenancy.Auditor), w.shop, snapshots.Instant{}, false)
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
	})
}

// TestCost: the setup's changes cost a page two statements, however many there are.
func TestCost(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.story()
	var asked atomic.Int64
	w.Reopen(db.Options{Asked: func(string, int) { asked.Add(1) }})
	w.auditor = w.Scope(w.Harbour, tenancy.Auditor)
	cost := func(read func() error) int64 {
		asked.Store(0)
		if err := read(); err != nil {
			t.Fatal(err)
		}
		return asked.Load()
	}
	measure := func() (history, journal int64) {
		part, q := snapshots.Part{Limit: 9}, tenancy.Query{Object: string(w.shop), After: -1, Limit: 9}
		with := cost(func() error { _, err := w.reader().History(ctx, w.auditor, w.shop, part); return err })
		without := cost(func() error { _, err := w.Store.History(ctx, w.auditor, w.shop, part); return err })
		withQ := cost(func() error { _, err := w.reader().Journal(ctx, w.auditor, q); return err })
		withoutQ := cost(func() error { _, err := w.Tenancy.Journal(ctx, w.auditor, q); return err })
		return with - without, withQ - withoutQ
	}
	measure() // what is remembered after the first time
	h, j := measure()
	for i := range 30 {
		w.setup(nil, func(s *document.Setup) { s.AccessTokenTTL = seconds(int64(1000 + i)) })
		w.Tick()
	}
	h2, j2 := measure()
	t.Logf("%d statements more for a page of a client's history, %d for one of the journal", h, j)
	if h != h2 || j != j2 || h != 2 || j != 2 {
		t.Errorf("history %d and %d, journal %d and %d", h, h2, j, j2)
	}
}
