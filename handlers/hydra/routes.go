package hydra

import (
	"context"
	"net/http"
	"strings"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// Name is the surface's name in history and logs, and that of the clients that it
// registers.
const Name = "hydra"

// Paths of this dialect. Those of clients are repeated below each setup.
const (
	pathClients   = "/admin/clients"
	pathClient    = pathClients + "/{client}"
	pathLifespans = pathClient + "/lifespans"
	pathRotate    = pathClient + "/secrets/rotate"
	belowSetup    = "/modules/{module}/setups/{setupId}"
)

// Deps is what the surface works on. Fetch and Version may be left out.
type Deps struct {
	Store     *snapshots.Store
	Tenancy   *tenancy.Store
	Ready     func(context.Context) error // nil error: the stores answer
	PublicURL func(*web.Call) string      // the base URL at which clients reach the program
	Fetch     web.Fetch                   // of URLs in bodies; nil for web.GuardedFetch
	Version   string
}

type handler struct {
	Deps
	ids     *tenancy.IDs
	cursors *cursors
}

// New makes the surface.
func New(deps Deps) web.Surface {
	if deps.Fetch == nil {
		deps.Fetch = web.GuardedFetch(nil, nil)
	}
	ids := deps.Tenancy.IDs()
	h := &handler{Deps: deps, ids: ids, cursors: newCursors(deps.Store.PageKey(), ids, deps.Store.Now)}
	return web.Surface{Name: Name, DropSlash: true, Error: ory.Spell, Routes: append(web.Below(belowSetup, h.clientRoutes()), h.openRoutes()...)}
}

func (h *handler) clientRoutes() []web.Route {
	client := func(method, pattern string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
		return web.Route{Method: method, Pattern: pattern, Permission: tenancy.WriteClients, Object: web.ObjectClient, Handle: handle, Query: query}
	}
	reads := func(r web.Route) web.Route {
		r.Permission, r.Query = tenancy.Resolve, append(r.Query, web.At(), web.KnownAt())
		r.Stale = r.Pattern == pathClient
		return r
	}
	conditional := func(r web.Route) web.Route {
		r.Conditional = true
		return r
	}
	owned := func(r web.Route) web.Route {
		r.TakesOwner = true
		return r
	}
	inSetup := func(r web.Route) web.Route {
		r.Object = web.ObjectSetup
		return r
	}
	// Hydra is lenient about these and has its own words for what is wrong.
	filters := []web.Param{web.Text("client_name").AsIs(), web.Text("owner").AsIs(), web.Text("page_size").AsIs(), web.Text("page_token").AsIs()}
	return []web.Route{
		reads(client(http.MethodGet, pathClient, h.get)),
		owned(conditional(client(http.MethodPut, pathClient, h.put, web.DryRun()))),
		owned(conditional(client(http.MethodPatch, pathClient, h.patch, web.DryRun()))),
		conditional(client(http.MethodDelete, pathClient, h.delete)),
		owned(conditional(client(http.MethodPut, pathLifespans, h.putLifespans, web.DryRun()))),
		client(http.MethodPost, pathRotate, h.rotate, web.Text("overlap")),
		client(http.MethodDelete, pathRotate, h.endRotated),
		reads(inSetup(client(http.MethodGet, pathClients, h.list, filters...))),
		owned(inSetup(client(http.MethodPost, pathClients, h.post, web.DryRun()))),
	}
}

// openRoutes need no credential. The trusted listener puts /admin before every
// path, the others do not.
func (h *handler) openRoutes() (routes []web.Route) {
	for _, r := range []struct {
		pattern string
		handle  func(*web.Call) (*web.Reply, error)
	}{{"/health/alive", h.alive}, {"/health/ready", h.ready}, {"/version", h.version}} {
		for _, prefix := range []string{"/admin", ""} {
			routes = append(routes, web.Route{Method: http.MethodGet, Pattern: prefix + r.pattern, Open: true, Object: web.ObjectNone, Handle: r.handle})
		}
	}
	return routes
}

// Rewrite adds the prefix /admin, which paths on Hydra's admin port may leave out.
func Rewrite(path string) string {
	for _, prefix := range []string{"/admin", "/modules"} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return path
		}
	}
	return "/admin" + path
}
