package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"tenure"
	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/db/migrate/migratetest"
)

// addition is a migration to a version that this program does not make, but can
// use.
var addition = fmt.Sprintf("-- %d: one more table\n-- oldest: %d\nCREATE TABLE more (id TEXT NOT NULL PRIMARY KEY);\n", tenure.SchemaVersion+1, tenure.SchemaVersion)

func newerSteps(t *testing.T, text string) migrate.Steps {
	t.Helper()
	name := fmt.Sprintf("%04d.sql", tenure.SchemaVersion+1)
	s, err := migrate.Read(fstest.MapFS{name: {Data: []byte(text)}}, tenure.SchemaVersion, tenure.SchemaVersion+1)
	must(t, err)
	return s
}

// TestServeMigrates: SQLite by itself after a backup, PostgreSQL only where it
// is told to; the result is served.
func TestServeMigrates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := newSchema3(t, dsn)
		if code, out := fails(t, s.migrate()...); code != 0 { // up to this program's version
			t.Fatalf("migrate: exit %d, %s", code, out)
		}
		var out bytes.Buffer
		m, err := migration(dsn, "", &out)
		must(t, err)
		m.Steps = newerSteps(t, addition)
		must(t, runMigration(context.Background(), &out, m, true))
		would := fmt.Sprintf("would migrate schema %d to %d: one more table", tenure.SchemaVersion, tenure.SchemaVersion+1)
		if !strings.Contains(out.String(), would) || m.Postgres() == strings.Contains(out.String(), "would back up to "+dsn) {
			t.Errorf("the dry run says %s", out.String())
		}
		must(t, serveMigration(context.Background(), m, false))
		if _, found, err := m.Pending(context.Background()); err != nil || (found.Schema == tenure.SchemaVersion) != m.Postgres() {
			t.Errorf("unasked it has brought the database to %+v, %v", found, err)
		}
		must(t, serveMigration(context.Background(), m, true))
		if _, found, err := m.Pending(context.Background()); err != nil || found.Schema != tenure.SchemaVersion+1 {
			t.Errorf("asked it has brought the database to %+v, %v", found, err)
		}
		if dirs, _ := filepath.Glob(dsn + ".schema-*"); !m.Postgres() && len(dirs) != 2 { // of the step to this program's version, and of the one more
			t.Errorf("backups: %v", dirs)
		} else if !m.Postgres() {
			for _, dir := range dirs {
				if code, out := fails(t, "backup", "verify", dir); code != 0 {
					t.Errorf("verify the backup %s: exit %d, %s", dir, code, out)
				}
			}
		}
		p := started(t, "", append(s.args, "--migrate")...) // two adjacent versions on one database
		s.compare(t, p.info.URL)
		for _, format := range []string{"json", "csv", "ocsf"} {
			if status, _, body := s.ask(t, p.info.URL, migratetest.Answer{Key: "root", Path: "/v1/history?kind=installation.migrated&format=" + format}); status != 200 ||
				strings.Count(body, "one more table") == 0 || !strings.Contains(body, "operator:migrate") {
				t.Errorf("the event as %s: %d %s", format, status, body)
			}
		}
		status, _, bundle := s.ask(t, p.info.URL, migratetest.Answer{Key: "root", Path: "/v1/evidence"})
		file := filepath.Join(t.TempDir(), "evidence.zip")
		must(t, os.WriteFile(file, []byte(bundle), 0o600))
		if code, out := fails(t, append([]string{"verify", file, "--key", s.VerifierKeys[0]}, evidenceKeys(t, file)...)...); status != 200 || code != 0 {
			t.Errorf("a bundle with the event: %d, exit %d, %s", status, code, out)
		}
		p.stop(t)
		if code, out := fails(t, "migrate", "--database", dsn); code != 0 || !strings.Contains(out, "can use: nothing to migrate") {
			t.Errorf("migrate by the older program: exit %d, %s", code, out)
		}
		if code, out := fails(t, "check", "--database", dsn, "--log-key", "none"); code != 0 {
			t.Errorf("check: exit %d, %s", code, out)
		}
	})
}

// TestUnknownVersions: every command says which version was found, and which
// program to take.
func TestUnknownVersions(t *testing.T) {
	newer := fmt.Sprintf("INSERT INTO schema_version (version) VALUES (%d)", tenure.SchemaVersion+1)
	older := "DROP TRIGGER schema_version_no_delete; DELETE FROM schema_version; INSERT INTO schema_version (version) VALUES (2)"
	for name, c := range map[string]struct{ change, says string }{
		"newer": {newer, fmt.Sprintf(`its "tenure version" says schema %d or more`, tenure.SchemaVersion+1)},
		"older": {older, `take the program whose "tenure version" says schema 2`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tenure.db")
			started(t, "", "serve", "--database", path).stop(t)
			d, err := sql.Open("sqlite3", path)
			must(t, err)
			_, err = d.Exec(c.change)
			must(t, err)
			must(t, d.Close())
			for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0", "--database", path}, {"dev", "--listen", "127.0.0.1:0", "--database", path},
				{"migrate", "--database", path}, {"migrate", "--dry-run", "--database", path}, {"check", "--database", path}, {"verify", path},
				{"backup", path, "--to", filepath.Join(t.TempDir(), "b")}} {
				if code, out := fails(t, args...); code != exit.Database || !strings.Contains(out, c.says) ||
					!strings.Contains(out, fmt.Sprintf("this program knows version %d", tenure.SchemaVersion)) {
					t.Errorf("%v: exit %d, %s", args, code, out)
				}
			}
		})
	}
}

func TestMigrateAndVersionCommands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenure.db")
	if code, out := fails(t, "migrate", "--database", path); code != exit.Database || !strings.Contains(out, "there is no database at") {
		t.Errorf("of nothing: exit %d, %s", code, out)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a database is made")
	}
	p := started(t, "", "serve", "--database", path)
	for _, args := range [][]string{{}, {"--dry-run"}} { // nothing to do takes no lock
		if code, out := fails(t, append([]string{"migrate", "--database", path}, args...)...); code != 0 || !strings.Contains(out, fmt.Sprintf("has schema %d", tenure.SchemaVersion)) {
			t.Errorf("%v: exit %d, %s", args, code, out)
		}
	}
	p.stop(t)
	if code, out := fails(t, "version"); code != 0 || !strings.HasPrefix(out, "tenure ") ||
		!strings.Contains(out, fmt.Sprintf("\nschema %d, migrates from schema %d on\n", tenure.SchemaVersion, tenure.OldestSchema)) {
		t.Errorf("version: exit %d, %s", code, out)
	}
}
