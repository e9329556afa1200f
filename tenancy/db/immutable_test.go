package db_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// mutable lists the tables whose rows may change. Every other table of
// schema.sql is append-only, also one that is added tomorrow.
var mutable = []string{"installation", "log_head", "key_use", "client_use", "client_read", "idempotency"}

// erasable maps the tables from which a row may go to the column that the
// erasure names.
var erasable = map[string]string{"snapshot_body": "snapshot_id", "log_detail": "idx", "entity_term": "entity_id"}

type column struct{ name, value string }

type table struct {
	name    string
	columns []column
}

var (
	createTable = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \(\n(.*?)\n\);`)
	columnLine  = regexp.MustCompile(`^    (\w+) +(TEXT|BIGINT|SMALLINT|BYTEA) `)
	checkLength = regexp.MustCompile(`CHECK \(length\(\w+\) = (\d+)\)`)
	checkIn     = regexp.MustCompile(`CHECK \(\w+ IN \('(\w+)'`)
)

// tables reads every table of schema.sql, in order, with a value for each
// column that its CHECK accepts. A text is the column's own name, so that
// references hold and no two columns are alike.
func tables(t *testing.T) []table {
	t.Helper()
	var all []table
	for _, m := range createTable.FindAllStringSubmatch(tenure.Schema, -1) {
		tb := table{name: m[1]}
		for _, line := range strings.Split(m[2], "\n") {
			c := columnLine.FindStringSubmatch(line)
			if c == nil {
				if !strings.HasPrefix(line, "    PRIMARY KEY (") && !strings.HasPrefix(line, "    UNIQUE (") {
					t.Fatalf("table %s: this test does not understand %q", m[1], line)
				}
				continue
			}
			value := "'" + c[1] + "'"
			switch in := checkIn.FindStringSubmatch(line); {
			case in != nil:
				value = "'" + in[1] + "'"
			case c[2] == "BIGINT", c[2] == "SMALLINT":
				value = "7"
			case c[2] == "BYTEA":
				n := 3
				if length := checkLength.FindStringSubmatch(line); length != nil {
					n, _ = strconv.Atoi(length[1])
				}
				value = "?" + strconv.Itoa(n)
			}
			tb.columns = append(tb.columns, column{c[1], value})
		}
		all = append(all, tb)
	}
	if want := strings.Count(tenure.Schema, "CREATE TABLE"); len(all) != want || want < 20 {
		t.Fatalf("this test understands %d tables of %d", len(all), want)
	}
	return all
}

// insert writes one row of the table.
func (tb table) insert(t *testing.T, d *db.DB, verb string) error {
	t.Helper()
	var names, values []string
	var args []any
	for _, c := range tb.columns {
		names = append(names, c.name)
		if n, ok := strings.CutPrefix(c.value, "?"); ok {
			length, _ := strconv.Atoi(n)
			values, args = append(values, "?"), append(args, make([]byte, length))
		} else {
			values = append(values, c.value)
		}
	}
	query := verb + " INTO " + tb.name + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
	_, err := d.Raw().Exec(d.Raw().Rebind(query), args...)
	return err
}

func count(t *testing.T, d *db.DB, name string) (n int) {
	t.Helper()
	if err := d.Raw().Get(&n, "SELECT count(*) FROM "+name); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestImmutability(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		all := tables(t)
		for _, tb := range all {
			if err := tb.insert(t, d, "INSERT"); err != nil {
				t.Fatalf("insert into %s: %v", tb.name, err)
			}
		}
		for _, tb := range all {
			t.Run(tb.name, func(t *testing.T) {
				if slices.Contains(mutable, tb.name) {
					stale(t, d, tb)
					return
				}
				before := count(t, d, tb.name)
				if before == 0 {
					t.Fatal("no row to try it on")
				}
				for _, query := range attempts(d, tb) {
					refused(t, d, tb, query)
				}
				if d.Dialect == db.SQLite {
					if err := tb.insert(t, d, "REPLACE"); err == nil || !strings.Contains(err.Error(), "immutable: "+tb.name) {
						t.Errorf("REPLACE: %v, want immutable: %s", err, tb.name)
					}
				}
				if now := count(t, d, tb.name); now != before {
					t.Errorf("%d rows of %d are left", now, before)
				}
			})
		}
	})
}

// attempts lists what must fail for an append-only table with rows in it.
func attempts(d *db.DB, tb table) []string {
	queries := []string{"DELETE FROM " + tb.name}
	for _, c := range tb.columns {
		queries = append(queries, fmt.Sprintf("UPDATE %s SET %s = %s", tb.name, c.name, c.name))
	}
	if d.Dialect == db.Postgres {
		queries = append(queries, "TRUNCATE "+tb.name+" CASCADE")
	}
	return queries
}

// refused wants the query to fail, and that by the trigger of the table.
func refused(t *testing.T, d *db.DB, tb table, query string) {
	t.Helper()
	_, err := d.Raw().Exec(query)
	switch {
	case err == nil:
		t.Errorf("%s is done", query)
	case !strings.Contains(err.Error(), "immutable: ") ||
		!strings.Contains(err.Error(), "immutable: "+tb.name) && !strings.HasPrefix(query, "TRUNCATE"):
		t.Errorf("%s: %v, want immutable: %s", query, err, tb.name)
	}
}

// stale wants a table of the list of mutable ones to be so.
func stale(t *testing.T, d *db.DB, tb table) {
	t.Helper()
	first := tb.columns[0].name
	for _, query := range []string{"UPDATE " + tb.name + " SET " + first + " = " + first, "DELETE FROM " + tb.name} {
		if _, err := d.Raw().Exec(query); err != nil {
			t.Errorf("%s: %v: the table is in this test's list of mutable ones", query, err)
		}
	}
}

// Only what an erasure names may go, by its own column, and only by DELETE.
func TestErasure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		all := tables(t)
		for _, tb := range all {
			if err := tb.insert(t, d, "INSERT"); err != nil {
				t.Fatalf("insert into %s: %v", tb.name, err)
			}
		}
		for _, tb := range all {
			key, ok := erasable[tb.name]
			if !ok {
				continue
			}
			// Erasures of everything else that the row names leave it alone.
			for _, c := range tb.columns {
				if c.name != key && !strings.HasPrefix(c.value, "?") {
					statement(t, d, "INSERT INTO erasure (ref, recorded_at) VALUES ('"+strings.Trim(c.value, "'")+"', 1) ON CONFLICT (ref) DO NOTHING")
				}
			}
		}
		statement(t, d, "INSERT INTO erasure (ref, recorded_at) VALUES ('70', 1)")
		for _, tb := range all {
			key, ok := erasable[tb.name]
			if !ok {
				continue
			}
			t.Run(tb.name, func(t *testing.T) {
				at := slices.IndexFunc(tb.columns, func(c column) bool { return c.name == key })
				ref := strings.Trim(tb.columns[at].value, "'")
				refused(t, d, tb, "DELETE FROM "+tb.name)
				statement(t, d, "INSERT INTO erasure (ref, recorded_at) VALUES (?, 1)", ref)
				for _, query := range attempts(d, tb)[1:] { // all but DELETE
					refused(t, d, tb, query)
				}
				statement(t, d, "DELETE FROM "+tb.name)
				if n := count(t, d, tb.name); n != 0 {
					t.Errorf("%d rows are left after an erasure", n)
				}
			})
		}
	})
}

// The list that the tests above go through is the list of the database.
func TestTablesOfTheDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		query := "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
		if d.Dialect == db.Postgres {
			query = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY tablename"
		}
		var got, want []string
		if err := d.Raw().Select(&got, query); err != nil {
			t.Fatal(err)
		}
		for _, tb := range tables(t) {
			want = append(want, tb.name)
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the database has the tables\n%v, schema.sql\n%v", got, want)
		}
		for _, name := range mutable {
			if !slices.Contains(got, name) {
				t.Errorf("%s is in the list of mutable tables, and not in the schema", name)
			}
		}
	})
}
