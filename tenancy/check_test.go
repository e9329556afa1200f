package tenancy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// TestCheckFindsAlteredRows: what somebody with the database in hand changes
// in organizations and keys is found, each with its sentence.
func TestCheckFindsAlteredRows(t *testing.T) {
	for _, c := range []struct{ alter, says string }{
		{"UPDATE api_key SET role = 'admin' WHERE role = 'reader'", "the log says other of it than its row"},
		{"UPDATE api_key SET expires_at = 77", "the log says other of it than its row"},
		{"DELETE FROM api_key WHERE role = 'auditor'", "its row is not there"},
		{"UPDATE org_version SET name = 'elsewhere' WHERE name = 'harbour'", "the log says other of its version 1"},
		{"DELETE FROM org_version WHERE name = 'south'", "there are 0 versions"},
		{"INSERT INTO key_revocation (key_id, recorded_at) SELECT min(key_id), 1 FROM api_key", "the log has no event of that"},
	} {
		t.Run(c.alter, func(t *testing.T) {
			w := tenancytest.New(t, dbtest.SQLite(t))
			if problems := checked(t, w); len(problems) != 0 {
				t.Fatalf("before: %q", problems)
			}
			for _, table := range []string{"api_key", "org_version", "key_revocation"} {
				for _, verb := range []string{"update", "delete"} {
					if _, err := w.DB.Raw().Exec("DROP TRIGGER " + table + "_no_" + verb); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := w.DB.Raw().Exec(c.alter); err != nil {
				t.Fatal(err)
			}
			if problems := checked(t, w); len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), c.says) {
				t.Errorf("found %q, want %q", problems, c.says)
			}
		})
	}
}

func checked(t *testing.T, w *tenancytest.World) []string {
	t.Helper()
	var problems []string
	if err := w.DB.View(context.Background(), func(c *db.Conn) (err error) {
		problems, err = tenancy.Check(c)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return problems
}

// TestCheckNeedsLittleMemory: what the check has in memory does not grow with
// the number of organizations and keys.
func TestCheckNeedsLittleMemory(t *testing.T) {
	w := tenancytest.New(t, dbtest.SQLite(t))
	detail := []byte(`{"name":"` + strings.Repeat("n", 1000) + `"}`)
	const writes, each = 10, 1000
	for i := range writes {
		must(t, w.DB.Write(ctx, func(tx *db.Tx) error {
			for j := range each {
				history.Record(tx, history.Event{Kind: "key.created", ObjectKind: "lost key", Object: fmt.Sprint("lost", i, "-", j), Detail: detail})
			}
			return nil
		}))
	}
	var problems []string
	peak := dbtest.PeakMemory(func() { problems = checked(t, w) })
	if len(problems) != 100 || !strings.HasSuffix(problems[0], "the log knows it, its row is not there") {
		t.Errorf("%d problems, the first is %q", len(problems), problems[:min(len(problems), 1)])
	}
	if whole := int64(writes * each * len(detail)); peak > whole/2 {
		t.Errorf("the check had %d kB in memory; the details in the log alone are %d kB", peak>>10, whole>>10)
	}
}
