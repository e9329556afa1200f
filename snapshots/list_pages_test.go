package snapshots_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

var form = snapshots.Form{Name: "test", Fill: rendered}

// rendered makes the rendering of a client in these tests: its name and owner label.
func rendered(r snapshots.Resolved[client]) (*snapshots.Rendering, error) {
	return &snapshots.Rendering{Body: []byte(r.Entity.ClientID + "=" + r.Content.ClientName + "/" + r.Content.OwnerLabel)}, nil
}

// TestStatementsOfAPage: the candidates of a page are one statement, and what memory
// lacks of them, contents too, is one more; a filter's matches are remembered. None of
// them goes over a table or sorts.
func TestStatementsOfAPage(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		doc := func(name, owner string) snapshots.Change[client] {
			d := snapshotstest.Named("x")
			d.ClientName, d.OwnerLabel = name, owner
			return snapshotstest.To(d)
		}
		for i := range 30 {
			org := []tenancy.OrgID{w.North, w.Harbour, w.Quay}[i%3]
			_, err := w.Store.CreateClient(ctx, w.Admin(org), snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup,
				ClientID: fmt.Sprintf("c%02d", i), Surface: "test"}, doc(fmt.Sprint("name ", i/10), "team"))
			if err != nil {
				t.Fatal(err)
			}
		}
		w.Tick()
		s, name := watch(w), "name 1"
		if _, err := snapshots.Resolve[setup](ctx, w.Store, w.Admin(w.North), snapshots.ByEntity(w.Setup), snapshots.Instant{}); err != nil {
			t.Fatal(err) // the setup is in memory
		}
		past, next := w.Clock.Millis(), ""
		w.Tick()
		for _, c := range []struct {
			what       string
			org        tenancy.OrgID
			query      snapshots.PageQuery
			n          int
			cold, warm int
		}{
			{"a page", w.North, snapshots.PageQuery{Limit: 10}, 10, 2, 0},
			{"the page after it", w.North, snapshots.PageQuery{Limit: 10, After: "c09"}, 10, 2, 0},
			{"with its end", w.North, snapshots.PageQuery{Limit: 10, After: "c19", Next: true}, 10, 2, 0},
			{"of two organizations", w.Harbour, snapshots.PageQuery{Limit: 10}, 10, 1, 1},
			{"of one organization", w.Quay, snapshots.PageQuery{Limit: 10}, 10, 1, 1},
			{"by name", w.North, snapshots.PageQuery{Limit: 10, Name: &name}, 10, 1, 0}, // what is kept of each tells its name
			{"by name, once more", w.North, snapshots.PageQuery{Limit: 4, Name: &name}, 4, 0, 0},
			{"by a name of nobody", w.North, snapshots.PageQuery{Limit: 4, Name: &next}, 0, 1, 0},
			{"at an instant", w.North, snapshots.PageQuery{Limit: 10, In: snapshots.Instant{At: &past}}, 10, 4, 3},
			{"at an instant, with its end", w.North, snapshots.PageQuery{Limit: 10, Next: true, In: snapshots.Instant{At: &past}}, 10, 4, 4},
		} {
			scope := w.Admin(c.org)
			for _, want := range []int{c.cold, c.warm} {
				s.texts = nil
				list, _, err := w.Store.Elements(ctx, scope, w.Setup, c.query, form)
				if err != nil || len(list) != c.n || len(s.texts) > want {
					t.Errorf("%s: %d clients, %v, with %d statements, want %d:\n%s", c.what, len(list), err, len(s.texts), want, strings.Join(s.texts, "\n"))
				}
				if found := append(s.sorts(t, w), s.scans(t, w)...); len(found) > 0 {
					t.Errorf("%s:\n%s", c.what, strings.Join(found, "\n"))
				}
			}
		}
	})
}

