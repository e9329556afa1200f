package slashid_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../../testdata/slashid/schema/responses.json"

// schemas are the definitions of the schema that is written from the page.
func schemas(t testing.TB) func(name string) *jsonschema.Schema {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	return func(name string) *jsonschema.Schema {
		schema, err := compiler.Compile(schemaFile + "#/$defs/" + name)
		must(t, err)
		return schema
	}
}

// definition is what the answer to a request is to be; empty for no body.
func definition(method, path string, status int) string {
	if i := strings.Index(path, clients); i > 0 {
		path = path[i:]
	}
	switch {
	case status >= 400:
		return "failure"
	case status == http.StatusNoContent, method == http.MethodHead:
		return ""
	case strings.HasSuffix(path, "/ui-configuration"):
		return "uiConfiguration"
	case strings.HasSuffix(path, "/secret"):
		return "secret"
	case path == clients && method == http.MethodGet:
		return "clients"
	case path == clients:
		return "clientCreated"
	case strings.HasPrefix(path, clients):
		return "client"
	}
	return map[string]string{"GET /organizations": "organization", "GET /organizations/suborganizations": "organizations",
		"POST /organizations/suborganizations": "organizationCreated", "PUT /organizations/api-keys": "key",
		"GET /organizations/config": "config"}[method+" "+path]
}

// held is a handler each of whose answers is held against the schema, and
// whose failures say the status that they have.
func held(t testing.TB, h http.Handler) http.Handler {
	compile := schemas(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := httptest.NewRecorder()
		h.ServeHTTP(own, r)
		hold(t, compile, r, own)
		for name, values := range own.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(own.Code)
		if own.Body.Len() == 0 {
			return
		}
		if _, err := w.Write(own.Body.Bytes()); err != nil {
			t.Error(err)
		}
	})
}

func hold(t testing.TB, compile func(string) *jsonschema.Schema, r *http.Request, w *httptest.ResponseRecorder) {
	name := definition(r.Method, r.URL.Path, w.Code)
	if w.Header().Get("Content-Type") == "text/plain; charset=utf-8" && w.Code == 404 && w.Body.String() == "404 page not found\n" {
		return
	}
	if name == "" {
		if w.Body.Len() > 0 && r.Method != http.MethodHead {
			t.Errorf("%s %s: %d with a body: %s", r.Method, r.URL, w.Code, w.Body)
		}
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Errorf("%s %s: %d %v in %.500s", r.Method, r.URL, w.Code, err, w.Body)
		return
	}
	if err := compile(name).Validate(doc); err != nil {
		t.Errorf("%s %s: %d is no %s: %v\n%.2000s", r.Method, r.URL, w.Code, name, err, w.Body)
	}
	if w.Code >= 400 {
		for _, item := range decode(t, w.Body.Bytes())["errors"].([]any) {
			if code := encode(t, item.(map[string]any)["httpcode"]); code != encode(t, w.Code) {
				t.Errorf("%s %s: %d, and httpcode %s", r.Method, r.URL, w.Code, code)
			}
		}
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s %s: Content-Type %q", r.Method, r.URL, kind)
	}
}

// The schema refuses what it should: a schema that takes everything proves
// nothing.
func TestSchemaRefuses(t *testing.T) {
	compile := schemas(t)
	const good = `{"client_id":"a","client_name":"n","grant_types":["client_credentials"],"response_types":[],"scopes":["a"],"public":false,` +
		`"owner_organization_id":"af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"}`
	for body, want := range map[string]bool{
		`{"result":` + good + `}`: true,
		`{"result":` + strings.Replace(good, `"public":false,`, ``, 1) + `}`:                                  false,
		`{"result":` + strings.Replace(good, `[]`, `["code"]`, 1) + `}`:                                       false,
		`{"result":` + strings.Replace(good, `"n"`, `1`, 1) + `}`:                                             false,
		`{"result":` + strings.Replace(good, `{`, `{"created_at":"yesterday",`, 1) + `}`:                      false,
		`{"result":` + strings.Replace(good, `{`, `{"redirect_uris":["::"],`, 1) + `}`:                        false,
		`{"result":` + strings.Replace(good, `{`, `{"client_secret":"`+strings.Repeat("x", 43)+`",`, 1) + `}`: false,
		`{"result":` + good + `,"errors":[]}`:                                                                 false,
		good:                                                                                                  false,
	} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		must(t, err)
		if err := compile("client").Validate(doc); (err == nil) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}
