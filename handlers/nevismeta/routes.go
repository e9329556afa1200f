package nevismeta

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// surface holds what the handlers need.
type surface struct {
	store *snapshots.Store
	ids   *tenancy.IDs
	held  web.Fresh
}

const (
	pathSetups  = "/v2/modules/{module}/setups"
	pathSetup   = pathSetups + "/{setupId}"
	pathClients = pathSetup + "/clients"
	pathClient  = pathClients + "/{clientId}"
	pathServers = pathSetup + "/resource-servers"
	pathServer  = pathServers + "/{resourceId}"
	pathV3      = "/v3/modules/{module}/setups/{setupId}/clients"

	readHistory = tenancy.Resolve | tenancy.History | tenancy.Plans
)

// New makes the surface over a store.
func New(store *snapshots.Store, ids *tenancy.IDs, held web.Fresh) web.Surface {
	h := &surface{store: store, ids: ids, held: held}
	route := func(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: handle, Query: query,
			Conditional: method != http.MethodGet && (pattern == pathClient || pattern == pathSetup || pattern == pathServer)}
	}
	const client, setup, server = web.ObjectClient, web.ObjectSetup, web.ObjectResourceServer
	return web.Surface{Name: "nevismeta", Error: writeError, Routes: []web.Route{
		route(http.MethodGet, pathClients+"/names", tenancy.Resolve, setup, h.clientNames), // before {clientId}, which would match too
		route(http.MethodGet, pathClients+"/entity-id", tenancy.Resolve, setup, h.clientEntityID, web.Text("client_id").AsIs()),
		route(http.MethodGet, pathClient, tenancy.Resolve, client, h.getClient, web.Text("resolve").AsIs(), web.At(), web.KnownAt()),
		route(http.MethodPut, pathClient, tenancy.WriteClients, client, h.putClient),
		route(http.MethodDelete, pathClient, tenancy.WriteClients, client, h.deleteClient),
		route(http.MethodGet, pathClient+"/snapshots", readHistory, client, listSnapshots[document.Client](h, clientRef), versionParams...),
		route(http.MethodGet, pathClient+"/snapshots/{snapshotId}", readHistory, client, h.getClientSnapshot),
		route(http.MethodDelete, pathClient+"/snapshots/{snapshotId}", tenancy.WriteClients, client, withdraw[document.Client](h, clientRef)),
		route(http.MethodGet, pathClients, tenancy.Resolve, setup, h.listClients, listParams...),
		route(http.MethodPost, pathClients, tenancy.WriteClients, setup, h.postClient),
		route(http.MethodPost, pathV3, tenancy.WriteClients, setup, h.registerClient),

		route(http.MethodGet, pathSetup, tenancy.Resolve, setup, h.getSetup, web.At(), web.KnownAt()),
		route(http.MethodPut, pathSetup, tenancy.Administer, setup, h.putSetup),
		route(http.MethodDelete, pathSetup, tenancy.Administer, setup, remove[document.Setup](h, setupRef)),
		route(http.MethodGet, pathSetup+"/snapshots", readHistory, setup, listSnapshots[document.Setup](h, setupRef), versionParams...),
		route(http.MethodGet, pathSetup+"/snapshots/{snapshotId}", readHistory, setup, h.getSetupSnapshot),
		route(http.MethodDelete, pathSetup+"/snapshots/{snapshotId}", tenancy.Administer, setup, withdraw[document.Setup](h, setupRef)),
		route(http.MethodGet, pathSetups, tenancy.Resolve, web.ObjectModule, h.listSetups, listParams...),
		route(http.MethodPost, pathSetups, tenancy.Administer, web.ObjectModule, h.postSetup),

		route(http.MethodGet, pathServer, tenancy.Resolve, server, h.getServer, web.At(), web.KnownAt()),
		route(http.MethodPut, pathServer, tenancy.Administer, server, h.putServer, web.Text("replaceActiveState").AsIs()),
		route(http.MethodDelete, pathServer, tenancy.Administer, server, remove[document.ResourceServer](h, serverRef)),
		route(http.MethodGet, pathServer+"/snapshots", readHistory, server, listSnapshots[document.ResourceServer](h, serverRef), versionParams...),
		route(http.MethodGet, pathServer+"/snapshots/{snapshotId}", readHistory, server, h.getServerSnapshot),
		route(http.MethodDelete, pathServer+"/snapshots/{snapshotId}", tenancy.Administer, server, withdraw[document.ResourceServer](h, serverRef)),
		route(http.MethodGet, pathServers, tenancy.Resolve, setup, h.listServers, listParams...),
		route(http.MethodPost, pathServers, tenancy.Administer, setup, h.postServer),
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

// listSnapshots lists an entity's snapshot ids.
func listSnapshots[T document.Content](h *surface, ref func(*web.Call) snapshots.Ref) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		at, _, err := validAt(c)
		if err != nil {
			return nil, err
		}
		withdrawn, err := softDeleted(c)
		if err != nil {
			return nil, err
		}
		ids, err := snapshots.Snapshots[T](c.Request.Context(), h.store, c.Scope, ref(c), at, withdrawn)
		if err != nil {
			return nil, err
		}
		return web.JSON(http.StatusOK, map[string]any{"snapshotIds": ids})
	}
}

// withdraw takes a planned snapshot back.
func withdraw[T document.Content](h *surface, ref func(*web.Call) snapshots.Ref) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		if err := snapshots.Withdraw[T](c.Request.Context(), h.store, c.Scope, ref(c), snapshotID(c)); err != nil {
			return nil, err
		}
		return web.NoContent(), nil
	}
}

// remove ends an entity.
func remove[T document.Content](h *surface, ref func(*web.Call) snapshots.Ref) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		match, err := web.Match(c)
		if err != nil {
			return nil, err
		}
		if err := snapshots.Delete[T](c.Request.Context(), h.store, c.Scope, ref(c), match); err != nil {
			return nil, err
		}
		return web.NoContent(), nil
	}
}

// start reads valid_from; nil means now.
func start(s *string) (*history.Millis, []fault.Field) {
	if s == nil {
		return nil, nil
	}
	m, ok := parseInstant(*s)
	if !ok {
		return nil, []fault.Field{{Path: "/valid_from", Rule: "date-time",
			Message: "a date-time with an offset such as 2024-07-29T15:51:28.071Z"}}
	}
	return &m, nil
}

// ids is the answer of a list.
func ids(member string, listed []snapshots.Listed) (*web.Reply, error) {
	list := make([]snapshots.EntityID, len(listed))
	for i, l := range listed {
		list[i] = l.ID
	}
	return web.JSON(http.StatusOK, map[string]any{member: list})
}

// created is the answer of a POST: the new thing's place, and never kept.
func created(location string, status int, body any) (*web.Reply, error) {
	reply, err := web.JSON(status, body)
	if err != nil {
		return nil, err
	}
	reply.Header, reply.NoStore = http.Header{"Location": {location}}, true
	return reply, nil
}
