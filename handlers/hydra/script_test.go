package hydra_test

import (
	"net/http"
	"strings"
	"testing"

	"tenure/handlers/web/webtest"
	"tenure/tenancy/db/dbtest"
)

// TestScripts also holds that no secret and no token is ever logged, and that
// the stores are sound afterwards.
func TestScripts(t *testing.T) {
	webtest.RunDir(t, "../../testdata/hydra", func(t *testing.T) (http.Handler, map[string]string) {
		f := newFixture(t, dbtest.SQLite(t))
		f.sectors["https://sector.example/uris.json"] = []string{"https://a.example/cb", "https://b.example/cb"}
		vars := f.variables(t)
		t.Cleanup(func() { f.silent(t, vars) })
		return f.handler, vars
	})
}

// silent fails the test if the log holds what a script learnt.
func (f *fixture) silent(t *testing.T, vars map[string]string) {
	t.Helper()
	f.Check(t)
	f.sound(t)
	for name, value := range vars {
		if (strings.Contains(name, "secret") || strings.Contains(name, "token")) && strings.Contains(f.log.String(), value) {
			t.Errorf("%s is in the log", name)
		}
	}
}

// TestBothEngines runs the scripts of the good cases on PostgreSQL as well.
func TestBothEngines(t *testing.T) {
	for _, name := range []string{"life", "list", "patch", "secrets"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, dbtest.Postgres(t))
			vars := f.variables(t)
			webtest.Run(t, f.handler, "../../testdata/hydra/"+name+".txtar", vars)
			f.silent(t, vars)
		})
	}
}