// sorts lists the statements of a page that sort what they read, but for the few of
// several owners.
func (s *statements) sorts(t *testing.T, w *snapshotstest.World) (found []string) {
	for _, text := range s.texts {
		if w.DB.Dialect != db.SQLite || strings.HasPrefix(text, "WITH o ") {
			continue
		}
		rows, err := w.DB.Raw().Query("EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
		if err != nil {
			t.Fatal(err, text)
		}
		for rows.Next() {
			var id, parent, other int
			var step string
			if err := rows.Scan(&id, &parent, &other, &step); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "MATERIALIZE") {
				found = append(found, step+": "+text)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestPlansOfPages: both engines answer the statements of pages, of lists by owner and of
// those with a filter by indexes.
func TestPlansOfPages(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		s, name, asked := watch(w), "x", []string(nil)
		for _, what := range []string{"shop", "planned"} { // the second is looked at again, and then is a change among what is remembered
			ch := snapshotstest.To(snapshotstest.Named("x"))
			made := w.NewClient(w.Admin(w.North), what, ch)
			w.Tick()
			ch.ValidFrom = w.In(time.Hour)
			ch.Apply = snapshotstest.To(snapshotstest.Named("y")).Apply
			w.Edit(w.Admin(w.North), made.Entity.ID, ch)
			w.Tick()
			w.Must(w.Log.Poll(ctx, w.DB)) // what is remembered is used
			s.texts = nil
			for _, q := range []snapshots.PageQuery{{Limit: 10}, {Limit: 10, Name: &name}, {Limit: 10, Itself: true}} {
				for _, org := range []tenancy.OrgID{w.North, w.Harbour, w.Quay} {
					if _, _, err := w.Store.Page(ctx, w.Admin(org), w.Setup, q); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 2 {
				if _, _, err := w.Store.Owned(ctx, w.Admin(w.North), snapshots.OwnedQuery{Limit: 1, Descendants: true}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := snapshots.List[client](ctx, w.Store, w.Admin(w.North), snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{Name: &name}); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, s.texts...)
		}
		s.texts = asked
		for _, part := range []string{"FROM entity_term m CROSS JOIN entity e", "(SELECT s.snapshot_id", ", 0 FROM entity e JOIN", "e.setup_id = ? AND e.kind = 'client' AND e.entity_id IN", "ORDER BY a.recorded_at"} {
			if !slices.ContainsFunc(s.texts, func(text string) bool { return strings.Contains(text, part) }) {
				t.Errorf("no statement has %q", part)
			}
		}
		if w.DB.Dialect != db.Postgres {
			if found := s.scans(t, w); len(found) > 0 {
				t.Error(strings.Join(found, "\n"))
			}
			return
		}
		conn, err := w.DB.Raw().Connx(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		exec := func(query string) {
			if _, err := conn.ExecContext(ctx, query); err != nil {
				t.Fatal(err, query)
			}
		}
		exec("SET enable_seqscan = off")
		exec("SET plan_cache_mode = force_generic_plan")
		for i, text := range slices.Compact(slices.Sorted(slices.Values(s.texts))) {
			if !strings.Contains(text, " e.") { // of a list
				continue
			}
			nulls := strings.TrimSuffix(strings.Repeat("NULL,", strings.Count(text, "?")), ",")
			exec(fmt.Sprintf("PREPARE p%d AS %s", i, w.DB.Raw().Rebind(text)))
			rows, err := conn.QueryContext(ctx, fmt.Sprintf("EXPLAIN EXECUTE p%d(%s)", i, nulls))
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var step string
				if err := rows.Scan(&step); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(step, "Seq Scan") {
					t.Errorf("%s:\n%s", step, text)
				}
			}
			rows.Close()
		}
	})
}

// TestListsAreReadsOneByOne: whatever happened to clients, a list has at every instant
// those that a read of each finds, in order, with the contents that it finds; whatever
// the filter, the length of a page and who asks. Between the changes the lists are asked,
// so that what they remember is put to the test.
func TestListsAreReadsOneByOne(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		for seed := range uint64(3) {
			newListed(t, w, seed).run()
		}
	})
}

// listed makes random changes, and compares.
type listed struct {
	*testing.T
	w        *snapshotstest.World
	random   *rand.Rand
	clients  []snapshots.EntityID
	ids      []string
	instants []history.Millis
}

func newListed(t *testing.T, w *snapshotstest.World, seed uint64) *listed {
	w.Setup = w.NewSetup(w.Admin(w.Root), snapshotstest.MinimalSetup("root's")).Entity.ID
	w.Tick()
	return &listed{T: t, w: w, random: rand.New(rand.NewPCG(seed, 4)), ids: []string{"a", "b", "c", "d", "ä", "e/f", "g", "h"}}
}

func (l *listed) run() {
	for step := range 40 {
		l.change()
		l.w.Tick()
		if step%5 == 0 {
			l.compare(snapshots.Instant{})
		}
	}
	for _, at := range l.instants {
		if l.random.IntN(4) == 0 {
			l.compare(snapshots.Instant{At: &at})
		}
	}
	l.w.Clock.Advance(time.Hour) // what was planned is in force
	l.compare(snapshots.Instant{})
}

func (l *listed) doc() snapshots.Change[client] {
	d := snapshotstest.Named("x")
	d.ClientName, d.OwnerLabel = []string{"one", "two", "three"}[l.random.IntN(3)], []string{"", "team"}[l.random.IntN(2)]
	ch := snapshotstest.To(d)
	if l.random.IntN(4) == 0 {
		ch.ValidFrom = l.w.In(time.Duration(1+l.random.IntN(50)) * time.Minute)
	}
	return ch
}

// change makes, edits or deletes a client; some of that is refused.
func (l *listed) change() {
	orgs := []tenancy.OrgID{l.w.Root, l.w.North, l.w.Harbour, l.w.South}
	org := orgs[l.random.IntN(len(orgs))]
	l.instants = append(l.instants, l.w.Clock.Millis())
	var err error
	switch n := l.random.IntN(10); {
	case n < 4 || len(l.clients) == 0:
		var out snapshots.Outcome[client]
		if out, err = l.w.Store.CreateClient(ctx, l.w.Admin(org), snapshots.NewClient{Module: snapshotstest.Module, Setup: l.w.Setup,
			ClientID: l.ids[l.random.IntN(len(l.ids))], Surface: "test"}, l.doc()); err == nil {
			l.clients = append(l.clients, out.Entity.ID)
		}
	case n < 8:
		_, err = snapshots.Edit(ctx, l.w.Store, l.w.Admin(l.w.Root), l.w.Ref(l.clients[l.random.IntN(len(l.clients))]), l.doc())
	default:
		err = snapshots.Delete[client](ctx, l.w.Store, l.w.Admin(l.w.Root), l.w.Ref(l.clients[l.random.IntN(len(l.clients))]), nil)
	}
	if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
		l.Fatal(err)
	}
}

func (l *listed) compare(in snapshots.Instant) {
	l.Helper()
	one, team := "one", "team"
	for _, org := range []tenancy.OrgID{l.w.Root, l.w.North, l.w.Quay} {
		scope := l.w.Admin(org)
		var all []snapshots.Resolved[client]
		for _, id := range l.clients {
			found, err := snapshots.Resolve[client](ctx, l.w.Store, scope, snapshots.ByEntity(id), in)
			if err == nil {
				all = append(all, found)
			} else if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone) {
				l.Fatal(err)
			}
		}
		slices.SortFunc(all, func(a, b snapshots.Resolved[client]) int {
			return strings.Compare(a.Entity.ClientID, b.Entity.ClientID)
		})
		for _, q := range []snapshots.PageQuery{{}, {Name: &one}, {Owner: &team}, {Name: &one, Owner: &team}} {
			var want []string
			for _, r := range all {
				if (q.Name == nil || r.Content.ClientName == one) && (q.Owner == nil || r.Content.OwnerLabel == team) {
					want = append(want, l.told(r))
				}
			}
			q.In, q.Next = in, true
			for q.Limit = 1; q.Limit <= 4; q.Limit += 3 {
				if got := l.pages(scope, q); !slices.Equal(got, want) {
					l.Fatalf("%s at %v, %d a page, name %t owner %t:\n%v, want\n%v", l.w.OrgName(org), in.At, q.Limit, q.Name != nil, q.Owner != nil, got, want)
				}
			}
		}
	}
}

func (l *listed) told(r snapshots.Resolved[client]) string {
	made, err := rendered(r)
	if err != nil {
		l.Fatal(err)
	}
	return fmt.Sprint(string(made.Body), " ", r.ID, " until ", r.Until())
}

// pages walks over a list, as contents and as renderings, which must be the same.
func (l *listed) pages(scope tenancy.Scope, q snapshots.PageQuery) (all []string) {
	for more := true; more; {
		elements, again, err := l.w.Store.Elements(ctx, scope, l.w.Setup, q, form)
		if err != nil {
			l.Fatal(err)
		}
		var page []snapshots.Resolved[client]
		if page, more, err = l.w.Store.Page(ctx, scope, l.w.Setup, q); err != nil || more != again || len(page) != len(elements) {
			l.Fatal(err, more, again, len(page), len(elements))
		}
		for i, r := range page {
			all, q.After = append(all, l.told(r)), r.Entity.ClientID
			if e := elements[i]; e.Entity != r.Entity.ID || e.ClientID != r.Entity.ClientID || e.Until != r.Until() || !strings.HasPrefix(l.told(r), string(e.Body)+" ") {
				l.Fatalf("%+v, %s is not %s", e, e.Body, l.told(r))
			}
		}
	}
	return all
}
