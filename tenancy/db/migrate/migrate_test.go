package migrate_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"tenure"
	"tenure/snapshots"
	"tenure/snapshots/clientsecret"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/db/migrate/migratetest"
	"tenure/tenancy/history"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var bg = context.Background()

// open opens a database to be migrated.
func open(t *testing.T, dsn string) (*db.DB, *history.Log) {
	t.Helper()
	d := dbtest.Open(t, dsn, db.Options{Migrating: true})
	l := history.New(nil, nil)
	if err := l.Load(bg, d); err != nil {
		t.Fatal(err)
	}
	return d, l
}

// up migrates and returns the steps that were made.
func up(t *testing.T, steps migrate.Steps, d *db.DB, l *history.Log) (made []int, err error) {
	t.Helper()
	err = steps.Run(bg, d, l, making(func(s migrate.Step) { made = append(made, s.To) }))
	return made, err
}

// making gives the sealed copies of secrets up.
func making(done func(migrate.Step)) migrate.Making {
	return migrate.Making{Program: "tenure test", Done: done,
		Secrets: func(tx *db.Tx) error { return clientsecret.Migrate(tx, rand.Reader, nil, clientsecret.GiveUp) }}
}

// today opens the fixture as this program leaves it.
func today(t *testing.T, dsn string) (*db.DB, *history.Log) {
	t.Helper()
	migratetest.Load(t, dsn)
	program, err := migrate.OfProgram()
	if err != nil {
		t.Fatal(err)
	}
	d, l := open(t, dsn)
	if _, err := up(t, program, d, l); err != nil {
		t.Fatal(err)
	}
	return d, l
}

func sound(t *testing.T, d *db.DB) {
	t.Helper()
	problems, err := snapshots.Check(bg, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !strings.HasPrefix(p, "trigger answer_object_no_") { // of the step that is made up here
			t.Error(p)
		}
	}
}

func steps(t *testing.T, files map[string]string) migrate.Steps {
	t.Helper()
	all := fstest.MapFS{}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := migrate.Read(all, 4, 4+len(files))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	next = `-- 5: what an answer was about
-- oldest: 4
CREATE TABLE answer_object (
    key_id TEXT NOT NULL,
    object TEXT NOT NULL CHECK (length(object) = 32),
    PRIMARY KEY (key_id, object)
);
CREATE INDEX answer_object_object ON answer_object (object);
ALTER TABLE idempotency ADD COLUMN object TEXT NOT NULL DEFAULT '';
-- +sqlite
CREATE TRIGGER answer_object_no_update BEFORE UPDATE ON answer_object BEGIN SELECT RAISE(ABORT, 'immutable: answer_object'); END;
-- +end
-- +postgres
CREATE TRIGGER answer_object_no_change BEFORE UPDATE OR DELETE ON answer_object FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- +end
`
	second = `-- 6: another table
-- oldest: 6
CREATE TABLE other (id BIGINT NOT NULL PRIMARY KEY);
`
)

// TestTheFixtureBecomesToday brings version 3 up to this program's version and
// compares it with schema.sql, object by object; every row of it is sound.
func TestTheFixtureBecomesToday(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		migratetest.Load(t, dsn)
		program, err := migrate.OfProgram()
		if err != nil {
			t.Fatal(err)
		}
		d, l := open(t, dsn)
		before := l.Size()
		if before < 256 {
			t.Errorf("the fixture's log has %d entries: it has no full tile", before)
		}
		made, err := up(t, program, d, l)
		if err != nil || len(made) != tenure.SchemaVersion-3 {
			t.Fatalf("migrated by %v, %v", made, err)
		}
		if l.Size() != before+int64(len(made)) {
			t.Errorf("%d steps made %d events", len(made), l.Size()-before)
		}
		d.Close()
		d = dbtest.Open(t, dsn, db.Options{}) // as serve does
		for _, difference := range differences(objects(t, d), objects(t, dbtest.Open(t, other(t, dsn), db.Options{}))) {
			t.Error(difference)
		}
		sound(t, d)
	})
}

