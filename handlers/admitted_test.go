package handlers_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenure/handlers"
	"tenure/handlers/openfinance"
	"tenure/handlers/ory"
	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// selfServing is a client that manages itself at one surface.
type selfServing struct {
	setup              snapshots.EntityID
	id, token, surface string
}

// selfService makes clients of two setups, each of two owners, with the
// registration tokens that the Hydra dialect gives out.
func (f *family) selfService(t *testing.T) []selfServing {
	t.Helper()
	ctx, store := context.Background(), f.stores.Snapshots
	operator := f.Store.Operator("test")
	var made []selfServing
	for _, setupOwner := range []string{"root", "owner"} {
		scope := f.scope(t, setupOwner)
		setup, err := store.CreateSetup(ctx, scope, snapshots.DefaultModule, setupChange("s", nil))
		must(t, err)
		policy := snapshots.DefaultPolicy()
		policy.Registration, policy.OpenFinanceProfile = snapshots.RegistrationToken, snapshots.ProfilePlain
		must(t, store.SetPolicy(ctx, scope, snapshots.DefaultModule, setup.Entity.ID, policy))
		if setupOwner == "root" {
			_, err := f.Store.SetDefaultSetup(ctx, scope, f.Root, string(setup.Entity.ID), func(*db.Tx) error { return nil })
			must(t, err)
		}
		for _, owner := range []string{"owner", "child"} {
			of := f.Store.IDs().Token("reg_at_")
			for surface, token := range map[string]*snapshots.NewToken{register.Name: ory.NewToken(store, f.Store.IDs()),
				openfinance.Name: store.GenerateToken(openfinance.Name, of, of)} {
				change, id := clientChange("c", nil), "client of "+owner+" at "+surface
				change.Token = token
				_, err := store.CreateClient(ctx, operator, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: setup.Entity.ID,
					ClientID: id, Owner: f.ids[owner], Surface: surface}, change)
				must(t, err)
				made = append(made, selfServing{setup.Entity.ID, id, token.Text, surface})
			}
		}
	}
	return made
}

// TestAdmittedRoutes asks every route that admits callers by something else
// than an API key, about every client, with every client's registration token
// and every API key: a token opens its own client's routes in its own setup,
// and whatever else is answered is one and the same. A route of a kind that is
// not known here fails.
func TestAdmittedRoutes(t *testing.T) {
	f := newFamily(t)
	clients := f.selfService(t)
	credentials := map[string]string{"none": ""}
	for _, c := range clients {
		credentials["token of "+string(c.setup)+c.id] = c.token
	}
	for org, roles := range f.keys {
		credentials["key of "+org] = roles[tenancy.Admin]
	}
	refusals := map[string]string{}
	asked, opened := 0, 0
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			if route.Admit != nil {
				f.admits(t, s.Name, route, clients, credentials, refusals, &asked, &opened)
			}
		}
	}
	t.Logf("%d refused, %d opened", asked, opened)
	if opened == 0 || asked < 100 {
		t.Error("too few were asked")
	}
}

// admits asks one route about every client with every credential.
func (f *family) admits(t *testing.T, surface string, route web.Route, clients []selfServing, credentials, refusals map[string]string, asked, opened *int) {
	t.Helper()
	if route.Open || route.Object != web.ObjectClient && route.Object != web.ObjectSetup {
		t.Errorf("%s %s: what it acts on is not known here", route.Method, route.Pattern)
	}
	for _, c := range clients {
		if !strings.Contains(route.Pattern, "{setupId}") && c.setup != clients[0].setup {
			continue
		}
		for name, credential := range credentials {
			if route.TakesKey && strings.HasPrefix(credential, tenancy.KeyPrefix) {
				continue // TestAccessMatrix
			}
			if own := credential == c.token && surface == c.surface && route.Object == web.ObjectClient; own {
				if route.Method != http.MethodGet {
					continue // what a token opens is used up: the surface's own tests
				}
				*opened++
				if status, body := f.askWith(t, route, c, credential); status != http.StatusOK || !strings.Contains(body, c.id) {
					t.Errorf("%s %s with the own token: %d %s", route.Method, route.Pattern, status, body)
				}
				continue
			}
			*asked++
			before := f.Log.Size()
			status, body := f.askWith(t, route, c, credential)
			if refusals[surface+route.Method] == "" {
				refusals[surface+route.Method] = body
			}
			if status != http.StatusUnauthorized || body != refusals[surface+route.Method] || f.Log.Size() != before {
				t.Errorf("%s %s, %s, with %s: %d %s", route.Method, route.Pattern, c.id, name, status, body)
			}
		}
	}
}

func (f *family) askWith(t *testing.T, route web.Route, c selfServing, credential string) (int, string) {
	t.Helper()
	f.Clock.Advance(time.Minute) // out of reach of the limits
	path := strings.NewReplacer("{module}", snapshots.DefaultModule, "{setupId}", string(c.setup), "{id}", url.PathEscape(c.id), "{ClientId}", url.PathEscape(c.id)).Replace(route.Pattern)
	req, err := http.NewRequest(route.Method, f.server.URL+path, strings.NewReader("{}"))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if credential != "" {
		req.Header.Set("Authorization", "Bearer "+credential)
	}
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(body)
}
