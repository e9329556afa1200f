package candidates_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"tenure/snapshots/caches"
	"tenure/snapshots/candidates"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// table is a database with rows of clients alone.
type table struct {
	*testing.T
	db    *db.DB
	tx    *sqlx.Tx // of together
	asked []string
	order int64
}

// together writes in one transaction, which is faster.
func (t *table) together(fn func()) {
	t.Helper()
	t.tx = t.db.Raw().MustBegin()
	fn()
	if err := t.tx.Commit(); err != nil {
		t.Fatal(err)
	}
	t.tx = nil
}

func each(t *testing.T, fn func(t *table)) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := &table{T: t}
		w.db = dbtest.Open(t, dsn, db.Options{Asked: func(query string, _ int) { w.asked = append(w.asked, query) }})
		fn(w)
	})
}

func (t *table) exec(query string, args ...any) {
	t.Helper()
	var on sqlx.Execer = t.db.Raw()
	if t.tx != nil {
		on = t.tx
	}
	if _, err := on.Exec(t.db.Raw().Rebind(query), args...); err != nil {
		t.Fatal(err)
	}
}

// add makes a client of an owner, and returns its entity id.
func (t *table) add(clientID string, incarnation int, owner tenancy.OrgID, surface string) string {
	t.order++
	id := fmt.Sprintf("%03d-%s", 999-t.order, clientID) // in no order of pages
	t.exec("INSERT INTO entity (entity_id, kind, module, setup_id, client_id, incarnation, org_id, surface, recorded_at) VALUES (?, 'client', 'm', 's', ?, ?, ?, ?, ?)",
		id, clientID, incarnation, owner, surface, t.order)
	return id
}

func (t *table) term(id, name string) {
	t.exec("INSERT INTO entity_term (bucket, field, value, entity_id) VALUES ('s', 'name', ?, ?)", name, id)
}