// other is an empty database of the same engine.
func other(t *testing.T, dsn string) string {
	if strings.HasPrefix(dsn, "postgres://") {
		return dbtest.Postgres(t)
	}
	return dbtest.SQLite(t)
}

// TestTheComparisonFinds shows that objects and differences see each kind of
// change.
func TestTheComparisonFinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		was := objects(t, d)
		if len(was) < 200 {
			t.Errorf("only %d objects", len(was))
		}
		changes := []string{"CREATE TABLE more (id BIGINT NOT NULL)", "DROP INDEX log_event_ref", "CREATE UNIQUE INDEX more_id ON more (id)",
			"ALTER TABLE module ADD COLUMN more TEXT", "ALTER TABLE module ADD COLUMN most BIGINT NOT NULL DEFAULT 0",
			"DROP TABLE idempotency", "CREATE TABLE idempotency (key_id TEXT NOT NULL PRIMARY KEY, request_mac BYTEA NOT NULL CHECK (length(request_mac) = 31))"}
		if d.Dialect == db.Postgres {
			changes = append(changes, "DROP TRIGGER module_no_change ON module", "ALTER TABLE module DISABLE TRIGGER module_no_truncate",
				"CREATE OR REPLACE FUNCTION refuse_entity_term() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
				"ALTER TABLE org_version ALTER COLUMN deleted TYPE BIGINT", "ALTER TABLE api_key DROP CONSTRAINT api_key_role_check")
		} else {
			changes = append(changes, "DROP TRIGGER module_no_update", "DROP TABLE key_use", "CREATE TABLE key_use (key_id TEXT PRIMARY KEY, last_used SMALLINT NOT NULL)")
		}
		for _, change := range changes {
			if _, err := d.Raw().Exec(change); err != nil {
				t.Fatal(err)
			}
			is := objects(t, d)
			if len(differences(is, was)) == 0 || len(differences(was, is)) == 0 {
				t.Errorf("%s: no difference is found", change)
			}
			was = is
		}
	})
}

// TestStepsAreMade: each in order and once, with its event, and the result is
// what the same statements make of a new database.
func TestStepsAreMade(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := today(t, dsn)
		before := l.Size()
		all := steps(t, map[string]string{"0005.sql": next, "0006.sql": second})
		if made, err := up(t, all[:1], d, l); err != nil || !slices.Equal(made, []int{5}) {
			t.Fatalf("made %v, %v; want 5", made, err)
		}
		if v, err := d.Version(bg); err != nil || v != (db.Version{Schema: 5, Oldest: 4}) {
			t.Errorf("after 5 the version is %+v, %v", v, err)
		}
		if made, err := up(t, all, d, l); err != nil || !slices.Equal(made, []int{6}) {
			t.Fatalf("made %v, %v; want 6", made, err)
		}
		if v, err := d.Version(bg); err != nil || v != (db.Version{Schema: 6, Oldest: 6}) {
			t.Errorf("after 6 the version is %+v, %v", v, err)
		}
		if made, err := up(t, all, d, l); err != nil || made != nil {
			t.Errorf("made %v, %v where nothing is to be done", made, err)
		}
		if l.Size() != before+2 {
			t.Errorf("%d events, want 2", l.Size()-before)
		}
		sound(t, d)
		wantEvent(t, d, before, 2, `"from":4,`, "what an answer was about")
		wantEvent(t, d, before+1, 3, `"from":5,`, "another table")

		fresh := dbtest.Open(t, other(t, dsn), db.Options{})
		for _, text := range []string{next, second} {
			script, err := db.ForDialect(text, d.Dialect)
			if err == nil {
				_, err = fresh.Raw().Exec(script)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, difference := range differences(objects(t, d), objects(t, fresh)) {
			t.Error(difference)
		}
	})
}

