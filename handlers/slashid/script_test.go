package slashid_test

import (
	"net/http"
	"strings"
	"testing"

	"tenure/handlers/web/webtest"
	"tenure/tenancy/db/dbtest"
)

// TestScripts also holds that no secret and no key is ever logged, and that
// the stores are sound afterwards.
func TestScripts(t *testing.T) {
	webtest.RunDir(t, "../../testdata/slashid", func(t *testing.T) (http.Handler, map[string]string) {
		f := newFixture(t, dbtest.SQLite(t))
		vars := f.variables()
		t.Cleanup(func() { f.silent(vars) })
		return f.handler, vars
	})
}

// silent fails the test if the log holds what a script learnt.
func (f *fixture) silent(vars map[string]string) {
	f.t.Helper()
	f.sound()
	for name, value := range vars {
		for _, hidden := range []string{"secret", "key", "admin", "editor", "reader", "auditor"} {
			if strings.Contains(name, hidden) && strings.Contains(f.log.String(), value) {
				f.t.Errorf("%s is in the log", name)
			}
		}
	}
}

// TestBothEngines runs the scripts of the good cases on PostgreSQL as well.
func TestBothEngines(t *testing.T) {
	for _, name := range []string{"checks", "life", "list", "organizations"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, dbtest.Postgres(t))
			vars := f.variables()
			webtest.Run(t, f.handler, "../../testdata/slashid/"+name+".txtar", vars)
			f.silent(vars)
		})
	}
}