// walked is where a walk by steps of n comes by, and how often it read.
func (t *table) walked(m *candidates.Matches, q candidates.Question, after string, n int, owners []tenancy.OrgID) (ids []string) {
	t.Helper()
	q.Setup = "s"
	c := t.db.Single(context.Background())
	walk, err := m.Walk(c, q, after, 0, true, func() ([]tenancy.OrgID, bool, error) { return owners, owners == nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	for {
		list, last, err := walk.Next(c, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			ids = append(ids, fmt.Sprint(one.ClientID, "/", one.Incarnation))
		}
		if last {
			return ids
		}
		if len(list) == 0 || len(ids) > 10_000 {
			t.Fatalf("a walk that does not end: %v", ids)
		}
	}
}

// TestWalk: every client comes once and in order, whatever the step, whoever owns them,
// however often one client_id was registered again.
func TestWalk(t *testing.T) {
	each(t, func(t *table) {
		var want, of []string
		owners := []tenancy.OrgID{"a", "b", "c"}
		for i := range 30 {
			id := fmt.Sprintf("c%02d", i)
			for incarnation := range 1 + i%4*i%7 {
				owner := owners[(i+incarnation)%3]
				t.add(id, incarnation+1, owner, "hydra")
				key := fmt.Sprint(id, "/", incarnation+1)
				if want = append(want, key); owner != "b" {
					of = append(of, key)
				}
			}
		}
		m := candidates.NewMatches(new(caches.Set), 1<<20)
		many := []tenancy.OrgID{"a", "c"}
		for i := range 200 {
			many = append(many, tenancy.OrgID(fmt.Sprint("nobody", i)))
		}
		for _, n := range []int{1, 2, 3, 7, 1000} {
			if got := t.walked(m, candidates.Question{}, "", n, nil); !sameIncarnations(got, want) {
				t.Errorf("steps of %d: %v, want %v", n, got, want)
			}
			for what, owners := range map[string][]tenancy.OrgID{"two": {"a", "c"}, "many": many, "ten": append([]tenancy.OrgID{"a", "c"}, many[2:10]...)} {
				if got := t.walked(m, candidates.Question{}, "", n, owners); !sameIncarnations(got, of) {
					t.Errorf("of %s, steps of %d: %v, want %v", what, n, got, of)
				}
			}
			if got := t.walked(m, candidates.Question{}, "c27", n, nil); len(got) == 0 || !strings.HasPrefix(got[0], "c28/") {
				t.Errorf("behind c27, steps of %d: %v", n, got)
			}
			if got := t.walked(m, candidates.Question{}, "", n, []tenancy.OrgID{}); got != nil {
				t.Errorf("of nobody: %v", got)
			}
		}
	})
}

// sameIncarnations compares where the incarnations of one client_id may come in any order.
func sameIncarnations(got, want []string) bool {
	byID := func(a, b string) int {
		a, _, _ = strings.Cut(a, "/")
		b, _, _ = strings.Cut(b, "/")
		return strings.Compare(a, b)
	}
	if !slices.IsSortedFunc(got, byID) {
		return false
	}
	return slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
}

// TestWalkApart: where few clients are of many owners, each owner's are looked up, and a
// step does not go over the whole setup.
func TestWalkApart(t *testing.T) {
	each(t, func(t *table) {
		t.together(func() {
			for i := range 1500 {
				t.add(fmt.Sprintf("c%04d", i), 1, "others", "hydra")
			}
		})
		t.add("c0700x", 1, "mine-3", "hydra")
		t.add("z", 1, "mine-150", "hydra")
		owners := make([]tenancy.OrgID, 300)
		for i := range owners {
			owners[i] = tenancy.OrgID(fmt.Sprint("mine-", i))
		}
		t.asked = nil
		got := t.walked(candidates.NewMatches(new(caches.Set), 1<<20), candidates.Question{}, "", 2, owners)
		if !slices.Equal(got, []string{"c0700x/1", "z/1"}) || len(t.asked) != 1+3 {
			t.Errorf("%v with %d statements", got, len(t.asked))
		}
	})
}

// TestQuestion: surface, age and use.
func TestQuestion(t *testing.T) {
	each(t, func(t *table) {
		t.add("a", 1, "o", "register")
		used := t.add("b", 1, "o", "register")
		t.add("c", 1, "o", "hydra")
		t.add("d", 1, "o", "openfinance")
		t.exec("INSERT INTO client_use (entity_id, last_used) VALUES (?, 1)", used)
		m := candidates.NewMatches(new(caches.Set), 1<<20)
		for want, q := range map[string]candidates.Question{
			"a/1 b/1 c/1 d/1": {}, "a/1 b/1 d/1": {Surfaces: []string{"register", "openfinance"}}, "a/1 b/1": {Before: 3},
			"a/1 c/1 d/1": {Unused: true}, "a/1": {Surfaces: []string{"register"}, Before: 4, Unused: true},
		} {
			if got := strings.Join(t.walked(m, q, "", 10, nil), " "); got != want {
				t.Errorf("%+v: %s, want %s", q, got, want)
			}
		}
	})
}

// TestMatches: the clients with a value are read once, then those that changed since are
// looked at; a value that many have is walked to.
func TestMatches(t *testing.T) {
	each(t, func(t *table) {
		m := candidates.NewMatches(new(caches.Set), 8<<20)
		named := func(name string) candidates.Question {
			return candidates.Question{Terms: []candidates.Term{candidates.ByName(name)}}
		}
		asked := func(name string, want ...string) int {
			t.Helper()
			t.asked = nil
			if got := t.walked(m, named(name), "", 2, nil); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
			return len(t.asked)
		}
		b, a := t.add("b", 1, "o", ""), t.add("a", 1, "o", "")
		t.term(b, "x")
		t.term(a, "x")
		t.exec("INSERT INTO entity (entity_id, kind, module, setup_id, client_id, incarnation, org_id, surface, recorded_at) VALUES ('r', 'resource_server', 'm', 's', 'r', 1, 'o', '', 1)")
		t.term("r", "x")
		if n := asked("x", "a/1", "b/1"); n != 1 {
			t.Errorf("%d statements the first time", n)
		}
		if n := asked("x", "a/1", "b/1"); n != 0 {
			t.Errorf("%d statements the second time", n)
		}
		c := t.add("c", 1, "o", "")
		t.term(c, "x")
		t.term(c, "y")
		m.Changed(c, 7)
		m.Changed(a, 7)
		if n := asked("x", "a/1", "b/1", "c/1"); n != 1 {
			t.Errorf("%d statements after a change", n)
		}
		if n := asked("x", "a/1", "b/1", "c/1"); n != 0 {
			t.Errorf("%d statements after that", n)
		}
		asked("y", "c/1")
		t.together(func() {
			for i := range 300 { // more than are read at once
				t.term(t.add(fmt.Sprintf("m%03d", i), 1, "o", ""), "z")
			}
		})
		var all []string
		for i := range 300 {
			all = append(all, fmt.Sprintf("m%03d/1", i))
		}
		asked("z", all...)
		for i := range 6000 { // more than are remembered
			m.Changed(fmt.Sprint("somebody", i), int64(8+i))
		}
		d := t.add("d", 1, "o", "")
		t.term(d, "x")
		m.Changed(d, 7000)
		if n := asked("x", "a/1", "b/1", "c/1", "d/1"); n != 1 {
			t.Errorf("%d statements to read it again", n)
		}
		m.Forget()
		if n := asked("x", "a/1", "b/1", "c/1", "d/1"); n != 1 {
			t.Errorf("%d statements after forgetting", n)
		}
		q := named("x")
		q.Terms = append(q.Terms, candidates.ByName("y"))
		q.Surfaces = []string{""}
		if got := t.walked(m, q, "", 1, nil); !slices.Equal(got, []string{"c/1"}) { // both, as it walks
			t.Errorf("both: %v", got)
		}
	})
}

// TestManyMatches: a value of more clients than are remembered is walked to in order.
func TestManyMatches(t *testing.T) {
	w := &table{T: t}
	w.db = dbtest.Open(t, dbtest.SQLite(t), db.Options{Asked: func(query string, _ int) { w.asked = append(w.asked, query) }})
	w.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO entity SELECT printf('%06d', i * 7919 % 999983), 'client', 'm', 's', printf('c%06d', i), 1, 'o', '', i FROM n`, candidates.MostMatches+100)
	w.exec("INSERT INTO entity_term SELECT 's', 'name', 'x', entity_id FROM entity WHERE client_id <> 'c000002'")
	m := candidates.NewMatches(new(caches.Set), 8<<20)
	c := w.db.Single(context.Background())
	q := candidates.Question{Setup: "s", Terms: []candidates.Term{candidates.ByName("x")}}
	for i, want := range []int{3, 0, 1, 0} { // it finds out once that there are many, and remembers where it went
		if i == 2 {
			w.exec("INSERT INTO entity VALUES ('new', 'client', 'm', 's', 'd', 1, 'o', '', 0)")
			w.exec("INSERT INTO entity_term VALUES ('s', 'name', 'x', 'new')")
			m.Changed("new", 1) // it is not among these
		}
		w.asked = nil
		walk, err := m.Walk(c, q, "", 0, true, func() ([]tenancy.OrgID, bool, error) { return nil, true, nil })
		if err != nil {
			t.Fatal(err)
		}
		list, last, err := walk.Next(c, 2)
		if err != nil || last || len(list) != 2 || list[0].ClientID != "c000001" || list[1].ClientID != "c000003" || len(w.asked) != want {
			t.Errorf("%v, %t, %v with %d statements, want %d", list, last, err, len(w.asked), want)
		}
	}
}
