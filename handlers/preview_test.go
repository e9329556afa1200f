package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// rows counts what every table has.
func (f *family) rows(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	must(t, f.DB.View(context.Background(), func(c *db.Conn) error {
		var tables []string
		if err := c.Select(&tables, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"); err != nil {
			return err
		}
		for _, table := range tables {
			var n int64
			if err := c.Get(&n, "SELECT count(*) FROM "+table); err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s %d\n", table, n)
		}
		return nil
	}))
	return b.String()
}

// TestPreviewNeverWrites asks every writing route with dry_run: at /v1, and
// where Hydra's API writes a client, it answers what would be done; elsewhere it is
// refused. No table gains a row.
// What dry_run is not, is not done for real either.
func TestPreviewNeverWrites(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	byDefault := f.target(t, "root") // in the root's default setup, for paths without one
	asked, previewed := 0, 0
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			if route.Method == http.MethodGet || route.Admit != nil && !route.TakesKey {
				continue
			}
			for query, want := range map[string]int{"dry_run=true": http.StatusOK, "dry_run=yes": http.StatusBadRequest, "dry_run=true&dry_run=false": http.StatusBadRequest,
				"dry_run=": http.StatusBadRequest, "%zz=1&dry_run=true": http.StatusBadRequest} {
				if !slices.ContainsFunc(route.Query, func(p web.Param) bool { return p.Name == "dry_run" }) {
					want = http.StatusBadRequest
				}
				before := f.rows(t)
				to := on
				if s.Name == "hydra" && !strings.HasPrefix(route.Pattern, "/modules/") {
					to = byDefault
				}
				status, body := f.preview(t, cell{route: route, actor: "root", role: tenancy.Admin}, to, query)
				asked++
				if status != want {
					t.Errorf("%s %s?%s: %d, want %d: %s", route.Method, route.Pattern, query, status, want, body)
				}
				if want == http.StatusOK && bytes.Contains(body, []byte(`"dry_run":true`)) {
					previewed++
				}
				if after := f.rows(t); after != before {
					t.Errorf("%s %s?%s wrote:\n%s\nbefore:\n%s", route.Method, route.Pattern, query, after, before)
				}
			}
		}
	}
	t.Logf("%d asked, %d previews", asked, previewed)
	if previewed < 10 {
		t.Errorf("only %d previews", previewed)
	}
}

// asking adds a query to a path that may have one.
func asking(path, query string) string {
	if strings.Contains(path, "?") {
		return path + "&" + query
	}
	return path + "?" + query
}

func (f *family) preview(t *testing.T, c cell, on target, query string) (int, []byte) {
	t.Helper()
	body := exercises[c.route.Method+" "+c.route.Pattern].body
	body = strings.Replace(body, "SNAPSHOT", string(on.plan(c.route)), 1)
	body = strings.Replace(body, "CLIENT_ID", on.clientID, 1)
	req, err := http.NewRequest(c.route.Method, f.server.URL+asking(f.path(c, on), query), strings.NewReader(strings.Replace(body, "NEXT", "m", 1)))
	must(t, err)
	f.identify(req, c, on, f.keys["root"][tenancy.Admin], "")
	req.Header.Set("Content-Type", "application/json")
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, raw
}
