package nevismeta

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// Deps is what the surface works on.
type Deps struct {
	Store   *snapshots.Store
	Tenancy *tenancy.Store
	Held    web.Fresh // how long callers may keep answers
}

type handler struct {
	Deps
	ids *tenancy.IDs
}

// Name is the surface's name in history and logs, and that of the clients that it
// registers.
const Name = "nevismeta"

const (
	pathSetups  = "/v2/modules/{module}/setups"
	pathSetup   = pathSetups + "/{setupId}"
	pathClients = pathSetup + "/clients"
	pathClient  = pathClients + "/{clientId}"
	pathServers = pathSetup + "/resource-servers"
	pathServer  = pathServers + "/{resourceId}"
	pathV3      = "/v3/modules/{module}/setups/{setupId}/clients"

	maxClients = 1_000_000_000 // that a deletion may say

	readHistory = tenancy.Resolve | tenancy.History | tenancy.Plans
)

// New makes the surface.
func New(deps Deps) web.Surface {
	h := &handler{deps, deps.Tenancy.IDs()}
	route := func(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: handle, Query: query,
			TakesOwner:  method == http.MethodPut && pattern == pathClient || method == http.MethodPost && (pattern == pathClients || pattern == pathV3),
			Stale:       method == http.MethodGet && pattern == pathClient,
			Conditional: method != http.MethodGet && (pattern == pathClient || pattern == pathSetup || pattern == pathServer)}
	}
	const client, setup, server = web.ObjectClient, web.ObjectSetup, web.ObjectResourceServer
	return web.Surface{Name: Name, Error: spell, Routes: []web.Route{
		route(http.MethodGet, pathClients+"/names", tenancy.Resolve, setup, h.clientNames, web.At(), web.KnownAt()), // before {clientId}, which would match too
		route(http.MethodGet, pathClients+"/entity-id", tenancy.Resolve, setup, h.clientEntityID, web.Text("client_id").AsIs(), web.At(), web.KnownAt()),
		route(http.MethodGet, pathClient, tenancy.Resolve, client, h.getClient, web.Text("resolve").AsIs(), web.At(), web.KnownAt()),
		route(http.MethodPut, pathClient, tenancy.WriteClients, client, h.putClient, web.DryRun()),
		route(http.MethodDelete, pathClient, tenancy.WriteClients, client, h.deleteClient, web.DryRun()),
		route(http.MethodGet, pathClient+"/snapshots", readHistory, client, listSnapshots[document.Client](h, clientRef), versionParams...),
		route(http.MethodGet, pathClient+"/snapshots/{snapshotId}", readHistory, client, h.getClientSnapshot),
		route(http.MethodDelete, pathClient+"/snapshots/{snapshotId}", tenancy.WriteClients, client, withdraw[document.Client](h, clientRef)),
		route(http.MethodGet, pathClients, tenancy.Resolve, setup, h.listClients, listParams...),
		route(http.MethodPost, pathClients, tenancy.WriteClients, setup, h.postClient, web.DryRun()),
		route(http.MethodPost, pathV3, tenancy.WriteClients, setup, h.registerClient, web.DryRun()),

		route(http.MethodGet, pathSetup, tenancy.Resolve, setup, h.getSetup, web.At(), web.KnownAt()),
		route(http.MethodPut, pathSetup, tenancy.Administer, setup, h.putSetup, web.DryRun()),
		route(http.MethodDelete, pathSetup, tenancy.Administer, setup, h.deleteSetup, web.Int("clients", 0, maxClients), web.DryRun()),
		route(http.MethodGet, pathSetup+"/snapshots", readHistory, setup, listSnapshots[document.Setup](h, setupRef), versionParams...),
		route(http.MethodGet, pathSetup+"/snapshots/{snapshotId}", readHistory, setup, h.getSetupSnapshot),
		route(http.MethodDelete, pathSetup+"/snapshots/{snapshotId}", tenancy.Administer, setup, withdraw[document.Setup](h, setupRef)),
		route(http.MethodGet, pathSetups, tenancy.Resolve, web.ObjectModule, h.listSetups, listParams...),
		route(http.MethodPost, pathSetups, tenancy.Administer, web.ObjectModule, h.postSetup, web.DryRun()),

		route(http.MethodGet, pathServer, tenancy.Resolve, server, h.getServer, web.At(), web.KnownAt()),
		route(http.MethodPut, pathServer, tenancy.Administer, server, h.putServer, web.Text("replaceActiveState").AsIs(), web.DryRun()),
		route(http.MethodDelete, pathServer, tenancy.Administer, server, h.deleteServer, web.Int("clients", 0, maxClients), web.DryRun()),
		route(http.MethodGet, pathServer+"/snapshots", readHistory, server, listSnapshots[document.ResourceServer](h, serverRef), versionParams...),
		route(http.MethodGet, pathServer+"/snapshots/{snapshotId}", readHistory, server, h.getServerSnapshot),
		route(http.MethodDelete, pathServer+"/snapshots/{snapshotId}", tenancy.Administer, server, withdraw[document.ResourceServer](h, serverRef)),
		route(http.MethodGet, pathServers, tenancy.Resolve, setup, h.listServers, listParams...),
		route(http.MethodPost, pathServers, tenancy.Administer, setup, h.postServer, web.DryRun()),
	}}
}

func setupRef(c *web.Call) snapshots.Ref {
	return snapshots.SetupRef(c.Var("module"), snapshots.EntityID(c.Var("setupId")))
}

func clientRef(c *web.Call) snapshots.Ref { return entityRef(c, "clientId") }
func serverRef(c *web.Call) snapshots.Ref { return entityRef(c, "resourceId") }

func entityRef(c *web.Call, name string) snapshots.Ref {
	return snapshots.Ref{Module: c.Var("module"), Setup: snapshots.EntityID(c.Var("setupId")), Entity: snapshots.EntityID(c.Var(name))}
}

func snapshotID(c *web.Call) snapshots.SnapshotID { return snapshots.SnapshotID(c.Var("snapshotId")) }
