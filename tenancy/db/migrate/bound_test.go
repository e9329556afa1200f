package migrate_test

import (
	"slices"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestOldRowsAreBound changes a row of each table of the migrated fixture, and the check names
// the table.
func TestOldRowsAreBound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := today(t, dsn)
		drops := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
		if d.Dialect == db.Postgres {
			drops = "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_catalog.pg_trigger WHERE NOT tgisinternal"
		}
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := d.Raw().Exec(d.Raw().Rebind(query), args...); err != nil {
				t.Fatal(err)
			}
		}
		var triggers []string
		if err := d.Raw().Select(&triggers, drops); err != nil {
			t.Fatal(err)
		}
		for _, drop := range triggers {
			exec(drop)
		}
		tried := 0
		for _, s := range history.Bound() {
			if !slices.Contains(s.Columns, "recorded_at") {
				continue
			}
			var least *int64
			if err := d.Raw().Get(&least, "SELECT min(recorded_at) FROM "+s.Name); err != nil || least == nil {
				t.Logf("%s has no row in the fixture (%v)", s.Name, err)
				continue
			}
			tried++
			exec("UPDATE "+s.Name+" SET recorded_at = recorded_at - 1 WHERE recorded_at = ?", *least)
			problems, err := snapshots.Check(bg, d)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, s.Name+": ") }) {
				t.Errorf("%s: %.300q", s.Name, problems)
			}
			exec("UPDATE "+s.Name+" SET recorded_at = recorded_at + 1 WHERE recorded_at = ?", *least-1)
		}
		if tried < 12 {
			t.Errorf("only %d tables have rows", tried)
		}
	})
}
