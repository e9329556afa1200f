package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"tenure/tenancy"
)

// TestARequiredReasonIsAskedForEverywhere: where an organization far above
// requires reasons, every route that changes something refuses without one, in
// its own form and with the header's name, and changes nothing; with the
// header it does what it did, and the log has the reason. Reads stay as they are.
func TestARequiredReasonIsAskedForEverywhere(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	require := func(yes bool) {
		_, err := f.Store.SetRequireReason(context.Background(), f.Store.Operator("test"), f.ids["root"], yes)
		must(t, err)
	}
	writes := 0
	for _, route := range f.routes {
		if route.Open || route.Admit != nil && !route.TakesKey {
			continue // by no API key: clients have no header to say why
		}
		if strings.HasSuffix(route.Pattern, ":erase") {
			continue // asks for one in any case: snapshots' TestErase
		}
		if route.Method == http.MethodDelete && strings.HasSuffix(route.Pattern, "/registrations") {
			continue // nobody registered itself here: TestSelfRegisteredClients
		}
		exercise := exercises[route.Method+" "+route.Pattern]
		c := cell{route: route, actor: "root", role: tenancy.Admin, setupOwner: "owner"}
		if bySlashID(route) && strings.HasSuffix(route.Pattern, "/oauth2/clients") {
			c.actor = "owner" // new clients belong to the acting organization there
		}
		require(true)
		before := f.Log.Size()
		if route.Method == http.MethodGet || route.Permission&(tenancy.WriteClients|tenancy.Administer) == 0 {
			if got, body := f.askWhy(t, c, on, ""); got != exercise.status {
				t.Errorf("%s %s without a reason: %d %s", route.Method, route.Pattern, got, body)
			}
			continue
		}
		writes++
		got, body := f.askWhy(t, c, on, "")
		if got != http.StatusBadRequest && got != http.StatusUnprocessableEntity || !strings.Contains(body, "Tenure-Reason") || f.Log.Size() != before {
			t.Errorf("%s %s without a reason: %d, %d events, %s", route.Method, route.Pattern, got, f.Log.Size()-before, body)
		}
		if got, body := f.askWhy(t, c, on, " "); got < 400 {
			t.Errorf("%s %s with a blank reason: %d %s", route.Method, route.Pattern, got, body)
		}
		if got, body := f.askWhy(t, c, on, "ticket 7"); got != exercise.status {
			t.Errorf("%s %s with a reason: %d %s", route.Method, route.Pattern, got, body)
		}
		if events := f.Events(t); len(events) > int(before) && events[len(events)-1].Reason != "ticket 7" {
			t.Errorf("%s %s: the log says %q", route.Method, route.Pattern, events[len(events)-1].Reason)
		}
		require(false)
		on = f.target(t, "owner") // this one is used up
	}
	t.Logf("%d routes that write", writes)
	if writes < 40 {
		t.Error("too few routes were asked")
	}
}

// askWhy asks a cell with a reason; empty for none.
func (f *family) askWhy(t *testing.T, c cell, on target, reason string) (int, string) {
	t.Helper()
	f.reason = reason
	defer func() { f.reason = "" }()
	status, body := f.ask(t, c, on, f.keys[c.actor][c.role], "")
	return status, string(body)
}
