package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/hydra"
	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/tenancy"
)

// TestRouteList compares every route, with what it takes, with a golden: a
// change of who may do what, or of a query parameter, is seen in review. UPDATE_GOLDEN=1 rewrites it.
func TestRouteList(t *testing.T) {
	var lines []string
	for _, s := range handlers.Surfaces(newFamily(t).stores) {
		for _, r := range s.Routes {
			takes := "key: " + permissions(r.Permission)
			switch {
			case r.Open:
				takes = "open"
			case r.TakesKey:
				takes = "own or key: " + permissions(r.Permission)
			case r.Admit != nil:
				takes = "own: " + permissions(r.Permission)
			}
			if r.Conditional {
				takes += "; if-match"
			}
			if r.Stale {
				takes += "; stale"
			}
			if r.Time > 0 {
				takes += "; " + r.Time.String()
			}
			for i, p := range r.Query {
				takes += map[bool]string{true: "; ? ", false: ", "}[i == 0] + p.String()
			}
			lines = append(lines, fmt.Sprintf("%-11s %-6s %-90s %-15s %s", s.Name, r.Method, r.Pattern, r.Object, takes))
		}
	}
	sort.Strings(lines)
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("..", "testdata", "routes.txt")
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if got != string(want) {
		t.Errorf("the routes differ from %s; UPDATE_GOLDEN=1 rewrites it:\n%s", golden, got)
	}
}

// TestWrongMethods: every path says by 405 and Allow which methods it takes. Hydra's
// own says 404.
func TestWrongMethods(t *testing.T) {
	f := newFamily(t)
	server := handlers.New(web.Config{Tenancy: f.stores.Tenancy, Log: zerolog.Nop()}, f.stores)
	variable := regexp.MustCompile(`{[^}]*}`)
	for _, s := range handlers.Surfaces(f.stores) {
		for _, r := range s.Routes {
			path := variable.ReplaceAllString(r.Pattern, "0123456789abcdef0123456789abcdef")
			w := httptest.NewRecorder()
			server.ServeHTTP(w, httptest.NewRequest("PROPFIND", path, nil))
			if (w.Code != http.StatusMethodNotAllowed && (w.Code != http.StatusNotFound || s.Name != hydra.Name && s.Name != register.Name)) ||
				!strings.Contains(", "+w.Header().Get("Allow")+",", ", "+r.Method+",") {
				t.Errorf("PROPFIND %s: %d, Allow: %s", path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

// TestAllowIsOfThePath: a path that ends in a verb takes what that route takes,
// not what a client with such an id would.
func TestAllowIsOfThePath(t *testing.T) {
	f := newFamily(t)
	for path, want := range map[string]string{"/v1/clients/0123:erase": "POST", "/v1/clients/0123": "GET, HEAD", "/v1/clients/0123/diff": "GET, HEAD, POST"} {
		w := httptest.NewRecorder()
		f.server.Config.Handler.ServeHTTP(w, httptest.NewRequest("PUT", path, nil))
		if got := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || got != want {
			t.Errorf("PUT %s: %d, Allow: %s, want %s", path, w.Code, got, want)
		}
	}
}

func permissions(p tenancy.Permission) string {
	names := []string{"resolve", "history", "plans", "secrets", "write-clients", "administer", "read-log"}
	var has []string
	for i, name := range names {
		if p&(1<<i) != 0 {
			has = append(has, name)
		}
	}
	return strings.Join(has, " ")
}
