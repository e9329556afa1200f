package slashid

import (
	"context"
	"math"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Name is the surface's name in history and logs, and that of the clients that it
// registers.
const Name = "slashid"

// Paths of this dialect. Those of clients are repeated below each setup.
const (
	pathClients       = "/oauth2/clients"
	pathClient        = pathClients + "/{oauth_client_id}"
	pathSecret        = pathClient + "/secret"
	pathUI            = pathClient + "/ui-configuration"
	pathOrganizations = "/organizations"
	pathSuborgs       = pathOrganizations + "/suborganizations"
	pathKeys          = pathOrganizations + "/api-keys"
	pathConfig        = pathOrganizations + "/config"
	belowSetup        = "/modules/{module}/setups/{setupId}"
)

// Deps is what the surface works on. Await may be left out.
type Deps struct {
	Store   *snapshots.Store
	Tenancy *tenancy.Store
	// Await returns when every node shows what this one has written, or when ctx
	// ends; nil if there is only one node.
	Await func(ctx context.Context) error
	Held  web.Fresh // how long callers may keep answers
}

type handler struct {
	Deps
	ids *tenancy.IDs
}

// New makes the surface.
func New(deps Deps) web.Surface {
	h := &handler{deps, deps.Tenancy.IDs()}
	type handle = func(*web.Call) (*web.Reply, error)
	route := func(method, pattern string, need tenancy.Permission, object string, do handle, query ...web.Param) web.Route {
		if method != http.MethodGet {
			do = h.writes(do)
		}
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: do, Query: query,
			LookFirst: object == web.ObjectClient, Stale: object == web.ObjectClient && method == http.MethodGet, Once: method == http.MethodPut && (pattern == pathSecret || pattern == pathKeys),
			Conditional: method != http.MethodGet && object == web.ObjectClient && pattern != pathSecret}
	}
	const read, write, admin = tenancy.Resolve, tenancy.WriteClients, tenancy.Administer
	const client, setup, org = web.ObjectClient, web.ObjectSetup, web.ObjectOrganization
	routes := web.Below(belowSetup, []web.Route{
		route(http.MethodGet, pathClient, read, client, h.getClient, web.At(), web.KnownAt()),
		route(http.MethodPatch, pathClient, write, client, h.patchClient),
		route(http.MethodDelete, pathClient, write, client, h.deleteClient),
		route(http.MethodPut, pathSecret, write, client, h.putSecret, web.Text("overlap")),
		route(http.MethodGet, pathUI, read, client, h.getUI, web.At(), web.KnownAt()),
		route(http.MethodPut, pathUI, write, client, h.putUI),
		route(http.MethodGet, pathClients, read, setup, h.listClients, web.Int("limit", 1, maxPage), web.Int("offset", 0, math.MaxInt32),
			web.Flag("descendants"), web.At(), web.KnownAt()),
		route(http.MethodPost, pathClients, write, setup, h.postClient),
	})
	return web.Surface{Name: Name, Credentials: credentials, Vary: []string{"Slashid-Orgid", "Slashid-Api-Key"}, Error: spell, Routes: append(routes,
		route(http.MethodGet, pathOrganizations, read, org, h.getOrganization, web.At(), web.KnownAt()),
		route(http.MethodDelete, pathOrganizations, admin, org, h.deleteOrganization, web.Flag("delete_suborganizations"), web.Text("confirmation_timestamp")),
		route(http.MethodGet, pathSuborgs, read, org, h.listSuborganizations, web.Text("filter"), web.At(), web.KnownAt()),
		route(http.MethodPost, pathSuborgs, admin, org, h.postSuborganization),
		route(http.MethodPut, pathKeys, admin, org, h.putKey),
		route(http.MethodGet, pathConfig, read, org, h.getConfig, web.At(), web.KnownAt()),
		route(http.MethodPatch, pathConfig, admin, org, h.patchConfig),
	)}
}

// setup is the one that the path names, else the acting organization's default.
func (h *handler) setup(c *web.Call) (snapshots.Entity, error) {
	module, id := c.Mount(h.Tenancy)
	setup, err := h.Store.Mounted(c.Request.Context(), c.Scope, module, snapshots.EntityID(id))
	if fault.Is(err, fault.NotFound) {
		err = errSetup()
	}
	return setup, err
}

func errSetup() error {
	return fault.New(fault.NotFound, fault.CodeSetupUnknown, "could not find the setup")
}

// answer is a success.
func success(status int, result any) (*web.Reply, error) {
	return web.JSON(status, envelope{Result: result})
}
