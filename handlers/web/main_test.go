package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// fixture is a handler over a real installation, and what it logged.
type fixture struct {
	*tenancytest.World
	handler http.Handler
	log     bytes.Buffer
}

func newFixture(t testing.TB, surfaces ...web.Surface) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dbtest.SQLite(t))}
	f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(zerolog.SyncWriter(&f.log))}, surfaces)
	return f
}

// surface is a surface whose errors name the kind, the code and the text.
func surface(name string, routes ...web.Route) web.Surface {
	return web.Surface{Name: name, Routes: routes, Error: func(_ *web.Call, f *fault.Fault) *web.Reply {
		status := map[fault.Kind]int{fault.Internal: 500, fault.Malformed: 400, fault.Invalid: 422, fault.Unauthenticated: 401,
			fault.Forbidden: 403, fault.NotFound: 404, fault.TooLarge: 413, fault.Conflict: 409, fault.PreconditionFailed: 412, fault.Unsupported: 405, fault.Throttled: 429, fault.Unavailable: 503, fault.Timeout: 504}[f.Kind]
		text := fmt.Sprintf("%s: %s %s %s", name, f.Kind, f.Code, f.Message)
		for _, field := range f.Fields {
			text += fmt.Sprintf(" [%s %s: %s]", field.Path, field.Rule, field.Message)
		}
		return &web.Reply{Status: status, Body: []byte(text), ContentType: "text/plain"}
	}}
}

func route(method, pattern string, handle func(*web.Call) (*web.Reply, error)) web.Route {
	return web.Route{Method: method, Pattern: pattern, Permission: tenancy.Resolve, Object: web.ObjectNone, Handle: handle}
}

// text answers 200 with s.
func text(s string) (*web.Reply, error) {
	return &web.Reply{Status: 200, Body: []byte(s), ContentType: "text/plain"}, nil
}

// send sends one request as the reader of north. Header lines follow: the
// first for a name replaces what is there, an empty one removes it.
func (f *fixture) send(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
	replaced := make(map[string]bool)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if !replaced[name] {
			r.Header.Del(name)
		}
		if replaced[name] = true; value != "" {
			r.Header.Add(name, value)
		}
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}
