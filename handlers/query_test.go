package handlers_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/tenancy"
)

// TestQueriesAreReadDeclared: no surface reads a query but through what its
// routes declare.
func TestQueriesAreReadDeclared(t *testing.T) {
	direct := map[string]bool{"Query": true, "RawQuery": true, "RequestURI": true}
	forms := map[string]bool{"FormValue": true, "PostFormValue": true, "ParseForm": true, "ParseMultipartForm": true, "RequestURI": true}
	for _, s := range sources(t) {
		if s.test || !strings.HasPrefix(s.dir, "handlers") || s.dir == "handlers/web" || s.dir == "handlers/openfinance/demo" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			on, ok := sel.X.(*ast.SelectorExpr)
			if ok && (on.Sel.Name == "URL" && direct[sel.Sel.Name] || on.Sel.Name == "Request" && forms[sel.Sel.Name]) {
				t.Errorf("%s reads a query past its declaration: %s.%s", s.path, on.Sel.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

// sample is a value that a parameter can have, and ones that it cannot.
func sample(p web.Param) (right string, wrong []string) {
	_, kind, _ := strings.Cut(p.String(), "=")
	switch least, most, number := strings.Cut(kind, ".."); {
	case number:
		n, _ := strconv.ParseInt(most, 10, 64)
		l, _ := strconv.ParseInt(least, 10, 64)
		return most, []string{strconv.FormatInt(l-1, 10), strconv.FormatUint(uint64(n)+1, 10), "1e1", "x"}
	case kind == "instant":
		return "2026-01-02T03:04:05Z", []string{"2026-01-02", "now", "1969-12-31T23:59:59Z"}
	case kind == "flag":
		return "true", []string{"1", "yes", "TRUE"}
	case kind == "id":
		return strings.Repeat("0a", 16), []string{"x", strings.Repeat("0A", 16)}
	case kind == "uuid":
		return "5f0c8c4e-0000-4000-8000-000000000000", []string{"x"}
	case kind == "cursor", kind == "":
		return "x", nil
	}
	return p.Words()[0], []string{"no such word"}
}

func (f *family) asksQuery(t *testing.T, route web.Route, on target, query string) (int, string) {
	t.Helper()
	c := cell{route: route, actor: "root", role: tenancy.Admin}
	body := exercises[route.Method+" "+route.Pattern].body
	path, before, _ := strings.Cut(f.path(c, on), "?")
	req, err := http.NewRequest(route.Method, f.server.URL+path+"?"+strings.TrimPrefix(before+"&"+query, "&"), strings.NewReader(body))
	must(t, err)
	f.identify(req, c, on, f.keys["root"][tenancy.Admin], "")
	req.Header.Set("Content-Type", "application/json")
	return f.answered(t, req)
}

func (f *family) answered(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(body)
}

// TestStrictSurfaces: every route of a strict surface refuses what it does not
// declare, and what it declares but cannot be, naming the parameter.
func TestStrictSurfaces(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	asked := 0
	for _, s := range handlers.Surfaces(f.stores) {
		if !s.Strict {
			continue
		}
		for _, route := range s.Routes {
			refused := func(query, name string) {
				t.Helper()
				asked++
				before := f.Log.Size()
				status, body := f.asksQuery(t, route, on, query)
				var problem struct{ Code, Detail string }
				if status != http.StatusBadRequest || json.Unmarshal([]byte(body), &problem) != nil || problem.Code != "query" || !strings.HasPrefix(problem.Detail, name+" ") {
					t.Errorf("%s %s?%s: %d %s", route.Method, route.Pattern, query, status, body)
				}
				if f.Log.Size() != before {
					t.Errorf("%s %s?%s: refused, and yet something was written", route.Method, route.Pattern, query)
				}
			}
			refused("undeclared=x", "undeclared")
			for _, p := range route.Query {
				right, wrong := sample(p)
				name := url.QueryEscape(p.Name)
				refused(name+"=", p.Name)
				if !strings.Contains(p.String(), "*") {
					refused(name+"="+url.QueryEscape(right)+"&"+name+"="+url.QueryEscape(right), p.Name)
				}
				for _, value := range wrong {
					refused(name+"="+url.QueryEscape(value), p.Name)
				}
				if status, body := f.asksQuery(t, route, on, "undeclared=x&"+name+"="+url.QueryEscape(right)); status != http.StatusBadRequest || !strings.Contains(body, "undeclared is not") {
					t.Errorf("%s %s: %s as it may be: %d %s", route.Method, route.Pattern, p.Name, status, body)
				}
				if misspelt := p.Name + "s"; len(p.Name) > 3 && !strings.HasSuffix(p.Name, "s") {
					if status, body := f.asksQuery(t, route, on, misspelt+"="+url.QueryEscape(right)); status != http.StatusBadRequest || !strings.Contains(body, "did you mean "+p.Name+"?") {
						t.Errorf("%s %s: %s: %d %s", route.Method, route.Pattern, misspelt, status, body)
					}
				}
			}
		}
	}
	t.Logf("%d asked", asked)
	if asked < 200 {
		t.Errorf("only %d were asked", asked)
	}
}

// TestTimeIsNeverPassedOver: no route of any surface takes an answer about now
// for one about another instant. Routes that need another credential than an
// API key may refuse that first, but never answer.
func TestTimeIsNeverPassedOver(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	f.target(t, "root")
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			declared := map[string]bool{}
			for _, p := range route.Query {
				declared[p.Name] = true
			}
			for _, name := range []string{"as_of", "asOf", "at", "At", "known_at", "known-at", "knownAt", "valid_at", "validAt"} {
				if declared[name] {
					continue
				}
				before := f.Log.Size()
				status, body := f.asksQuery(t, route, on, name+"=2020-01-01T00:00:00Z")
				own := route.Admit != nil && !route.TakesKey && (status == http.StatusUnauthorized || status == http.StatusNotFound)
				if status != http.StatusBadRequest && !own || f.Log.Size() != before {
					t.Errorf("%s %s %s?%s=…: %d %s", s.Name, route.Method, route.Pattern, name, status, body)
				}
			}
		}
	}
}

// aboutNow are the reads that take no other instant, and why.
var aboutNow = map[string]string{
	"/v1/clients/{entity}/diff":                                "from and to name both versions",
	"/v1/clients/{entity}/reads":                               "is a log of what was read",
	"/v1/clients/{entity}/snapshots/{snapshot}":                "the snapshot's id names the version",
	"/v1/clients/{entity}/snapshots/{snapshot}/proof":          "the snapshot's id names the version",
	"/v1/setups/{setup}/diff":                                  "from and to name both versions",
	"/v1/setups/{setup}/snapshots/{snapshot}":                  "the snapshot's id names the version",
	"/v1/setups/{setup}/snapshots/{snapshot}/proof":            "the snapshot's id names the version",
	"/v1/resource-servers/{entity}/diff":                       "from and to name both versions",
	"/v1/resource-servers/{entity}/snapshots/{snapshot}":       "the snapshot's id names the version",
	"/v1/resource-servers/{entity}/snapshots/{snapshot}/proof": "the snapshot's id names the version",
	"/v1/evidence":        "from and to are the span",
	"/v1/history":         "from and to are the span; of the clocks it takes known_at",
	"/v1/log/consistency": "is about the log",
	"/v1/whoami":          "is about the caller's credential",
	"/admin/health/alive": "is no configuration", "/admin/health/ready": "is no configuration", "/admin/version": "is no configuration",
	"/health/alive": "is no configuration", "/health/ready": "is no configuration", "/version": "is no configuration",
	"/healthz": "is no configuration", "/readyz": "is no configuration", "/livez": "is no configuration",
	"/log/checkpoint": "is about the log", "/log/witnesses": "is about the log", "/log/tile/{tile:.+}": "is about the log",
	"/v2/modules/{module}/setups/{setupId}/clients/{clientId}/snapshots":                         "lists the versions of all instants; validAt picks one",
	"/v2/modules/{module}/setups/{setupId}/clients/{clientId}/snapshots/{snapshotId}":            "the snapshot's id names the version",
	"/v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}/snapshots":              "lists the versions of all instants; validAt picks one",
	"/v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}/snapshots/{snapshotId}": "the snapshot's id names the version",
	"/v2/modules/{module}/setups/{setupId}/snapshots":                                            "lists the versions of all instants; validAt picks one",
	"/v2/modules/{module}/setups/{setupId}/snapshots/{snapshotId}":                               "the snapshot's id names the version",
	"/v1/setups/{setup}/registrations":                                                           "last uses are known of now only",
	"/oauth2/register/{id}":                                                                      "a client reads itself by its own credentials", "/modules/{module}/setups/{setupId}/oauth2/register/{id}": "a client reads itself by its own credentials",
}

// TestEveryReadOfConfigurationTakesAnInstant: each GET declares at and known_at,
// or is listed with its reason.
func TestEveryReadOfConfigurationTakesAnInstant(t *testing.T) {
	unused := maps.Clone(aboutNow)
	for _, s := range handlers.Surfaces(newFamily(t).stores) {
		for _, route := range s.Routes {
			if route.Method != http.MethodGet {
				continue
			}
			delete(unused, route.Pattern)
			declared := map[string]bool{}
			for _, p := range route.Query {
				declared[p.Name] = true
			}
			if takes := declared["at"] && declared["known_at"]; takes == (aboutNow[route.Pattern] != "") {
				t.Errorf("%s %s: takes at and known_at: %v; is listed: %q", s.Name, route.Pattern, takes, aboutNow[route.Pattern])
			}
		}
	}
	for pattern := range unused {
		t.Errorf("%s is listed, and no route", pattern)
	}
}

// TestPlannedChangesAreShown: where one version is read, now or at an instant,
// a caller with the permission for plans learns when the next one takes effect, and
// the answer says which version it is.
func TestPlannedChangesAreShown(t *testing.T) {
	f := newFamily(t)
	f.target(t, "root")
	on := f.target(t, "owner")
	f.Clock.Advance(time.Minute)
	at := "at=" + f.Clock.Now().Add(-time.Second).Format(time.RFC3339Nano)
	asked := 0
	for _, route := range f.routes {
		dated := slices.ContainsFunc(route.Query, func(p web.Param) bool { return p.Name == "at" })
		if !dated || route.Object != web.ObjectClient {
			continue
		}
		f.Clock.Advance(time.Second) // out of reach of a dialect's limit
		now := f.read(t, route, on, "", nil)
		if now.header.Get("Tenure-Snapshot-Id") == "" {
			continue
		}
		asked++
		then := f.read(t, route, on, at, nil)
		for name := range now.header {
			if a, b := now.header.Get(name), then.header.Get(name); strings.HasPrefix(name, "Tenure-") && a != b || name == "Etag" && b == "" {
				t.Errorf("%s: %s is %q now and %q at an instant", route.Pattern, name, a, b)
			}
		}
		if now.header.Get("Tenure-Next-Valid-From") == "" {
			t.Errorf("%s does not show the plan: %v", route.Pattern, now.header)
		}
	}
	if asked < 8 {
		t.Errorf("only %d routes were asked", asked)
	}
}

// TestTimeOfOnesOwn: a client's own credentials read what is in force, so routes
// that they open refuse another instant, too.
func TestTimeOfOnesOwn(t *testing.T) {
	f := newFamily(t)
	clients := f.selfService(t)
	asked := 0
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			if route.Admit == nil || route.Object != web.ObjectClient || !strings.Contains(route.Pattern, "{setupId}") {
				continue
			}
			for _, c := range clients {
				if c.surface != s.Name {
					continue
				}
				for _, name := range []string{"at", "as_of", "known_at", "validAt"} {
					asked++
					dated := route
					dated.Pattern += "?" + name + "=2020-01-01T00:00:00Z"
					before := f.Log.Size()
					status, body := f.askWith(t, dated, c, c.token)
					if status != http.StatusBadRequest && status != http.StatusForbidden || f.Log.Size() != before {
						t.Errorf("%s %s of %s: %d %s", route.Method, dated.Pattern, c.id, status, body)
					}
				}
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d were asked", asked)
	}
}

// TestMisspeltQuestions: what the callers of today got wrong.
func TestMisspeltQuestions(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	for path, want := range map[string]string{
		"/v1/history?cleint=x":       "cleint is not a parameter of this route; did you mean client?",
		"/v1/clients?redirect_uri=x": "redirect_uri is not a parameter of this route; it has setup, name, owner, after, limit, at, known_at",
		"/v1/evidence?clients=x":     "clients is not a parameter of this route; did you mean client?",
		"/v1/clients/" + string(on.client) + "?as_of=2020-01-01T00:00:00Z":   "as_of is not a parameter of this route; did you mean at?",
		"/v1/history?kind=client.chagned":                                    `kind cannot be \"client.chagned\"; did you mean client.changed?`,
		"/v1/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z":      "from is after to",
		"/v1/clients?limit=0":                                                "limit must be a whole number from 1 to 500",
		"/v1/organizations?asOf=2020-01-01T00:00:00Z&known=x":                `{"parameter":"known"`,
		"/v1/clients/" + string(on.client) + "/diff?from=yesterday":          "from must be",
		"/v1/clients/" + string(on.client) + "/diff?to=client:" + "nonsense": "to must be",
	} {
		req, err := http.NewRequest(http.MethodGet, f.server.URL+path, nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+f.keys["root"][tenancy.Admin])
		if status, body := f.answered(t, req); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestMementosOfEveryRoute: Accept-Datetime is at wherever at is taken, and is
// named in Vary.
func TestMementosOfEveryRoute(t *testing.T) {
	f := newFamily(t)
	f.target(t, "root")
	on := f.target(t, "owner")
	f.Clock.Advance(time.Minute)
	at := f.Clock.Now().Truncate(time.Second)
	f.Clock.Advance(time.Minute)
	asked := 0
	for _, route := range f.routes {
		dated := false
		for _, p := range route.Query {
			dated = dated || p.Name == "at"
		}
		if !dated {
			continue
		}
		asked++
		byQuery := f.read(t, route, on, fmt.Sprintf("at=%s", at.Format(time.RFC3339)), nil)
		byHeader := f.read(t, route, on, "", http.Header{"Accept-Datetime": {at.Format(http.TimeFormat)}})
		if byQuery.status != http.StatusOK || byQuery.status != byHeader.status || byQuery.body != byHeader.body {
			t.Errorf("%s: %d %s\nwith the header: %d %s", route.Pattern, byQuery.status, byQuery.body, byHeader.status, byHeader.body)
		}
		for name, got := range map[string]reply{"at": byQuery, "the header": byHeader} {
			if got.header.Get("Memento-Datetime") == "" || !strings.Contains(strings.Join(got.header["Link"], ","), "original timegate") {
				t.Errorf("%s with %s: %v", route.Pattern, name, got.header)
			}
			if !strings.Contains(strings.Join(got.header["Vary"], ","), "Accept-Datetime") && !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
				t.Errorf("%s with %s: Vary %q", route.Pattern, name, got.header["Vary"])
			}
		}
	}
	if asked < 15 {
		t.Errorf("only %d routes take at", asked)
	}
}
