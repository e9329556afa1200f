package handlers_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure/handlers"
	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/tenancy/fault"
	"tenure/tenancy/fault/faulttest"
	"tenure/tenancy/history"
)

// section is what a page says of one route.
type section struct {
	text   string
	params map[string]string // name to type
}

var (
	routeHeading = regexp.MustCompile(`^### ((?:GET|POST|PUT|PATCH|DELETE) /\S+)$`)
	paramRow     = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]+) \\| [^|]+ \\|$")
)

// sectionsOf reads the routes of a page of docs/api.
func sectionsOf(t *testing.T, page string) map[string]*section {
	t.Helper()
	all := map[string]*section{}
	var in *section
	table := false
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "#") {
			in, table = nil, false
			if m := routeHeading.FindStringSubmatch(line); m != nil {
				if all[m[1]] != nil {
					t.Errorf("%s has two sections", m[1])
				}
				in = &section{params: map[string]string{}}
				all[m[1]] = in
			}
		}
		if in == nil {
			continue
		}
		in.text += line + "\n"
		switch {
		case line == "| parameter | type | meaning |":
			table = true
		case !strings.HasPrefix(line, "|"):
			table = false
		}
		if m := paramRow.FindStringSubmatch(line); table && m != nil {
			in.params[m[1]] = strings.TrimSpace(m[2])
		}
	}
	return all
}

// typeOf is how a page writes a parameter's type.
func typeOf(p web.Param) string {
	name, kind, _ := strings.Cut(p.String(), "=")
	switch {
	case p.Words() != nil && len(p.Words()) > 10:
		kind = name
		kind = strings.TrimSuffix(kind, "*") + "s"
	case p.Words() != nil:
		kind = strings.Join(p.Words(), ", ")
	case kind == "":
		kind = "text"
	}
	if strings.HasSuffix(name, "*") {
		kind += ", repeated"
	}
	return kind
}

// pages are what users read of each surface, in docs/api. A surface that has no
// page yet is not in it.
var pages = map[string]string{"api": "v1.md", "hydra": "hydra.md", "log": "log.md", "nevismeta": "nevismeta.md",
	"operations": "operations.md", "register": "register.md", "slashid": "slashid.md"}

// belowEachSetup is where the routes of a dialect are repeated for every setup. A
// page says so, and has a section for each route only once.
const belowEachSetup = "/modules/{module}/setups/{setupId}"

// TestAPIPagesAreWhole: a surface's page has each of its routes with each query
// parameter, and no other.
func TestAPIPagesAreWhole(t *testing.T) {
	for _, s := range handlers.Surfaces(newFamily(t).stores) {
		name, ok := pages[s.Name]
		if !ok {
			continue
		}
		raw, err := os.ReadFile("../docs/api/" + name)
		must(t, err)
		sections := sectionsOf(t, string(raw))
		for _, r := range s.Routes {
			if s.Name != "api" && strings.HasPrefix(r.Pattern, belowEachSetup+"/") {
				if !strings.Contains(string(raw), "`"+belowEachSetup+"`") {
					t.Errorf("%s does not say where %s is", name, r.Pattern)
				}
				continue
			}
			route := r.Method + " " + r.Pattern
			section := sections[route]
			if section == nil {
				t.Errorf("%s: %s is not on the page", name, route)
				continue
			}
			delete(sections, route)
			want := map[string]string{}
			for _, p := range r.Query {
				want[p.Name] = typeOf(p)
			}
			if fmt.Sprint(want) != fmt.Sprint(section.params) {
				t.Errorf("%s: %s takes %v, the page says %v", name, route, want, section.params)
			}
			if strings.Contains(section.text, "*Conditional.*") != r.Conditional {
				t.Errorf("%s: %s: the page is wrong about If-Match", name, route)
			}
		}
		for route := range sections {
			t.Errorf("%s: %s is on the page, and no route", name, route)
		}
	}
}

// TestThePageOfOpenFinanceIsWhole: it has one table of routes and one of parameters.
func TestThePageOfOpenFinanceIsWhole(t *testing.T) {
	raw, err := os.ReadFile("../docs/api/openfinance.md")
	must(t, err)
	named := 0
	for _, s := range handlers.Surfaces(newFamily(t).stores) {
		if s.Name != "openfinance" {
			continue
		}
		for _, r := range s.Routes {
			names := []string{r.Method + " " + strings.TrimPrefix(r.Pattern, belowEachSetup)}
			for _, p := range r.Query {
				names = append(names, p.Name)
			}
			for _, name := range names {
				named++
				if !strings.Contains(string(raw), "`"+name+"`") {
					t.Errorf("%s is not on the page", name)
				}
			}
		}
	}
	if named < 8 {
		t.Errorf("only %d names were looked for", named)
	}
}

// TestThePageOfHydraListsErrors: docs/api/hydra.md has each status with its error
// member, for each kind of fault and for what this dialect tells apart by code.
func TestThePageOfHydraListsErrors(t *testing.T) {
	raw, err := os.ReadFile("../docs/api/hydra.md")
	must(t, err)
	call := &web.Call{Request: httptest.NewRequest(http.MethodGet, "/admin/clients", nil)}
	faults := []*fault.Fault{fault.New(fault.NotFound, fault.CodeClientUnknown, ""), fault.New(fault.Conflict, fault.CodeIDTaken, ""),
		fault.Of(ory.InvalidRequest("x")), fault.At("/redirect_uris/0", "ory-redirect-uri", "x")}
	for _, kind := range faulttest.Kinds() {
		faults = append(faults, fault.New(kind, "", ""))
	}
	for _, f := range faults {
		reply := ory.Spell(call, f)
		var body struct{ Error string }
		must(t, json.Unmarshal(reply.Body, &body))
		if row := fmt.Sprintf("\n| %d | `%s` | ", reply.Status, body.Error); !strings.Contains(string(raw), row) {
			t.Errorf("the page lacks the row %s", row)
		}
	}
}

