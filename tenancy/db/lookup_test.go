package db_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

var scratch = db.NewTable("scratch", "id, n", "")

type scratchRow struct {
	ID int64 `db:"id"`
	N  int64 `db:"n"`
}

// of looks up the rows of an object: those whose id begins with it.
func of(object int64) db.Lookup[scratchRow] {
	return db.Lookup[scratchRow]{Query: "SELECT id, n FROM scratch WHERE id / 100 = ? ORDER BY id", Args: []any{object},
		Of: []db.Of{{Table: "scratch", Object: fmt.Sprint(object)}}}
}

func insert(tx *db.Tx, id int64) {
	tx.Insert(scratch, fmt.Sprint(id/100), id, id)
	history.Record(tx, history.Event{Kind: "scratch.put", ObjectKind: "scratch", Object: fmt.Sprintf("s%d", id), Actor: "operator:test"})
}

// TestLookupsAnswerAsStatements runs random closures in one batch. Whatever they
// inserted, changed by statements or failed at, a look-up says what a statement would,
// and what is stored afterwards is what the closures that succeeded wrote.
func TestLookupsAnswerAsStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		d.Patient()
		next, events := map[int64]int64{}, int64(0) // rows of an object so far, those of failed closures too
		stands := map[int64]int64{}
		rapid.Check(t, func(r *rapid.T) {
			var fns []func(*db.Tx) error
			var kept []map[int64]int64
			foreseen := rapid.SliceOfN(rapid.Int64Range(1, 4), 0, 3).Draw(r, "foreseen")
			for range rapid.IntRange(1, 5).Draw(r, "closures") {
				steps := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) [2]int64 {
					return [2]int64{rapid.Int64Range(0, 3).Draw(r, "step"), rapid.Int64Range(1, 4).Draw(r, "object")}
				}), 1, 5).Draw(r, "steps")
				fails := rapid.IntRange(0, 3).Draw(r, "fails") == 0
				var wrote map[int64]int64
				var ids []int64 // chosen once, as a closure may run again
				for _, s := range steps {
					next[s[1]]++
					ids = append(ids, 100*s[1]+next[s[1]]%100)
				}
				place := len(kept)
				kept = append(kept, nil)
				fns = append(fns, func(tx *db.Tx) error {
					wrote = map[int64]int64{}
					for i, s := range steps {
						switch s[0] {
						case 0, 1:
							if _, there := stands[ids[i]]; there || wrote[ids[i]] != 0 {
								continue
							}
							insert(tx, ids[i])
							wrote[ids[i]] = ids[i]
						case 2:
							if _, err := tx.Exec("UPDATE scratch SET n = n + 1 WHERE id / 100 = ?", s[1]); err != nil {
								return err
							}
						}
						if err := agrees(tx, s[1]); err != nil {
							return err
						}
					}
					if fails {
						return errors.New("no")
					}
					kept[place] = wrote
					return nil
				})
			}
			needs := func() (list []db.Need) {
				for _, o := range foreseen {
					list = append(list, of(o))
				}
				return list
			}
			release := hold(t, d)
			var answers []chan error
			for _, fn := range fns {
				answers = append(answers, decideFor(d, needs, fn))
			}
			release()
			for i, a := range answers {
				err := <-a
				if err != nil && err.Error() != "no" {
					r.Fatalf("closure %d: %v", i, err)
				}
				if err == nil {
					for id := range kept[i] {
						stands[id] = id
						events++
					}
				}
			}
			have := map[int64]bool{}
			for _, id := range ids(t, d) {
				have[id] = true
			}
			for id := range stands {
				if !have[id] {
					r.Fatalf("row %d is not stored", id)
				}
			}
			if len(have) != len(stands) {
				r.Fatalf("%d rows are stored, %d were written", len(have), len(stands))
			}
		})
		sound(t, d, events)
	})
}

// agrees compares a look-up with a statement. The look-up is first, so that nothing
// was written for the statement's sake.
func agrees(tx *db.Tx, object int64) error {
	known, err := of(object).Rows(&tx.Conn)
	if err != nil {
		return err
	}
	var rows []scratchRow
	if err := tx.Select(&rows, of(object).Query, object); err != nil {
		return err
	}
	if fmt.Sprint(known) != fmt.Sprint(rows) {
		return fmt.Errorf("looked up %v, the rows are %v", known, rows)
	}
	return nil
}

func decideFor(d *db.DB, needs func() []db.Need, fn func(*db.Tx) error) chan error {
	answer := make(chan error, 1)
	before := d.Queued()
	go func() { answer <- d.Decide(bg, "", needs, fn) }()
	for d.Queued() == before {
	}
	return answer
}

// TestRefusedRow: a row that the engine refuses when the batch is written fails the
// closure that inserted it, and no other.
func TestRefusedRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		row := func(id int64) func(*db.Tx) error {
			return func(tx *db.Tx) error { insert(tx, id); return nil }
		}
		errs := together(t, d, row(101), row(102), row(101), row(103))
		for _, i := range []int{0, 1, 3} {
			if errs[i] != nil {
				t.Errorf("closure %d: %v", i, errs[i])
			}
		}
		wantFault(t, errs[2], fault.Conflict, "already there")
		reopened(t, d, dsn, 101, 102, 103)
	})
}

// TestRoundTripsOfABatch: a batch whose look-ups were foreseen is two round trips on
// PostgreSQL, however many writes it has; on SQLite rows go in few statements.
func TestRoundTripsOfABatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		var trips, statements atomic.Int64
		d, _ := load(t, dsn, db.Options{Piped: func() { trips.Add(1) }, Asked: func(string, int) { statements.Add(1) }})
		d.Patient()
		if err := d.Write(t.Context(), func(tx *db.Tx) error { insert(tx, 99_999); return nil }); err != nil { // the log's first event reads more
			t.Fatal(err)
		}
		next := int64(0)
		for _, writes := range []int64{1, 8, 128, 128} {
			release := hold(t, d)
			var answers []chan error
			for i := range writes {
				object := next + i
				answers = append(answers, decideFor(d, func() []db.Need { return []db.Need{of(object)} }, func(tx *db.Tx) error {
					rows, err := of(object).Rows(&tx.Conn)
					if err != nil || len(rows) > 0 {
						return fmt.Errorf("found %v (%v)", rows, err)
					}
					tx.Made(fmt.Sprintf("s%d", 100*object))
					insert(tx, 100*object)
					return nil
				}))
			}
			next += writes
			trips.Store(0)
			statements.Store(0)
			release()
			for _, a := range answers {
				if err := <-a; err != nil {
					t.Fatal(err)
				}
			}
			if n := trips.Load(); d.Dialect == db.Postgres && n != 1+2 {
				t.Errorf("%d writes took %d round trips, want 2, and one for the end of what held the committer", writes, n)
			}
			// The head, a look-up each, the rows and events in chunks, and perhaps a tile.
			if n, most := statements.Load(), writes+25; n > most {
				t.Errorf("%d writes took %d statements, want %d at most", writes, n, most)
			}
		}
	})
}

// TestRehearsedRowIsTried: a rehearsal tells of a row that the engine would refuse.
func TestRehearsedRowIsTried(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		row := func(tx *db.Tx) error { insert(tx, 101); return nil }
		if err := d.Write(bg, row); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.Write(db.Rehearsing(bg), row), fault.Conflict, "already there")
		reopened(t, d, dsn, 101)
	})
}
