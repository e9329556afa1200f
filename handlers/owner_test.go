package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"tenure/handlers"
	"tenure/tenancy"
)

// TestTenureOwnerWorksOrIsRefused sends the header Tenure-Owner to every route of every
// surface: those that declare it do what it says or refuse what it says, all others
// refuse it, and write nothing.
func TestTenureOwnerWorksOrIsRefused(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	taken := 0
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			if route.Open || route.Admit != nil && !route.TakesKey {
				continue // for probes, or no API key opens it: TestAdmittedRoutesTakeNoOwner
			}
			before := f.Log.Size()
			c := cell{route: route, actor: "owner", role: tenancy.Admin, setupOwner: "owner"}
			f.owner = string(f.ids["child"])
			status, body := f.ask(t, c, on, f.keys["owner"][tenancy.Admin], "")
			f.owner = ""
			switch {
			case !route.TakesOwner && (status != http.StatusBadRequest || !strings.Contains(string(body), "Tenure-Owner") || f.Log.Size() != before):
				t.Errorf("%s %s %s: %d, %d events, %s", s.Name, route.Method, route.Pattern, status, f.Log.Size()-before, body)
			case route.TakesOwner && route.Method == http.MethodPost:
				taken++
				if made := f.Events(t); status != http.StatusCreated || string(made[len(made)-1].Org) != string(f.ids["child"]) {
					t.Errorf("%s %s %s: %d, owned by %s, %s", s.Name, route.Method, route.Pattern, status, made[len(made)-1].Org, body)
				}
			case route.TakesOwner:
				taken++
				if status != http.StatusBadRequest || f.Log.Size() != before { // an edit does not change the owner
					t.Errorf("%s %s %s: %d, %d events, %s", s.Name, route.Method, route.Pattern, status, f.Log.Size()-before, body)
				}
			}
		}
	}
	if taken < 8 {
		t.Errorf("%d routes take the header", taken)
	}
}

// TestAdmittedRoutesTakeNoOwner: who registers itself has no say in who owns it.
func TestAdmittedRoutesTakeNoOwner(t *testing.T) {
	f := newFamily(t)
	for _, route := range f.routes {
		if route.Admit != nil && route.TakesOwner || route.Open && route.TakesOwner {
			t.Errorf("%s %s takes Tenure-Owner", route.Method, route.Pattern)
		}
	}
	in := newInstallation(t)
	req, err := http.NewRequest(http.MethodPost, in.public.URL+"/oauth2/register", strings.NewReader(`{"redirect_uris":["https://a.example/cb"]}`))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Tenure-Owner", string(in.Harbour))
	res, err := in.public.Client().Do(req)
	must(t, err)
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("registering with Tenure-Owner: %d", res.StatusCode)
	}
}
