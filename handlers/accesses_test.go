package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/accesslog"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestAccessesOfEveryRoute: from the list of routes, whoever is refused or reads what
// others did is in the log, with the route; whoever only resolves or writes is not.
func TestAccessesOfEveryRoute(t *testing.T) {
	f := newFamily(t)
	log := accesslog.New(f.DB, f.Log.Now, func() string { return string(f.Store.Root()) })
	f.server.Config.Handler = handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), Room: web.NewRoom(0), Accesses: log}, f.stores)
	on := f.target(t, "owner")
	root := f.scope(t, "root")
	after := int64(-1)
	told := func() (kinds []string) {
		must(t, log.Flush(context.Background(), true))
		page, err := f.Store.Journal(context.Background(), root, tenancy.Query{Access: true, After: after, Limit: 100})
		must(t, err)
		for _, e := range page.Events {
			if !e.Kind.IsAccess() {
				continue
			}
			var detail struct{ Requests []accesslog.Request }
			must(t, json.Unmarshal(page.Details[e.Index], &detail))
			if len(detail.Requests) != 1 || detail.Requests[0].Route == "" {
				t.Errorf("%s: %s", e.Kind, page.Details[e.Index])
			}
			kinds = append(kinds, string(e.Kind)+" "+detail.Requests[0].Route)
		}
		after = f.Store.LogSize() - 1
		return kinds
	}
	is := func(route web.Route, what string, got []string, want history.Kind) {
		t.Helper()
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || got[0] != string(want)+" "+route.Pattern) {
			t.Errorf("%s %s, %s: told %q, want %q", route.Method, route.Pattern, what, got, want)
		}
	}
	after = f.Store.LogSize() - 1
	seen := map[history.Kind]int{}
	for _, route := range f.routes {
		if route.Open || route.Admit != nil && !route.TakesKey {
			continue
		}
		nobody := cell{route: route, actor: "owner", role: tenancy.Editor, setupOwner: "owner"}
		status, _ := f.ask(t, nobody, on, tenancy.KeyPrefix+"no-such-key", "")
		if got := told(); status == http.StatusUnauthorized {
			is(route, "a key that does not hold", got, history.SignInRefused)
			seen[history.SignInRefused]++
		} else {
			t.Errorf("%s %s: %d without a key", route.Method, route.Pattern, status)
		}
		if route.Method != http.MethodGet {
			for _, who := range []struct {
				actor string
				role  tenancy.Role
			}{{"owner", tenancy.Reader}, {"stranger", tenancy.Admin}} {
				c := cell{route: route, actor: who.actor, role: who.role, setupOwner: "owner"}
				status, body := f.ask(t, c, on, f.keys[who.actor][who.role], "")
				got := told()
				if status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusUnauthorized { // SlashID's for another organization
					is(route, string(who.role)+" of "+who.actor, got, history.AccessRefused)
					seen[history.AccessRefused]++
				} else {
					is(route, string(who.role)+" of "+who.actor+" "+string(body), got, "")
				}
			}
			continue
		}
		auditor := cell{all: true, route: route, actor: "owner", role: tenancy.Admin, setupOwner: "owner"}
		status, body := f.ask(t, auditor, on, f.keys["owner"][tenancy.Admin], "")
		got, want := told(), history.Kind("")
		switch {
		case status >= 400:
			t.Logf("%s: %d %s", route.Pattern, status, body)
			continue
		case route.Pattern == "/v1/evidence":
			want = history.EvidenceMade
		case route.Permission&tenancy.History != 0:
			want = history.HistoryRead
		}
		is(route, "an administrator", got, want)
		seen[want]++
	}
	for _, c := range []struct {
		path string
		want history.Kind
	}{{"/v1/history?format=csv", history.Exported}, {"/v1/history", history.HistoryRead}, {"/v1/clients/" + string(on.client), ""},
		{"/v1/clients/" + string(on.client) + "?at=2999-01-01T00:00:00Z", history.HistoryRead}, {"/v1/clients?at=1999-01-01T00:00:00Z", history.HistoryRead}} {
		f.as(t, tenancy.Admin, http.MethodGet, c.path, "", http.StatusOK)
		if got := told(); c.want == "" && len(got) > 0 || c.want != "" && len(got) != 1 {
			t.Errorf("%s: told %q, want %s", c.path, got, c.want)
		}
	}
	for range 2 { // before there is a scope, and after
		f.as(t, tenancy.Reader, http.MethodGet, "/v1/history", "", http.StatusForbidden)
		f.as(t, tenancy.Reader, http.MethodGet, "/v1/clients?at=1999-01-01T00:00:00Z", "", http.StatusForbidden)
	}
	must(t, log.Flush(context.Background(), true))
	page, err := f.Store.Journal(context.Background(), root, tenancy.Query{Access: true, After: after, Limit: 100})
	must(t, err)
	if len(page.Events) != 1 {
		t.Errorf("refusals of one key in a minute are %d events", len(page.Events))
	}
	for kind, least := range map[history.Kind]int{history.SignInRefused: 100, history.AccessRefused: 100, history.HistoryRead: 15, history.EvidenceMade: 1, "": 20} {
		if seen[kind] < least {
			t.Errorf("only %d routes of kind %q", seen[kind], kind)
		}
	}
}

// TestWhatIsNotRecordedIsNotExported: an export whose event cannot be written is refused.
func TestWhatIsNotRecordedIsNotExported(t *testing.T) {
	f := newFamily(t)
	closed := dbtest.Open(t, dbtest.SQLite(t), db.Options{})
	must(t, closed.Close())
	log := accesslog.New(closed, f.Log.Now, func() string { return string(f.Store.Root()) })
	f.server.Config.Handler = handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), Room: web.NewRoom(0), Accesses: log}, f.stores)
	for _, path := range []string{"/v1/history?format=csv", "/v1/evidence"} {
		if body := string(f.as(t, tenancy.Admin, http.MethodGet, path, "", http.StatusServiceUnavailable)); !strings.Contains(body, "/problems/unavailable") {
			t.Errorf("%s: %s", path, body)
		}
	}
	f.as(t, tenancy.Admin, http.MethodGet, "/v1/history", "", http.StatusOK)
}