func wantEvent(t *testing.T, d *db.DB, idx, seq int64, detail, title string) {
	t.Helper()
	var envelope, content, root string
	if err := d.View(bg, func(c *db.Conn) error {
		if err := c.Get(&root, "SELECT org_id FROM org_version WHERE parent_id = '' AND seq = 1"); err != nil {
			return err
		}
		if err := c.Get(&content, "SELECT content FROM log_detail WHERE idx = ?", idx); err != nil {
			return err
		}
		return c.Get(&envelope, "SELECT envelope FROM log_event WHERE idx = ?", idx)
	}); err != nil {
		t.Fatal(err)
	}
	env, err := history.DecodeEnvelope([]byte(envelope))
	if err != nil || env.Kind != "installation.migrated" || env.Org != root || env.Seq != seq || env.Reason != title || env.Actor != "operator:migrate" {
		t.Errorf("entry %d is %+v, %v", idx, env, err)
	}
	if !strings.Contains(content, detail) || !strings.Contains(content, `"program":"tenure test"`) || !json.Valid([]byte(content)) {
		t.Errorf("the detail of entry %d is %s, want %s", idx, content, detail)
	}
}

// TestAStepThatFails leaves nothing of itself, and what was made before stays.
func TestAStepThatFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := today(t, dsn)
		before := l.Size()
		all := steps(t, map[string]string{"0005.sql": next, "0006.sql": second + "CREATE TABLE answer_object (id BIGINT NOT NULL);\n"})
		made, err := up(t, all, d, l)
		if err == nil || !strings.Contains(err.Error(), "migrating to schema version 6") || !slices.Equal(made, []int{5}) {
			t.Errorf("made %v, %v", made, err)
		}
		if v, err := d.Version(bg); err != nil || v.Schema != 5 || l.Size() != before+1 {
			t.Errorf("version %+v, %v, %d events more", v, err, l.Size()-before)
		}
		if _, there := objects(t, d)["table other"]; there {
			t.Error("a table of the step that failed is there")
		}
		sound(t, d)
	})
}