// TestThePageOfSlashIDListsErrors: docs/api/slashid.md has each status with the
// message of a fault that has none of its own.
func TestThePageOfSlashIDListsErrors(t *testing.T) {
	raw, err := os.ReadFile("../docs/api/slashid.md")
	must(t, err)
	call := &web.Call{Request: httptest.NewRequest(http.MethodGet, "/oauth2/clients", nil)}
	for _, s := range handlers.Surfaces(newFamily(t).stores) {
		if s.Name != "slashid" {
			continue
		}
		for _, kind := range faulttest.Kinds() {
			reply := s.Error(call, fault.New(kind, "", ""))
			var body struct{ Errors []struct{ Message string } }
			must(t, json.Unmarshal(reply.Body, &body))
			if row := fmt.Sprintf("\n| %d | `%s` | ", reply.Status, body.Errors[0].Message); !strings.Contains(string(raw), row) {
				t.Errorf("the page lacks the row %s", row)
			}
		}
	}
}

// TestReadmeLinksEveryAPIPage: the README links each page of docs/api.
func TestReadmeLinksEveryAPIPage(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	must(t, err)
	entries, err := os.ReadDir("../docs/api")
	must(t, err)
	for _, e := range entries {
		if !strings.Contains(string(readme), "](docs/api/"+e.Name()+")") {
			t.Errorf("the README does not link docs/api/%s", e.Name())
		}
	}
}

// TestThePageOfV1ListsErrors: docs/api/v1.md has each kind of error with its
// status, each code and no other, and each kind of event.
func TestThePageOfV1ListsErrors(t *testing.T) {
	raw, err := os.ReadFile("../docs/api/v1.md")
	must(t, err)
	page := string(raw)
	for _, s := range handlers.Surfaces(newFamily(t).stores) {
		if s.Name != "api" {
			continue
		}
		for _, kind := range faulttest.Kinds() {
			reply := s.Error(&web.Call{}, fault.New(kind, "", ""))
			row := regexp.MustCompile(fmt.Sprintf("(?m)^\\| `/problems/%s` \\| %d[ ,|]", kind, reply.Status))
			if !row.MatchString(page) {
				t.Errorf("the page does not say that %s is %d", kind, reply.Status)
			}
		}
	}
	for _, kind := range history.Kinds() {
		if !strings.Contains(page, "`"+string(kind)+"`") {
			t.Errorf("the kind of event %s is not on the page", kind)
		}
	}
	_, codes, _ := strings.Cut(page, "| code | type | when |")
	codes, _, _ = strings.Cut(codes, "\n\n")
	known := []string{"log", web.CodeRoute, web.CodeMethod, web.CodeMediaType, "errors", "later", "plan"} // the last three are members
	for name, code := range faultCodes(t) {
		known = append(known, code)
		if !strings.Contains(codes, "`"+code+"`") {
			t.Errorf("the code %s (%s) is not on the page", code, name)
		}
	}
	for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(codes, -1) {
		if !slices.Contains(known, m[1]) {
			t.Errorf("the page has a code %s, which is none", m[1])
		}
	}
}

// faultCodes are the constants of tenancy/fault that begin with Code.
func faultCodes(t *testing.T) map[string]string {
	t.Helper()
	codes := map[string]string{}
	for _, s := range sources(t) {
		if s.dir != "tenancy/fault" || s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if ok && len(spec.Values) == 1 && strings.HasPrefix(spec.Names[0].Name, "Code") {
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					codes[spec.Names[0].Name], _ = strconv.Unquote(lit.Value)
				}
			}
			return true
		})
	}
	if len(codes) < 10 {
		t.Fatalf("codes %v", codes)
	}
	return codes
}

// TestKindsAreWhole: every kind of event that the sources name is in
// history.Kinds, by which /v1/history checks its filter.
func TestKindsAreWhole(t *testing.T) {
	kind := regexp.MustCompile(`^(organization|key|module|setup|resource_server|client|installation|access)\.[a-z-]+$`)
	found := 0
	for _, s := range sources(t) {
		if s.test || !strings.HasPrefix(s.dir, "tenancy") && !strings.HasPrefix(s.dir, "snapshots") || s.path == "tenancy/history/kinds.go" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			if !kind.MatchString(text) {
				return true
			}
			found++
			if !slices.Contains(history.Kinds(), history.Kind(text)) {
				t.Errorf("%s: the kind %s is not in history.Kinds", s.path, text)
			}
			return true
		})
	}
	if found < 15 {
		t.Errorf("only %d kinds were found", found)
	}
	for _, object := range []string{history.ObjectSetup, history.ObjectResourceServer, history.ObjectClient} {
		for _, verb := range []string{"imported", "published", "changed", "scheduled", "withdrawn", "deleted"} {
			if k := history.Kind(object + "." + verb); !slices.Contains(history.Kinds(), k) && k != "setup.imported" && k != "resource_server.imported" {
				t.Errorf("%s is not in history.Kinds", k)
			}
		}
	}
}
