package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tenure"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// A view shows one instant: what is committed between its reads does not show,
// in the table read before nor in another.
func TestViewIsOneSnapshot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		if err := d.Write(bg, put(1)); err != nil {
			t.Fatal(err)
		}
		read := func(c *db.Conn) string {
			var rows, events []int64
			if err := c.Select(&rows, "SELECT id FROM scratch ORDER BY id"); err != nil {
				t.Error(err)
			}
			if err := c.Select(&events, "SELECT idx FROM log_event ORDER BY idx"); err != nil {
				t.Error(err)
			}
			return fmt.Sprint(rows, events)
		}
		var first, second string
		if err := d.View(bg, func(c *db.Conn) error {
			var one int64
			if err := c.Get(&one, "SELECT id FROM scratch"); err != nil { // one table only: the other is read late
				return err
			}
			if err := d.Write(bg, put(2)); err != nil {
				return err
			}
			first = read(c)
			if err := d.Write(bg, put(3)); err != nil {
				return err
			}
			second = read(c)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if first != "[1] [0]" || second != first {
			t.Errorf("a view reads %s and then %s, want [1] [0] both times", first, second)
		}
		if err := d.View(bg, func(c *db.Conn) error {
			if got := read(c); got != "[1 2 3] [0 1 2]" {
				t.Errorf("the next view reads %s, want all", got)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestViewRefusesChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		if err := d.View(bg, func(c *db.Conn) error {
			_, err := c.Exec("INSERT INTO scratch (id, n) VALUES (1, 1)")
			return err
		}); err == nil {
			t.Error("a view inserts")
		}
		mine := errors.New("mine")
		if err := d.View(bg, func(*db.Conn) error { return mine }); !errors.Is(err, mine) {
			t.Errorf("the error of a view came back as %v", err)
		}
		if got := ids(t, d); len(got) != 0 {
			t.Errorf("rows %v, want none", got)
		}
	})
}

func TestConn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		if err := d.Write(bg, func(tx *db.Tx) error {
			n, err := tx.Exec("INSERT INTO scratch (id, n) VALUES (?, ?), (?, ?), (?, ?)", 1, 10, 2, 20, 3, 30)
			if err != nil || n != 3 {
				t.Errorf("insert: %d rows (%v), want 3", n, err)
			}
			n, err = tx.Exec("UPDATE scratch SET n = n + ? WHERE id > ?", 1, 1)
			if err != nil || n != 2 {
				t.Errorf("update: %d rows (%v), want 2", n, err)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		stop := errors.New("stop")
		if err := d.View(bg, func(c *db.Conn) error {
			var n int64
			// The second placeholder is bound second on either engine.
			if err := c.Get(&n, "SELECT n FROM scratch WHERE n > ? AND id < ?", 10, 3); err != nil || n != 21 {
				t.Errorf("get: %d (%v), want 21", n, err)
			}
			wantFault(t, c.Get(&n, "SELECT n FROM scratch WHERE id = ?", 9), fault.NotFound)
			var all []int64
			if err := c.Select(&all, "SELECT n FROM scratch WHERE id = ?", 9); err != nil || len(all) != 0 {
				t.Errorf("select of nothing: %v (%v)", all, err)
			}
			built := db.Builder().Select("n").From("scratch").Where("id > ?", 1).Where("n < ?", 30).OrderBy("id")
			if err := c.SelectBuilt(&all, built); err != nil || fmt.Sprint(all) != "[21]" {
				t.Errorf("built select: %v (%v), want [21]", all, err)
			}
			sum := int64(0)
			if err := c.Each(func(scan func(...any) error) error {
				var id, n int64
				err := scan(&id, &n)
				sum += id * n
				return err
			}, "SELECT id, n FROM scratch WHERE id >= ? ORDER BY id", 2); err != nil || sum != 2*21+3*31 {
				t.Errorf("each: %d (%v), want %d", sum, err, 2*21+3*31)
			}
			if err := c.Each(func(func(...any) error) error { return stop }, "SELECT id FROM scratch"); !errors.Is(err, stop) {
				t.Errorf("each passes on %v, want the callback's error", err)
			}
			return c.Get(&n, "SELECT n FROM scratch WHERE id = 3") // the rows left unread are out of the way
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Driver errors become faults whose message names no driver.
func TestErrorsAreFaults(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		if err := d.Write(bg, put(1)); err != nil {
			t.Fatal(err)
		}
		cancelled, cancel := context.WithCancel(bg)
		cancel()
		ending, end := context.WithCancel(bg)
		for _, c := range []struct {
			name string
			err  error
			kind fault.Kind
		}{
			{"primary key", d.Write(bg, put(1)), fault.Conflict},
			{"syntax", d.Write(bg, func(tx *db.Tx) error { _, err := tx.Exec("SELEKT"); return err }), fault.Internal},
			{"foreign key", d.Write(bg, func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO withdrawal (snapshot_id, recorded_at) VALUES ('x', 1)")
				return err
			}), fault.Internal},
			{"cancelled before a view", d.View(cancelled, func(*db.Conn) error { return nil }), fault.Timeout},
			{"cancelled in a view", d.View(ending, func(c *db.Conn) error {
				end()
				var n int64
				return c.Get(&n, "SELECT count(*) FROM scratch")
			}), fault.Timeout},
		} {
			t.Run(c.name, func(t *testing.T) {
				wantFault(t, c.err, c.kind)
				message := strings.ToLower(fault.Of(c.err).Message)
				for _, word := range []string{"sql", "pq", "pgx", "scratch", "constraint", "context"} {
					if strings.Contains(message, word) {
						t.Errorf("message %q says %q", message, word)
					}
				}
			})
		}
	})
}

func TestForDialect(t *testing.T) {
	const both = "A;\n-- a comment\n"
	const marked = both + "-- +sqlite\nL1;\nL2;\n-- +end\nB;\n  -- +postgres  \nP;\n-- +end\nC;"
	for _, c := range []struct {
		name, schema, sqlite, postgres, err string
	}{
		{"nothing marked", both, both, both, ""},
		{"empty", "", "", "", ""},
		{"both engines", marked, both + "L1;\nL2;\nB;\nC;", both + "B;\nP;\nC;", ""},
		{"unknown engine", "-- +mysql\nA;\n-- +end\n", "", "", `line 1: unexpected mark "mysql"`},
		{"other case", "-- +SQLite\nA;\n-- +end\n", "", "", `line 1: unexpected mark "SQLite"`},
		{"words behind", "-- +sqlite only\nA;\n-- +end\n", "", "", `line 1: unexpected mark "sqlite only"`},
		{"end of nothing", "A;\n-- +end\n", "", "", `line 2: unexpected mark "end"`},
		{"end twice", "-- +sqlite\n-- +end\n-- +end\n", "", "", `line 3: unexpected mark "end"`},
		{"block in a block", "-- +sqlite\n-- +postgres\n-- +end\n", "", "", `line 2: unexpected mark "postgres"`},
		{"same block in itself", "-- +sqlite\n-- +sqlite\n-- +end\n", "", "", `line 2: unexpected mark "sqlite"`},
		{"no end", "A;\n-- +postgres\nB;\n", "", "", `"postgres" has no end`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for dialect, want := range map[db.Dialect]string{db.SQLite: c.sqlite, db.Postgres: c.postgres} {
				got, err := db.ForDialect(c.schema, dialect)
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) {
						t.Errorf("%s: error %v, want %q", dialect, err, c.err)
					}
				} else if err != nil || got != want {
					t.Errorf("%s: %q (%v), want %q", dialect, got, err, want)
				}
			}
		})
	}
	if _, err := db.ForDialect(tenure.Schema, db.SQLite); err != nil {
		t.Errorf("schema.sql: %v", err)
	}
}