// TestTwoProgramsAtOnce: of two that migrate one PostgreSQL database, one makes
// each step.
func TestTwoProgramsAtOnce(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d, _ := today(t, dsn)
	d.Close()
	all := steps(t, map[string]string{"0005.sql": next, "0006.sql": second})
	var mu sync.Mutex
	var made []int
	var wg sync.WaitGroup
	var programs [3]*db.DB // first, as no program opens version 5
	var logs [3]*history.Log
	for i := range programs {
		programs[i], logs[i] = open(t, dsn)
	}
	for i := range programs {
		wg.Go(func() {
			if err := all.Run(bg, programs[i], logs[i], making(func(s migrate.Step) {
				mu.Lock()
				defer mu.Unlock()
				made = append(made, s.To)
			})); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(made)
	if !slices.Equal(made, []int{5, 6}) {
		t.Errorf("made %v", made)
	}
	var n int
	if err := programs[0].Raw().Get(&n, "SELECT count(*) FROM log_event WHERE kind = 'installation.migrated'"); err != nil || n != 3 {
		t.Errorf("%d events, %v", n, err)
	}
	sound(t, programs[0])
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, says  string
		first, last int
		files       map[string]string
	}{
		{"none", "", 4, 4, nil},
		{"two", "", 4, 6, map[string]string{"0005.sql": next, "0006.sql": second, "README.md": "", "004.sql": "", "0007.sql.bak": ""}},
		{"one is missing", "from schema version 4 to 5, not to 6", 4, 6, map[string]string{"0005.sql": next}},
		{"one too many", "from schema version 4 to 6, not to 5", 4, 5, map[string]string{"0005.sql": next, "0006.sql": second}},
		{"a gap", "it follows version 5, and 4 comes before", 4, 6, map[string]string{"0006.sql": second}},
		{"wrong name", "the first line has the number 6", 4, 5, map[string]string{"0005.sql": second}},
		{"no title", "is not the line that is expected", 3, 4, map[string]string{"0004.sql": "-- 4:\n-- oldest: 3\n"}},
		{"no oldest", "is not the line that is expected", 3, 4, map[string]string{"0004.sql": "-- 4: x\nCREATE TABLE x (a TEXT);\n"}},
		{"oldest too old", "its own number, or the one before", 3, 4, map[string]string{"0004.sql": "-- 4: x\n-- oldest: 2\n"}},
		{"oldest too new", "its own number, or the one before", 3, 4, map[string]string{"0004.sql": "-- 4: x\n-- oldest: 5\n"}},
		{"open block", "has no end", 3, 4, map[string]string{"0004.sql": "-- 4: x\n-- oldest: 3\n-- +sqlite\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, text := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			got, err := migrate.Read(files, c.first, c.last)
			if c.says == "" && (err != nil || len(got) != c.last-c.first) {
				t.Errorf("%d steps, %v", len(got), err)
			}
			if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
	all := steps(t, map[string]string{"0005.sql": next, "0006.sql": second})
	for version, want := range map[int]int{4: 2, 5: 1, 6: 0, 7: 0} {
		if got := all.After(version); len(got) != want || want > 0 && got[0].From != version {
			t.Errorf("after version %d: %v", version, got)
		}
	}
}

// additions are the statements that a migration may consist of.
var additions = regexp.MustCompile(`^(CREATE (UNIQUE )?INDEX|CREATE TABLE|CREATE TRIGGER|CREATE FUNCTION|INSERT INTO|ALTER TABLE \w+ ADD COLUMN)\b`)

// begun is where a statement begins: in a schema's form, at the start of a line.
var begun = regexp.MustCompile(`(?m)^[A-Za-z][^\n]*`)

// removes are the lines that begin what is no addition.
func removes(script string) (found []string) {
	inBody := false
	for _, line := range begun.FindAllString(script, -1) {
		if !inBody && !additions.MatchString(line) {
			found = append(found, line)
		}
		// A function's body on PostgreSQL is between two marks.
		inBody = inBody != (strings.Count(line, "$$")%2 == 1)
	}
	return found
}

// TestMigrationsOnlyAdd checks what lets two adjacent versions share a database.
func TestMigrationsOnlyAdd(t *testing.T) {
	names, err := filepath.Glob("[0-9]*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != tenure.SchemaVersion-tenure.OldestSchema {
		t.Errorf("%d migrations lead from %d to %d", len(names), tenure.OldestSchema, tenure.SchemaVersion)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range removes(string(raw)) {
			t.Errorf("%s: %s", name, line)
		}
		for _, table := range history.Bound() {
			if strings.Contains(string(raw), "ALTER TABLE "+table.Name+" ") {
				t.Errorf("%s: the rows of %s are bound as they are", name, table.Name)
			}
		}
	}
	// The test sees what it is for.
	function := "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n    RETURN OLD;\nEND $$;\n"
	for script, bad := range map[string]int{next: 0, second: 0, function: 0, function + "DROP TABLE x;\n": 1, "DROP INDEX x;\n": 1, "drop table x;\n": 1,
		"UPDATE x SET a = 1;\n": 1, "DELETE FROM x;\n": 1, "ALTER TABLE x DROP COLUMN a;\n": 1, "ALTER TABLE x RENAME TO y;\n": 1,
		"ALTER TABLE x ALTER COLUMN a TYPE TEXT;\n": 1, "INSERT INTO x VALUES (1);\nTRUNCATE x;\n": 1, "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS 'x';\n": 1} {
		if got := removes(script); len(got) != bad {
			t.Errorf("%q: found %q, want %d", script, got, bad)
		}
	}
}
