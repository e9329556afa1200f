package nevismeta_test

import (
	"net/http"
	"testing"

	"tenure/handlers/web/webtest"
	"tenure/tenancy"
	"tenure/tenancy/tenancytest"
)

func TestScripts(t *testing.T) {
	webtest.RunDir(t, "../../testdata/nevismeta", func(t *testing.T) (http.Handler, map[string]string) {
		f := newFixture(t)
		vars := map[string]string{"setup": string(f.id)}
		for name, org := range map[string]tenancy.OrgID{"root": f.Root, "north": f.North, "south": f.South, "harbour": f.Harbour} {
			vars[name] = string(org)
			for _, role := range tenancytest.Roles() {
				vars[name+"_"+string(role)] = f.Key(org, role)
			}
		}
		return f.handler, vars
	})
}
