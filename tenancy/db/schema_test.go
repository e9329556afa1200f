package db_test

import (
	"fmt"
	"strings"
	"testing"

	"tenure"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestUsableVersions: what a program of version 6, which migrates from 4 on,
// does with each database, and which program its refusal names.
func TestUsableVersions(t *testing.T) {
	for _, c := range []struct {
		found     db.Version
		migrating bool
		says      string // of the refusal; empty if it is usable
	}{
		{db.Version{Schema: 6, Oldest: 6}, false, ""},
		{db.Version{Schema: 6, Oldest: 5}, true, ""},
		{db.Version{Schema: 7, Oldest: 6}, false, ""}, // an addition
		{db.Version{Schema: 7, Oldest: 6}, true, ""},
		{db.Version{Schema: 7, Oldest: 7}, false, `made or migrated it, or a newer one; its "tenure version" says schema 7 or more`},
		{db.Version{Schema: 8, Oldest: 7}, false, `its "tenure version" says schema 8 or more`},
		{db.Version{Schema: 7, Oldest: 7}, true, `says schema 7 or more`},
		{db.Version{Schema: 5, Oldest: 5}, false, `migrate it with "tenure migrate", or take the program whose "tenure version" says schema 5`},
		{db.Version{Schema: 5, Oldest: 4}, true, ""},
		{db.Version{Schema: 4, Oldest: 4}, true, ""},
		{db.Version{Schema: 3, Oldest: 3}, false, `migrates from 4 on: there is no way up from that version; take the program whose "tenure version" says schema 3`},
		{db.Version{Schema: 3, Oldest: 3}, true, `there is no way up from that version`},
	} {
		t.Run(fmt.Sprint(c.found, c.migrating), func(t *testing.T) {
			err := db.Usable(6, 4, c.found, c.migrating)
			if c.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if f := fault.Of(err); f == nil || f.Kind != fault.Conflict || f.Code != db.CodeSchema {
				t.Errorf("error %v, want a Conflict with %s", err, db.CodeSchema)
			} else if want := fmt.Sprintf("has schema version %d, this program knows version 6", c.found.Schema); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %q, want %q and %q", err, want, c.says)
			}
		})
	}
}

// TestAnAdditionIsAccepted: a database that a newer program migrated goes on
// serving this one, if the migration says so.
func TestAnAdditionIsAccepted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		statement(t, d, "INSERT INTO schema_version (version) VALUES (?)", tenure.SchemaVersion+1)
		statement(t, d, "INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			db.OldestReader, fmt.Sprint(tenure.SchemaVersion))
		d.Close()
		d, _ = load(t, dsn, db.Options{})
		if err := d.Write(bg, put(1)); err != nil {
			t.Error(err)
		}
		sound(t, d, 1)
		if v, err := d.Version(bg); err != nil || v != (db.Version{Schema: tenure.SchemaVersion + 1, Oldest: tenure.SchemaVersion}) {
			t.Errorf("version %+v, %v", v, err)
		}
		d.Close()
		dbtest.Open(t, dsn, db.Options{ReadOnly: true}).Close()

		// The next one is no addition for this program any more.
		d = dbtest.Open(t, dsn, db.Options{})
		statement(t, d, "INSERT INTO schema_version (version) VALUES (?)", tenure.SchemaVersion+2)
		statement(t, d, "UPDATE installation SET value = ? WHERE name = ?", fmt.Sprint(tenure.SchemaVersion+1), db.OldestReader)
		d.Close()
		_, err := db.Open(bg, dsn, db.Options{})
		wantFault(t, err, fault.Conflict, fmt.Sprintf("schema version %d", tenure.SchemaVersion+2))
	})
}

// TestOldSchemaIsRefused: there is no way up from before migrations.
func TestOldSchemaIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		statement(t, d, "DROP TABLE schema_version")
		statement(t, d, "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY)")
		statement(t, d, "INSERT INTO schema_version (version) VALUES (?)", tenure.OldestSchema-1)
		d.Close()
		for _, opts := range []db.Options{{}, {ReadOnly: true}, {Migrating: true}} {
			_, err := db.Open(bg, dsn, opts)
			wantFault(t, err, fault.Conflict, fmt.Sprintf("schema version %d", tenure.OldestSchema-1), "no way up")
		}
	})
}

// TestMigratingMakesNothing: a database that is empty is not migrated.
func TestMigratingMakesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		_, err := db.Open(bg, dsn, db.Options{Migrating: true})
		wantFault(t, err, fault.Conflict, "empty")
	})
}

// TestTablesReferBackwards: rows of a batch are inserted in the order of the schema's
// tables, so what a table refers to must be in front of it.
func TestTablesReferBackwards(t *testing.T) {
	made, tables, references := map[string]bool{}, 0, 0
	table := ""
	for line := range strings.SplitSeq(tenure.Schema, "\n") {
		if name, ok := strings.CutPrefix(line, "CREATE TABLE "); ok {
			table, _, _ = strings.Cut(name, " ")
			made[table], tables = true, tables+1
		}
		if _, after, ok := strings.Cut(line, " REFERENCES "); ok {
			references++
			if to, _, _ := strings.Cut(after, " "); !made[to] || to == table {
				t.Errorf("%s refers to %s, which comes later", table, to)
			}
		}
	}
	if tables < 20 || references < 5 {
		t.Errorf("%d tables and %d references found", tables, references)
	}
}
