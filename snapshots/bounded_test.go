package snapshots_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// statements are what the store asks its database.
type statements struct {
	texts []string
	rows  int
}

// watch opens the World's database anew, and notes what it is asked.
func watch(w *snapshotstest.World) *statements {
	s := &statements{}
	w.Reopen(db.Options{Asked: func(query string, rows int) {
		s.texts = append(s.texts, query)
		s.rows += rows
	}})
	return s
}

// of returns how many statements a step took, and how many rows they read; the
// step runs once before, so that what caches hold is not counted.
func (s *statements) of(step func()) (count, rows int) {
	step()
	s.texts, s.rows = nil, 0
	step()
	return len(s.texts), s.rows
}

// scans lists the statements that SQLite answers by going over a whole table, or
// over all of a kind.
func (s *statements) scans(t *testing.T, w *snapshotstest.World) (found []string) {
	for _, text := range s.texts {
		if verb, _, _ := strings.Cut(strings.TrimSpace(text), " "); w.DB.Dialect != db.SQLite || verb == "SAVEPOINT" {
			continue
		}
		rows, err := w.DB.Raw().Query("EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
		if err != nil {
			t.Fatal(err, text)
		}
		for rows.Next() {
			var id, parent, other int
			var step string
			w.Must(rows.Scan(&id, &parent, &other, &step))
			for _, table := range []string{"e", "s", "m", "entity", "snapshot", "client_secret", "idempotency", "entity_term"} {
				if strings.HasPrefix(step, "SCAN "+table+" ") || step == "SCAN "+table ||
					strings.HasPrefix(step, "SEARCH "+table+" ") && strings.HasSuffix(step, "(kind=?)") {
					found = append(found, step+": "+text)
				}
			}
		}
		w.Must(rows.Close())
	}
	return found
}

// TestListsAreBounded: what a list at an instant asks does not grow with the
// clients on its page, and does not go over those of other organizations.
func TestListsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		fill := func(org tenancy.OrgID, from, to int) {
			for i := range to - from {
				_, err := w.Store.CreateClient(ctx, w.Admin(org), snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup,
					ClientID: fmt.Sprintf("%s-%03d", w.OrgName(org), from+i), Surface: "test"}, snapshotstest.To(snapshotstest.Named("x")))
				if err != nil {
					t.Fatal(err)
				}
			}
			w.Tick()
		}
		fill(w.Harbour, 0, 4)
		fill(w.North, 0, 20)
		s := watch(w)
		past := w.Clock.Millis()
		w.Tick()
		in := snapshots.Instant{At: &past}
		for _, list := range []struct {
			what string
			ask  func(scope tenancy.Scope, in snapshots.Instant, n int)
		}{
			{"page", func(scope tenancy.Scope, in snapshots.Instant, n int) {
				found, _, err := w.Store.Page(ctx, scope, w.Setup, snapshots.PageQuery{Limit: 100, In: in})
				if err != nil || len(found) != n {
					t.Errorf("page: %d, want %d: %v", len(found), n, err)
				}
			}},
			{"owned", func(scope tenancy.Scope, in snapshots.Instant, n int) {
				found, total, err := w.Store.Owned(ctx, scope, snapshots.OwnedQuery{Limit: 100, Descendants: true, In: in})
				if err != nil || len(found) != n || total != int64(n) {
					t.Errorf("owned: %d, want %d: %v", len(found), n, err)
				}
			}},
		} {
			for _, in := range []snapshots.Instant{{}, in} {
				few, _ := s.of(func() { list.ask(w.Admin(w.Harbour), in, 4) })
				if found := s.scans(t, w); len(found) > 0 {
					t.Errorf("%s, given %t: it goes over everything:\n%s", list.what, in.Given(), strings.Join(found, "\n"))
				}
				_, rows := s.of(func() { list.ask(w.Admin(w.Harbour), in, 4) })
				if rows > 20 {
					t.Errorf("%s, given %t: it reads %d rows for 4 clients", list.what, in.Given(), rows)
				}
				if many, _ := s.of(func() { list.ask(w.Admin(w.North), in, 24) }); many > few+1 {
					t.Errorf("%s, given %t: %d statements for 4 clients, %d for 24", list.what, in.Given(), few, many)
				}
			}
		}
	})
}

// TestEndedSecretsAreNotRead: a client that rotates its secret for years is read
// and rotated at the price of a new one.
func TestEndedSecretsAreNotRead(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("shop")))
		s := watch(w)
		admin, ref := w.Admin(w.North), w.Ref(made.Entity.ID)
		rotate := func(n int) {
			for i := range n {
				_, err := w.Store.RotateSecret(ctx, admin, ref, generated(t, w, fmt.Sprintf("secret-of-32-characters-%08d-%d", n, i)), w.Clock.Millis())
				if err != nil {
					t.Fatal(err)
				}
				w.Tick()
			}
		}
		asked := func() int {
			_, rows := s.of(func() {
				_, wrong := w.Store.VerifySecret(ctx, w.Setup, "shop", "client_secret_basic", "no")
				_, err := w.Store.Secrets(ctx, admin, snapshots.ByRef(ref), snapshots.Instant{})
				has, other := w.Store.HasSecret(ctx, admin, ref, 0)
				if !fault.Is(wrong, fault.Unauthenticated) || err != nil || other != nil || !has {
					t.Fatal(wrong, err, other, has)
				}
			})
			return rows
		}
		rotate(3)
		w.Clock.Advance(time.Hour)
		few := asked()
		rotate(30)
		w.Clock.Advance(time.Hour)
		if many := asked(); many > few {
			t.Errorf("%d rows are read after 30 rotations more, %d before", many, few)
		}
	})
}
