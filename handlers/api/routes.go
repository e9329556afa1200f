package api

import (
	"context"
	"net/http"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// Deps is what this surface asks of the store of setups and clients. Each
// checks the scope or runs inside tenancy's own transaction.
type Deps struct {
	// Modules lists the modules' names.
	Modules func(context.Context, tenancy.Scope) ([]string, error)
	// CreateModule makes a module. It refuses a bad name, a name that is
	// taken, and a scope that is not the root's.
	CreateModule func(ctx context.Context, s tenancy.Scope, name string) error
	// SetupUsable refuses a setup that org may not use.
	SetupUsable func(tx *db.Tx, org tenancy.OrgID, setup string) error
	// KeepsClients refuses a move that takes a client out of its setup's subtree.
	KeepsClients func(tx *db.Tx, subtree []tenancy.OrgID, stays func(tenancy.OrgID) bool) error
	// OwnsAnything reports whether org owns a setup or a client.
	OwnsAnything func(tx *db.Tx, org tenancy.OrgID) (bool, error)
}

type surface struct {
	tenancy *tenancy.Store
	Deps
}

const (
	pathOrganizations = "/v1/organizations"
	pathOrganization  = pathOrganizations + "/{organization}"
	pathModules       = "/v1/modules"
	pathKeys          = "/v1/keys"
)

// New makes the surface.
func New(t *tenancy.Store, deps Deps) web.Surface {
	s := &surface{t, deps}
	route := func(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error)) web.Route {
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: handle}
	}
	return web.Surface{Name: "api", Error: spell, Routes: []web.Route{
		route(http.MethodGet, pathOrganization, tenancy.Resolve, web.ObjectOrganization, s.organization),
		route(http.MethodPatch, pathOrganization, tenancy.Administer, web.ObjectOrganization, s.patchOrganization),
		route(http.MethodDelete, pathOrganization, tenancy.Administer, web.ObjectOrganization, s.deleteOrganization),
		route(http.MethodGet, pathOrganizations, tenancy.Resolve, web.ObjectNone, s.organizations),
		route(http.MethodPost, pathOrganizations, tenancy.Administer, web.ObjectNone, s.createOrganization),
		route(http.MethodGet, "/v1/whoami", tenancy.Resolve, web.ObjectNone, s.whoami),
		route(http.MethodGet, pathModules, tenancy.Resolve, web.ObjectNone, s.modules),
		route(http.MethodPost, pathModules, tenancy.Administer, web.ObjectModule, s.createModule),
		route(http.MethodGet, pathKeys, tenancy.History, web.ObjectNone, s.keys),
		route(http.MethodPost, pathKeys, tenancy.Administer, web.ObjectNone, s.createKey),
		route(http.MethodDelete, pathKeys+"/{key}", tenancy.Administer, web.ObjectKey, s.revokeKey),
	}}
}

// strict is how every body here is decoded.
var strict = web.JSONOptions{Strict: true}
