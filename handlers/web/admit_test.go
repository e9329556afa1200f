package web_test

import (
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// visitor is what the admission of these tests finds out.
type visitor struct{ name string }

// TestAdmit: what admission found out reaches the handler; a caller that is not
// admitted, or comes with an API key, never gets there.
func TestAdmit(t *testing.T) {
	var f *fixture
	admit := func(c *web.Call) (*visitor, tenancy.Scope, error) {
		name := c.Request.Header.Get("Name")
		if name == "" {
			return nil, tenancy.Scope{}, fault.New(fault.Unauthenticated, "", "who are you?")
		}
		return &visitor{name}, f.Scope(t, f.North, tenancy.Reader), nil
	}
	greet := func(_ *web.Call, v *visitor) (*web.Reply, error) { return text("hello " + v.name) }
	byKey := func(*web.Call) (*web.Reply, error) { return text("hello key") }
	f = newFixture(t, surface("doors",
		web.Admit(route("GET", "/doors/admitted", nil), admit, greet),
		web.AdmitOrKey(route("GET", "/doors/either", nil), admit, greet, byKey)))
	key := "Authorization: Bearer " + f.Key(f.North, tenancy.Reader)
	const noKey, wrongKey = "Authorization: ", "Authorization: Bearer " + tenancy.KeyPrefix + "x"
	for _, c := range []struct {
		path, authorization, name string
		status                    int
		body                      string
	}{
		{"admitted", noKey, "ann", 200, "hello ann"}, {"admitted", key, "ann", 200, "hello ann"},
		{"admitted", noKey, "", 401, "who are you?"}, {"admitted", key, "", 401, "who are you?"},
		{"either", noKey, "ann", 200, "hello ann"}, {"either", key, "ann", 200, "hello key"}, {"either", key, "", 200, "hello key"},
		{"either", noKey, "", 401, "who are you?"}, {"either", wrongKey, "", 401, "who are you?"},
	} {
		got := f.send("GET", "/doors/"+c.path, "", c.authorization, "Name: "+c.name)
		if got.Code != c.status || !strings.Contains(got.Body.String(), c.body) {
			t.Errorf("%s, %.30q, %q: %d %s", c.path, c.authorization, c.name, got.Code, got.Body)
		}
	}
	if r := web.Admit(route("GET", "/x", nil), admit, greet); r.TakesKey || r.Admit == nil || r.Handle == nil {
		t.Errorf("%+v", r)
	}
}
