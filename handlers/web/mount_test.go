package web_test

import (
	"context"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// TestMount: a path names a setup, or means the acting organization's default
// one, which may be that of an organization above it.
func TestMount(t *testing.T) {
	var f *fixture
	handle := func(c *web.Call) (*web.Reply, error) {
		module, setup := c.Mount(f.Store)
		return text(module + "|" + setup)
	}
	open := route("GET", "/v2/open", handle)
	open.Open, open.Permission = true, 0
	f = newFixture(t, surface("s", route("GET", "/v1/x", handle), route("GET", "/v1/modules/{module}/setups/{setupId}/x", handle), open))
	ofRoot, ofNorth := strings.Repeat("a", 32), strings.Repeat("b", 32)
	admin := f.Scope(t, f.Root, tenancy.Admin)
	for org, setup := range map[tenancy.OrgID]string{f.Root: ofRoot, f.North: ofNorth} {
		if _, err := f.Store.SetDefaultSetup(context.Background(), admin, org, setup, func(*db.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ path, org, want string }{
		{"/v1/x", string(f.North), "|" + ofNorth}, {"/v1/x", string(f.Harbour), "|" + ofNorth},
		{"/v1/modules/m/setups/s%2Fx/x", string(f.North), "m|s/x"}, {"/v2/open", "", "|" + ofRoot},
	} {
		if w := f.send("GET", row.path, "", "Tenure-Org: "+row.org); w.Body.String() != row.want {
			t.Errorf("%s for %s: %s", row.path, row.org, w.Body)
		}
	}
	for setup, want := range map[string]string{ofRoot: "https://id.example/reg/a%2Fb", ofNorth: "https://id.example/modules/m%20m/setups/" + ofNorth + "/reg/a%2Fb"} {
		if got := web.SelfURI(f.Store, "https://id.example/", "m m", setup, "/reg", "a/b"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
