package handlers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// TestOnePlainDeleteTakesNothingAlong sends every DELETE of every surface, with
// nothing but its path, at an organization whose setup has 119 clients. No setup
// and no organization goes, and the refusal says how many clients would have.
func TestOnePlainDeleteTakesNothingAlong(t *testing.T) {
	f := newFamily(t)
	on, store, ctx := f.target(t, "owner"), f.stores.Snapshots, context.Background()
	owner := f.scope(t, "owner")
	full, err := store.CreateSetup(ctx, owner, snapshots.DefaultModule, setupChange("full", nil))
	must(t, err)
	count := func() (n int) {
		listed, err := snapshots.List[document.Client](ctx, store, owner, snapshots.SetupRef(snapshots.DefaultModule, full.Entity.ID), snapshots.Filter{})
		must(t, err)
		return len(listed)
	}
	for i := range 119 {
		_, err := store.CreateClient(ctx, owner, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: full.Entity.ID,
			ClientID: fmt.Sprintf("client-%d", i), Owner: f.ids["child"], Surface: "test"}, clientChange("c", nil))
		must(t, err)
	}
	on.spare, on.org = full.Entity.ID, f.ids["child"]
	asked, refused := 0, 0
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			if route.Method != http.MethodDelete || route.Admit != nil && !route.TakesKey {
				continue
			}
			asked++
			c := cell{route: route, actor: "owner", role: tenancy.Admin, setupOwner: "owner"}
			path, _, _ := strings.Cut(f.path(c, on), "?")
			acting := tenancy.OrgID("")
			if s.Name == "slashid" && route.Object == web.ObjectOrganization {
				acting = on.org
			}
			status, body := f.plain(t, c, on, path, acting)
			container := route.Object == web.ObjectOrganization || deletesSetup(route)
			if !container {
				continue
			}
			refused++
			if status != http.StatusConflict && status != http.StatusBadRequest || !strings.Contains(body, "119 clients") {
				t.Errorf("%s %s: %d %s", route.Method, route.Pattern, status, body)
			}
			if n := count(); n != 119 {
				t.Fatalf("%s %s: %d clients are left", route.Method, route.Pattern, n)
			}
		}
	}
	if n := count(); n != 119 || asked < 15 || refused < 3 {
		t.Errorf("%d clients are left, %d routes were asked, %d refused", n, asked, refused)
	}
}

// plain sends a request without a body.
func (f *family) plain(t *testing.T, c cell, on target, path string, acting tenancy.OrgID) (int, string) {
	t.Helper()
	req, err := http.NewRequest(c.route.Method, f.server.URL+path, nil)
	must(t, err)
	f.identify(req, c, on, f.keys[c.actor][c.role], string(acting))
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(body)
}
