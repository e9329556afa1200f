package hydra

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Name is the surface's, and that of the clients it registers.
const Name = "hydra"

// Paths of this dialect; Below repeats the clients' for each setup.
const (
	pathClients = "/admin/clients"
	pathClient  = pathClients + "/{client}"
	pathRotate  = pathClient + "/secrets/rotate"
	below       = "/modules/{module}/setups/{setupId}"
)

// Deps is what the surface works on. Fetch and Version may be left out.
type Deps struct {
	Store     *snapshots.Store
	Tenancy   *tenancy.Store
	Ready     func(context.Context) error // nil error: the stores answer
	PublicURL func(*web.Call) string      // the base URL at which clients reach the program
	Fetch     web.Fetch                   // nil for web.GuardedFetch
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
	route := func(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: handle, Query: query,
			Conditional: method != http.MethodGet && object == web.ObjectClient && !strings.HasSuffix(pattern, pathRotate)}
	}
	const client, setup = web.ObjectClient, web.ObjectSetup
	routes := web.Below(below, []web.Route{
		route(http.MethodGet, pathClient, tenancy.Resolve, client, h.get, web.At(), web.KnownAt()),
		route(http.MethodPut, pathClient, tenancy.WriteClients, client, h.put),
		route(http.MethodPatch, pathClient, tenancy.WriteClients, client, h.patch),
		route(http.MethodDelete, pathClient, tenancy.WriteClients, client, h.delete),
		route(http.MethodPut, pathClient+"/lifespans", tenancy.WriteClients, client, h.putLifespans),
		route(http.MethodPost, pathRotate, tenancy.WriteClients, client, h.rotate, web.Text("overlap").AsIs()),
		route(http.MethodDelete, pathRotate, tenancy.WriteClients, client, h.endRotated),
		route(http.MethodGet, pathClients, tenancy.Resolve, setup, h.list, web.Text("client_name").AsIs(), web.Text("owner").AsIs(), web.Text("page_size").AsIs(), web.Text("page_token").AsIs(),
			web.At(), web.KnownAt()),
		route(http.MethodPost, pathClients, tenancy.WriteClients, setup, h.post),
	})
	for _, open := range []struct {
		pattern string
		handle  func(*web.Call) (*web.Reply, error)
	}{
		{"/health/alive", func(c *web.Call) (*web.Reply, error) { return openAnswer(c, "status", "ok") }},
		{"/health/ready", h.ready},
		{"/version", func(c *web.Call) (*web.Reply, error) { return openAnswer(c, "version", h.Version) }},
	} {
		for _, prefix := range []string{"/admin", ""} { // the trusted listener puts /admin there, the public one does not
			routes = append(routes, web.Route{Method: http.MethodGet, Pattern: prefix + open.pattern, Open: true, Object: web.ObjectNone, Handle: open.handle})
		}
	}
	return web.Surface{Name: Name, DropSlash: true, Error: ory.Spell, Routes: routes}
}

// Rewrite puts the prefix /admin where a path on Hydra's admin port may leave
// it out.
func Rewrite(path string) string {
	for _, prefix := range []string{"/admin", "/modules"} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return path
		}
	}
	return "/admin" + path
}

func openAnswer(c *web.Call, member, value string) (*web.Reply, error) {
	reply, err := web.JSON(http.StatusOK, map[string]string{member: value})
	if err != nil {
		return nil, err
	}
	reply.ContentType, reply.Header = ory.ContentType, http.Header{"Cache-Control": {ory.CacheControl}}
	return reply, nil
}

func (h *handler) ready(c *web.Call) (*web.Reply, error) {
	if err := h.Ready(c.Request.Context()); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "", "the stores do not answer")
	}
	return openAnswer(c, "status", "ok")
}

// setupID names the setup that the request is about: the path's, or the acting
// organization's default one.
func (h *handler) setupID(c *web.Call) snapshots.EntityID {
	return snapshots.EntityID(cmp.Or(c.Var("setupId"), h.Tenancy.DefaultSetup(c.Scope.Acting())))
}

// setup is the one that the request is about.
func (h *handler) setup(c *web.Call) (snapshots.Entity, error) {
	return h.Store.Mounted(c.Request.Context(), c.Scope, c.Var("module"), h.setupID(c))
}
