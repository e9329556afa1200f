package db_test

import (
	"slices"
	"strings"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

func TestCheckTriggers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		check := func() (problems []string) {
			t.Helper()
			if err := d.View(t.Context(), func(c *db.Conn) (err error) {
				problems, err = db.CheckTriggers(c)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return problems
		}
		if problems := check(); len(problems) > 0 {
			t.Fatalf("a new database: %q", problems)
		}
		changes := []struct{ change, back, says string }{
			{"CREATE TRIGGER more BEFORE DELETE ON key_use BEGIN SELECT 1; END", "DROP TRIGGER more", "trigger more: schema.sql has none"},
			{"DROP TRIGGER module_no_update", "CREATE TRIGGER module_no_update BEFORE UPDATE ON module BEGIN SELECT RAISE(ABORT, 'immutable: module'); END", "trigger module_no_update: it is not there"},
			{"DROP TRIGGER client_secret_no_update; CREATE TRIGGER client_secret_no_update BEFORE UPDATE ON client_secret WHEN 1 = 0 BEGIN SELECT RAISE(ABORT, 'immutable: client_secret'); END",
				"", "trigger client_secret_no_update: it is not what"},
		}
		if d.Dialect == db.Postgres {
			changes = []struct{ change, back, says string }{
				{"CREATE TRIGGER more BEFORE DELETE ON key_use FOR EACH ROW EXECUTE FUNCTION refuse_change()", "DROP TRIGGER more ON key_use", "trigger more: schema.sql has none"},
				{"ALTER TABLE module DISABLE TRIGGER module_no_change", "ALTER TABLE module ENABLE TRIGGER module_no_change", "trigger module_no_change: it is not what"},
				{"DROP TRIGGER module_no_truncate ON module", "CREATE TRIGGER module_no_truncate BEFORE TRUNCATE ON module FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()", "trigger module_no_truncate: it is not there"},
				{"DROP TRIGGER module_no_change ON module; CREATE TRIGGER module_no_change BEFORE DELETE ON module FOR EACH ROW EXECUTE FUNCTION refuse_change()",
					"DROP TRIGGER module_no_change ON module; CREATE TRIGGER module_no_change BEFORE UPDATE OR DELETE ON module FOR EACH ROW EXECUTE FUNCTION refuse_change()", "trigger module_no_change: it is not what"},
				{"DROP TRIGGER module_no_change ON module; CREATE TRIGGER module_no_change BEFORE UPDATE OR DELETE ON module FOR EACH ROW WHEN (OLD.name = 'x') EXECUTE FUNCTION refuse_change()",
					"DROP TRIGGER module_no_change ON module; CREATE TRIGGER module_no_change BEFORE UPDATE OR DELETE ON module FOR EACH ROW EXECUTE FUNCTION refuse_change()", "trigger module_no_change: it is not what"},
				{"CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'", "DROP FUNCTION more()", "function more: schema.sql has none"},
				{"CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'", "", "function refuse_change: it is not what"},
			}
		}
		if d.Dialect == db.Postgres { // what triggers do not call is no matter
			if _, err := d.Raw().Exec("CREATE FUNCTION bystander() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1::bigint'"); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range changes {
			if _, err := d.Raw().Exec(c.change); err != nil {
				t.Fatal(err)
			}
			if problems := check(); len(problems) != 1 || !strings.Contains(problems[0], c.says) {
				t.Errorf("%s: %q, want one that says %q", c.change, problems, c.says)
			}
			if _, err := d.Raw().Exec(c.back); err != nil {
				t.Fatal(err)
			}
		}
		if problems := check(); len(problems) != 1 || !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, "it is not what") }) {
			t.Errorf("after all was put back but the last: %q", problems)
		}
	})
}
