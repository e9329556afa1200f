package web_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/tenancy"
)

// TestBodiesOfCallersWithoutAKey holds whole bodies: an address has its share, a setup has,
// and all of them together leave room for API keys and for clients that manage themselves,
// who have shares of their own.
func TestBodiesOfCallersWithoutAKey(t *testing.T) {
	limit := func(name string) int { return jwktest.Limit(t, "Requests", name)[0] }
	address := limit("bodies in memory of callers without a credential, from one address")
	setup := limit("bodies in memory of callers without a credential, about one setup")
	all := limit("bodies in memory of all callers without a credential")
	client := limit("bodies in memory of one client that manages itself")
	clients := limit("bodies in memory of the clients that manage themselves below one organization")

	f := newFixture(t)
	arrived, finish := make(chan struct{}), make(chan struct{})
	read := func(c *web.Call) (*web.Reply, error) {
		if _, err := c.Body(); err != nil {
			return nil, err
		}
		if c.Request.Header.Get("Stay") != "" {
			arrived <- struct{}{}
			<-finish
		}
		return web.NoContent(), nil
	}
	granted := func(method, pattern string, grant func(*web.Call) tenancy.Grant) web.Route {
		r := route(method, pattern, read)
		r.Admit = func(c *web.Call) (tenancy.Scope, error) { return f.Store.AuthorizeGrant(grant(c), "") }
		return r
	}
	register := granted("POST", "/v1/setups/{setupId}/clients", func(c *web.Call) tenancy.Grant {
		return tenancy.Grant{Setup: c.Var("setupId"), Owner: f.North, Actor: "anonymous", Allowed: tenancy.Resolve}
	})
	manage := granted("PUT", "/v1/of/{org}/clients/{id}", func(c *web.Call) tenancy.Grant {
		return tenancy.Grant{Client: c.Var("id"), Owner: tenancy.OrgID(c.Var("org")), Actor: "client", Allowed: tenancy.Resolve}
	})
	handler := web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, []web.Surface{surface("s", register, manage, route("POST", "/v1/x", read))})
	var waiting sync.WaitGroup
	send := func(stay bool, method, path, address string, size int) (int, string) {
		r := httptest.NewRequest(method, path, bytes.NewReader(make([]byte, size-1))) // the end takes a byte of room
		r.RemoteAddr = address + ":1"
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
		w := httptest.NewRecorder()
		if !stay {
			handler.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		r.Header.Set("Stay", "yes")
		waiting.Go(func() {
			if handler.ServeHTTP(w, r); w.Code != 204 {
				t.Error(path, address, w.Code, w.Body)
				arrived <- struct{}{}
			}
		})
		<-arrived
		return 204, ""
	}
	refused := func(want int, text, method, path, address string) {
		t.Helper()
		if got, body := send(false, method, path, address, 2); got != want || !strings.Contains(body, text) {
			t.Errorf("%s from %s: %d %s", path, address, got, body)
		}
	}
	taken := func(method, path, address string) {
		t.Helper()
		if got, body := send(false, method, path, address, 2); got != 204 {
			t.Errorf("%s from %s: %d %s", path, address, got, body)
		}
	}
	n := 0
	for s := range all / setup {
		path := fmt.Sprintf("/v1/setups/%d/clients", s)
		for range setup / address {
			n++
			from := fmt.Sprintf("192.0.2.%d", n)
			send(true, "POST", path, from, address)
			refused(429, "from one address", "POST", "/v1/setups/other/clients", from)
		}
		if s+1 < all/setup {
			refused(429, "about one setup", "POST", path, "203.0.113.1")
			taken("POST", "/v1/setups/other/clients", "203.0.113.1")
		}
	}
	refused(503, "at once", "POST", "/v1/setups/other/clients", "203.0.113.1")
	taken("POST", "/v1/x", "192.0.2.1")

	own := func(org tenancy.OrgID, id int) string { return fmt.Sprintf("/v1/of/%s/clients/%d", org, id) }
	for id := range clients / client {
		taken("PUT", own(f.North, id), "192.0.2.1")
		send(true, "PUT", own(f.North, id), "192.0.2.1", client)
		refused(429, "of one client", "PUT", own(f.North, id), "203.0.113.1")
	}
	refused(429, "of one organization's clients", "PUT", own(f.North, 100), "203.0.113.1")
	taken("PUT", own(f.South, 101), "192.0.2.1")
	taken("POST", "/v1/x", "192.0.2.1")
	close(finish)
	waiting.Wait()
	taken("POST", "/v1/setups/0/clients", "192.0.2.1")
	taken("PUT", own(f.North, 0), "192.0.2.1")
}
