package db_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// A batch that lost a race is run again as a whole.
func TestRetryOnSerializationFailure(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			dsn := dbtest.Postgres(t) + "&default_transaction_isolation=" + strings.ReplaceAll(level, " ", "%20")
			d, _ := load(t, dsn, db.Options{})
			statement(t, d, "INSERT INTO scratch (id, n) VALUES (0, 0)")
			var seen []int64
			errs := together(t, d, put(1), func(tx *db.Tx) error {
				var n int64
				if err := tx.Get(&n, "SELECT n FROM scratch WHERE id = 0"); err != nil {
					return err
				}
				if seen = append(seen, n); len(seen) == 1 { // another node comes between
					statement(t, d, "UPDATE scratch SET n = n + 100 WHERE id = 0")
				}
				_, err := tx.Exec("UPDATE scratch SET n = ? WHERE id = 0", n+1)
				if err != nil { // as a store would say it
					err = fmt.Errorf("count: %w", fault.Wrap(err, fault.Unavailable, "", "cannot count"))
				}
				return err
			}, put(2))
			for i, err := range errs {
				if err != nil {
					t.Errorf("closure %d: %v", i, err)
				}
			}
			if got := d.Stats(); got.Retries != 1 || got.Failed != 0 {
				t.Errorf("%d tries more are counted, %d batches that failed", got.Retries, got.Failed)
			}
			if fmt.Sprint(seen) != "[0 100]" {
				t.Errorf("the closure saw %v, want 0 and in the second run 100", seen)
			}
			var n int64
			if err := d.Raw().Get(&n, "SELECT n FROM scratch WHERE id = 0"); err != nil || n != 101 {
				t.Errorf("the counter is %d (%v), want 101", n, err)
			}
			sound(t, d, 2)
		})
	}
}

// A failure that comes again every time ends the batch, after a few tries.
func TestRetryEnds(t *testing.T) {
	d, _ := load(t, dbtest.Postgres(t), db.Options{})
	runs := 0
	err := d.Write(bg, func(tx *db.Tx) error {
		runs++
		return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "40001"})
	})
	wantFault(t, err, fault.Unavailable, "busy")
	if runs < 2 {
		t.Errorf("%d runs, want several", runs)
	}
	if err := d.Write(bg, put(1)); err != nil {
		t.Errorf("the next write: %v", err)
	}
	sound(t, d, 1)
}

// Two nodes write to one database: no update is lost, and the log is whole.
func TestTwoNodes(t *testing.T) {
	for _, level := range []string{"read%20committed", "serializable"} {
		t.Run(level, func(t *testing.T) {
			dsn := dbtest.Postgres(t) + "&default_transaction_isolation=" + level
			const writers, rounds = 16, 50
			var nodes []*db.DB
			for range 2 {
				d, _ := load(t, dsn, db.Options{})
				nodes = append(nodes, d)
			}
			statement(t, nodes[0], "INSERT INTO scratch (id, n) VALUES (0, 0)")
			var wg sync.WaitGroup
			for i, d := range nodes {
				for w := range writers {
					wg.Go(func() {
						for range rounds {
							if err := d.Write(bg, func(tx *db.Tx) error {
								var n int64
								if err := tx.Get(&n, "SELECT n FROM scratch WHERE id = 0"); err != nil {
									return err
								}
								history.Record(tx, history.Event{Kind: "counter.add", Object: "counter"})
								_, err := tx.Exec("UPDATE scratch SET n = ? WHERE id = 0", n+1)
								return err
							}); err != nil {
								t.Errorf("node %d, writer %d: %v", i, w, err)
							}
						}
					})
				}
			}
			wg.Wait()
			var n int64
			if err := nodes[0].Raw().Get(&n, "SELECT n FROM scratch WHERE id = 0"); err != nil {
				t.Fatal(err)
			}
			if n != 2*writers*rounds {
				t.Errorf("the counter is %d after %d increments", n, 2*writers*rounds)
			}
			sound(t, nodes[1], 2*writers*rounds)
		})
	}
}

// The disk is full in the middle of a batch.
func TestFullDisk(t *testing.T) {
	path := dbtest.SQLite(t)
	d, _ := load(t, path, db.Options{})
	statement(t, d, "CREATE TABLE bulk (data TEXT NOT NULL)")
	var pages int64
	if err := d.Raw().Get(&pages, "PRAGMA page_count"); err != nil {
		t.Fatal(err)
	}
	statement(t, d, fmt.Sprintf("PRAGMA max_page_count = %d", pages+20))
	full := func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO bulk (data) VALUES (?)", strings.Repeat("x", 1<<20))
		return err
	}
	errs := together(t, d, put(1), full, put(2))
	wantFault(t, errs[1], fault.Unavailable, "cannot write")
	var want []int64
	for i, id := range map[int]int64{0: 1, 2: 2} { // whether they stand, they were told
		if errs[i] == nil {
			want = append(want, id)
		} else {
			wantFault(t, errs[i], fault.Unavailable)
		}
	}
	slices.Sort(want)
	if got := ids(t, d); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("rows %v, but %v were answered", got, want)
	}
	statement(t, d, "PRAGMA max_page_count = 1000000")
	if err := d.Write(bg, full); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := d.Write(bg, put(3)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	reopened(t, d, path, append(want, 3)...)
}

// The server ends the connection in the middle of a batch.
func TestLostConnection(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d, _ := load(t, dsn, db.Options{})
	other := dbtest.Open(t, dsn, db.Options{ReadOnly: true})
	errs := together(t, d, put(1), func(tx *db.Tx) error {
		var pid int64
		if err := tx.Get(&pid, "SELECT pg_backend_pid()"); err != nil {
			return err
		}
		if _, err := other.Raw().Exec("SELECT pg_terminate_backend($1)", pid); err != nil {
			return err
		}
		return put(2)(tx)
	}, put(3))
	for _, err := range errs[:2] {
		wantFault(t, err, fault.Unavailable)
	}
	if errs[2] != nil {
		t.Errorf("what the broken batch had not begun: %v", errs[2])
	}
	if err := d.Write(bg, put(4)); err != nil {
		t.Errorf("on a new connection: %v", err)
	}
	reopened(t, d, dsn, 3, 4)
}
