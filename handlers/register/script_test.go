package register_test

import (
	"net/http"
	"strings"
	"testing"

	"tenure/handlers/web/webtest"
	"tenure/snapshots"
	"tenure/tenancy/db/dbtest"
)

// TestScripts also holds that no secret and no token is ever logged, and that
// the stores are sound afterwards.
func TestScripts(t *testing.T) {
	webtest.RunDir(t, "../../testdata/register", func(t *testing.T) (http.Handler, map[string]string) {
		f := newFixture(t, dbtest.SQLite(t))
		vars := f.variables(t)
		t.Cleanup(func() {
			f.Check(t)
			if problems, err := snapshots.Check(ctx, f.DB); err != nil || len(problems) > 0 {
				t.Errorf("%v, %v", problems, err)
			}
			for _, name := range []string{"token", "second", "third", "secret", "initial", "shop_token", "shop_secret", "post_token", "post_secret"} {
				if value := vars[name]; value != "" && strings.Contains(f.log.String(), value) {
					t.Errorf("the %s is in the log", name)
				}
			}
		})
		return f.handler, vars
	})
}

// TestBothEngines runs the scripts of the good cases on PostgreSQL as well.
func TestBothEngines(t *testing.T) {
	for _, name := range []string{"life", "keeps", "setups"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, dbtest.Postgres(t))
			webtest.Run(t, f.handler, "../../testdata/register/"+name+".txtar", f.variables(t))
			f.Check(t)
		})
	}
}
