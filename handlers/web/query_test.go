package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// strictSurface is surface with Strict.
func strictSurface(routes ...web.Route) web.Surface {
	s := surface("s", routes...)
	s.Strict = true
	return s
}

// declaring is a route that answers what its query says.
func declaring(method, pattern string, query ...web.Param) web.Route {
	r := route(method, pattern, func(c *web.Call) (*web.Reply, error) {
		return text(fmt.Sprintf("%q %d %t %q", c.Text("name"), c.Int("limit", 7), c.Flag("deep"), c.Texts("kind")))
	})
	r.Query = append([]web.Param{web.Text("name"), web.Int("limit", 1, 100), web.Flag("deep"), web.Word("kind", "made", "ended").Repeated(2)}, query...)
	return r
}

// TestStrictQueries: a strict surface takes what a route declares, as it
// declares it, and nothing else.
func TestStrictQueries(t *testing.T) {
	undeclaring := route("GET", "/v1/none", func(*web.Call) (*web.Reply, error) { return text("") })
	f := newFixture(t, strictSurface(undeclaring,
		declaring("GET", "/v1/x", web.At(), web.Instant("from"), web.Instant("to"), web.ID("setup"), web.UUID("organization"), web.Cursor("after"))))
	for query, want := range map[string]string{
		"":                                  `"" 7 false []`,
		"name=a&limit=100&deep=true":        `"a" 100 true []`,
		"kind=made&kind=ended&deep=false":   `"" 7 false ["made" "ended"]`,
		"from=2026-01-02T03:04:05Z":         `"" 7 false []`,
		"setup=" + strings.Repeat("0a", 16): `"" 7 false []`,
		"organization=5f0c8c4e-0000-4000-8000-000000000000&after=x": `"" 7 false []`,
		"from=2026-01-02T03:04:05Z&to=2026-01-02T03:04:05Z":         `"" 7 false []`,
	} {
		if w := f.send("GET", "/v1/x?"+query, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for query, want := range map[string]string{
		"naem=a":                        "naem is not a parameter of this route; did you mean name?",
		"Name=a":                        "Name is not a parameter of this route; did you mean name?",
		"limt=1":                        "limt is not a parameter of this route; did you mean limit?",
		"page_size=1":                   "page_size is not a parameter of this route; did you mean limit?",
		"kinds=made":                    "kinds is not a parameter of this route; did you mean kind?",
		"as_of=x":                       "as_of is not a parameter of this route; did you mean at?",
		"asOf=x":                        "asOf is not a parameter of this route; did you mean at?",
		"validAt=x":                     "validAt is not a parameter of this route; did you mean at?",
		"redirect_uri=x":                "redirect_uri is not a parameter of this route; it has name, limit, deep, kind, at, from, to, setup, organization, after",
		"a%22%0A=x":                     `"a\"\n" is not a parameter`,
		"name=":                         "name is empty; leave it out instead",
		"name=a&name=a":                 "name may be given once",
		"limit=0":                       "limit must be a whole number from 1 to 100",
		"limit=101":                     "limit must be a whole number from 1 to 100",
		"limit=":                        "limit must be a whole number from 1 to 100",
		"limit=1e1":                     "limit must be a whole number from 1 to 100",
		"limit=99999999999999999999":    "limit must be a whole number from 1 to 100",
		"deep=1":                        "deep must be true or false",
		"deep=":                         "deep must be true or false",
		"kind=mdae":                     `kind cannot be "mdae"; did you mean made?`,
		"kind=other":                    "kind must be one of made or ended",
		"kind=":                         "kind must be one of made or ended",
		"kind=made&kind=made&kind=made": "kind may be given at most 2 times",
		"from=yesterday":                "from must be one instant of RFC 3339",
		"from=2026-01-02T03:04:06Z&to=2026-01-02T03:04:05Z": "from is after to",
		"setup=x":                           "setup must be an id of 32 hexadecimal digits",
		"setup=" + strings.Repeat("0A", 16): "setup must be an id of 32 hexadecimal digits",
		"organization=x":                    "organization must be a UUID",
		"after=":                            "after is empty",
		"%zz":                               "the query does not parse",
		"name=%00":                          "the query does not parse",
		"name=a;b":                          "the query does not parse",
	} {
		w := f.send("GET", "/v1/x?"+query, "")
		if w.Code != 400 || !strings.Contains(w.Body.String(), fault.CodeQuery+" "+want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if w := f.send("GET", "/v1/x?limit=0&naem=a", ""); !strings.Contains(w.Body.String(), "[?limit query:") || !strings.Contains(w.Body.String(), "[?naem query:") {
		t.Errorf("not all that is wrong is listed: %s", w.Body)
	}
	if w := f.send("GET", "/v1/none?x=1", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "x is not a parameter of this route, which has none") {
		t.Errorf("a route without parameters: %d %s", w.Code, w.Body)
	}
	// Nobody learns a route's parameters without a credential.
	if w := f.send("GET", "/v1/x?naem=a", "", "Authorization: "); w.Code != 401 {
		t.Errorf("without a key: %d %s", w.Code, w.Body)
	}
}

// TestLenientQueries: a dialect passes over what its original passes over, but
// neither another instant than now nor a dry run.
func TestLenientQueries(t *testing.T) {
	loose := declaring("GET", "/v2/loose", web.Text("page").AsIs(), web.Family("metadata."))
	loose.Handle = func(c *web.Call) (*web.Reply, error) {
		return text(fmt.Sprintf("%q %v %v", c.Texts("page"), c.TextOrNil("page") == nil, c.Family("metadata.")))
	}
	f := newFixture(t, surface("s", loose, declaring("GET", "/v2/x", web.At()), declaring("POST", "/v2/x"), declaring("GET", "/v2/now"),
		declaring("POST", "/v2/dry", web.DryRun())))
	for path, want := range map[string]string{
		"/v2/x?naem=a&redirect_uri=x&dry_runs=x":                   `"" 7 false []`,
		"/v2/x?name=":                                              `"" 7 false []`,
		"/v2/x?at=2026-01-02T03:04:05Z":                            `"" 7 false []`,
		"/v2/loose?page=&page=b":                                   `["" "b"] false map[]`,
		"/v2/loose?metadata.a=1&metadata.a=2&metadata.=3&page.x=1": `[] true map[:[3] a:[1 2]]`,
	} {
		if w := f.send("GET", path, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, name := range []string{"as_of", "asOf", "as-of", "known-at", "knownAt", "known_at", "valid_at", "valid-at", "validAt", "At", "AT", "effective_at"} {
		for _, path := range []string{"GET /v2/x", "GET /v2/now", "POST /v2/x"} {
			method, path, _ := strings.Cut(path, " ")
			if w := f.send(method, path+"?"+name+"=2026-01-02T03:04:05Z", ""); w.Code != 400 || !strings.Contains(w.Body.String(), name+" is not ") || strings.Contains(w.Body.String(), "[?") {
				t.Errorf("%s %s with %s: %d %s", method, path, name, w.Code, w.Body)
			}
		}
	}
	if w := f.send("GET", "/v2/now?at=2026-01-02T03:04:05Z", ""); w.Code != 400 {
		t.Errorf("at where it is not declared: %d %s", w.Code, w.Body)
	}
	for query, want := range map[string]int{"dry_run=true": 400, "dryRun=true": 400, "dry-run=": 400, "dry_run=true&dry_run=false": 400, "dry_run=false": 200, "dry_runs=x": 200} {
		for _, method := range []string{"POST", "GET"} {
			if w := f.send(method, "/v2/x?"+query, ""); w.Code != want {
				t.Errorf("%s %s: %d %s", method, query, w.Code, w.Body)
			}
		}
	}
	for query, want := range map[string]int{"dry_run=true": 200, "dry_run=false": 200, "dry_run=yes": 400, "dryRun=true": 400, "dry_run=": 400} {
		if w := f.send("POST", "/v2/dry?"+query, ""); w.Code != want {
			t.Errorf("where it is declared, %s: %d %s", query, w.Code, w.Body)
		}
	}
}

// TestUndeclaredReadsPanic: a handler cannot read what its route does not
// declare, nor by another type.
func TestUndeclaredReadsPanic(t *testing.T) {
	c, err := web.Asked(httptest.NewRequest("GET", "/x?name=a", nil), web.Text("name"), web.Int("limit", 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	for what, read := range map[string]func(){
		"undeclared": func() { c.Text("nmae") }, "number as text": func() { c.Text("limit") }, "text as number": func() { c.Int("name", 1) },
		"flag": func() { c.Flag("name") }, "instant": func() { c.Instant("from") }, "dry run": func() { c.DryRun() }, "family": func() { c.Family("n") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: was read", what)
				}
			}()
			read()
		}()
	}
}

// TestDeclarationsAreChecked: a route that declares nonsense does not start.
func TestDeclarationsAreChecked(t *testing.T) {
	for name, query := range map[string][]web.Param{
		"no name": {web.Text("")}, "twice": {web.Text("a"), web.Flag("a")}, "no words": {web.Word("a")}, "no numbers": {web.Int("a", 2, 1)},
		"a flag as it is": {web.Flag("a").AsIs()},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			r := declaring("GET", "/v1/x")
			r.Query = query
			web.New(web.Config{}, []web.Surface{surface("s", r)})
		}()
	}
}

// TestVary names the headers that an answer depends on.
func TestVary(t *testing.T) {
	ok := func(*web.Call) (*web.Reply, error) { return text("") }
	dated, open, accepts := route("GET", "/v1/dated", ok), route("GET", "/v1/open", ok), route("GET", "/v1/accepts", ok)
	dated.Query, accepts.Vary = []web.Param{web.At()}, []string{"Accept"}
	open.Open, open.Permission = true, 0
	own := route("GET", "/v1/own", func(*web.Call) (*web.Reply, error) {
		return &web.Reply{Status: 200, Header: http.Header{"Vary": {"Origin"}}}, nil
	})
	gone := route("GET", "/v1/gone", func(*web.Call) (*web.Reply, error) { return nil, fault.New(fault.NotFound, "", "") })
	other := surface("other", route("GET", "/v2/x", ok))
	other.Vary = []string{"X-Key"}
	f := newFixture(t, surface("s", dated, open, accepts, own, gone, route("POST", "/v1/open", ok)), other)
	for path, want := range map[string]string{
		"GET /v1/dated": "Authorization, Tenure-Org, Accept-Datetime", "GET /v1/open": "", "GET /v1/accepts": "Authorization, Tenure-Org, Accept",
		"GET /v1/own": "Authorization, Tenure-Org|Origin", "HEAD /v1/dated": "Authorization, Tenure-Org, Accept-Datetime",
		"GET /v1/gone": "Authorization, Tenure-Org", "POST /v1/open": "", "GET /v2/x": "X-Key",
	} {
		method, path, _ := strings.Cut(path, " ")
		for range 2 {
			if got := strings.Join(f.send(method, path, "").Header()["Vary"], "|"); got != want {
				t.Errorf("%s %s: Vary %q", method, path, got)
			}
		}
	}
}
