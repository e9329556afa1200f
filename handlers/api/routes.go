package api

import (
	"context"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/evidence"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
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

	// Setup and ClientRef name what the scope may use.
	Setup     func(context.Context, tenancy.Scope, snapshots.EntityID) (snapshots.Entity, error)
	ClientRef func(ctx context.Context, s tenancy.Scope, setup snapshots.EntityID, clientID string) (snapshots.Ref, error)

	// Policy and SetPolicy are a setup's policy.
	Policy    func(context.Context, tenancy.Scope, snapshots.EntityID) (snapshots.Policy, error)
	SetPolicy func(ctx context.Context, s tenancy.Scope, module string, setup snapshots.EntityID, p snapshots.Policy) error

	// InitialTokens and the two beside it are a setup's initial access tokens.
	InitialTokens      func(context.Context, tenancy.Scope, snapshots.EntityID) ([]snapshots.InitialToken, error)
	CreateInitialToken func(context.Context, tenancy.Scope, snapshots.EntityID, snapshots.InitialToken) (snapshots.InitialToken, string, error)
	RevokeInitialToken func(ctx context.Context, s tenancy.Scope, setup snapshots.EntityID, id string) error

	// Secrets tells of a client's secrets, without their text.
	Secrets func(context.Context, tenancy.Scope, snapshots.Ref) ([]snapshots.Secret, error)

	// Clients is where clients are read and written.
	Clients *snapshots.Store

	// Log proves what is in it; nil without a log that is published.
	Log *history.Publisher

	// Evidence chooses what a bundle for outsiders holds.
	Evidence func(context.Context, tenancy.Scope, evidence.Filter) (*evidence.Bundle, error)

	// Reads tells who was shown which version of a client.
	Reads func(ctx context.Context, s tenancy.Scope, id snapshots.EntityID, after *snapshots.Read, limit int) (snapshots.ReadPage, error)

	// History tells what happened to a client.
	History func(context.Context, tenancy.Scope, snapshots.EntityID, snapshots.Part) (snapshots.Past, error)
}

type surface struct {
	tenancy *tenancy.Store
	held    web.Fresh
	Deps
}

const (
	pathOrganizations = "/v1/organizations"
	pathOrganization  = pathOrganizations + "/{organization}"
	pathModules       = "/v1/modules"
	pathKeys          = "/v1/keys"
	pathSetup         = "/v1/setups/{setup}"
	pathPolicy        = pathSetup + "/policy"
	pathClients       = "/v1/clients"
	pathEntity        = pathClients + "/{entity}"
	pathInitialTokens = pathSetup + "/initial-tokens"
)

// New makes the surface.
func New(t *tenancy.Store, held web.Fresh, deps Deps) web.Surface {
	s := &surface{t, held, deps}
	route := func(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error)) web.Route {
		if method != http.MethodGet {
			handle = rehearsable(handle)
		}
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: handle}
	}
	return web.Surface{Name: "api", Error: spell, DryRuns: true, Routes: []web.Route{
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
		route(http.MethodGet, pathPolicy, tenancy.History, web.ObjectSetup, s.policy),
		route(http.MethodPut, pathPolicy, tenancy.Administer, web.ObjectSetup, s.putPolicy),
		route(http.MethodGet, pathInitialTokens, tenancy.History, web.ObjectSetup, s.initialTokens),
		route(http.MethodPost, pathInitialTokens, tenancy.Administer, web.ObjectSetup, s.createInitialToken),
		route(http.MethodDelete, pathInitialTokens+"/{token}", tenancy.Administer, web.ObjectSetup, s.revokeInitialToken),
		route(http.MethodGet, pathSetup+"/clients/{client}/secrets", tenancy.History, web.ObjectClient, s.secrets),
		route(http.MethodGet, pathEntity, tenancy.Resolve, web.ObjectClient, s.client),
		route(http.MethodGet, pathEntity+"/snapshots/{snapshot}", tenancy.History|tenancy.Plans, web.ObjectClient, s.snapshot),
		route(http.MethodGet, pathEntity+"/snapshots/{snapshot}/proof", tenancy.History|tenancy.Plans, web.ObjectClient, s.proof),
		route(http.MethodGet, "/v1/log/consistency", tenancy.Resolve, web.ObjectNone, s.consistency),
		route(http.MethodPost, pathEntity+"/snapshots", tenancy.WriteClients, web.ObjectClient, s.publish),
		route(http.MethodPost, pathEntity+"/snapshots:plan", tenancy.WriteClients, web.ObjectClient, s.plan),
		route(http.MethodPost, pathEntity+"/snapshots:rollback", tenancy.WriteClients, web.ObjectClient, s.rollback),
		route(http.MethodPost, pathEntity+":erase", tenancy.Administer, web.ObjectClient, s.erase),
		route(http.MethodGet, pathEntity+"/diff", tenancy.History|tenancy.Plans, web.ObjectClient, s.diff),
		route(http.MethodPost, pathEntity+"/diff", tenancy.History|tenancy.Plans, web.ObjectClient, s.diffWith),
		route(http.MethodGet, pathEntity+"/blame", tenancy.History|tenancy.Plans, web.ObjectClient, s.blame),
		route(http.MethodGet, pathClients, tenancy.Resolve, web.ObjectSetup, s.clients),
		route(http.MethodGet, "/v1/evidence", tenancy.History|tenancy.Plans, web.ObjectNone, s.evidence),
		route(http.MethodGet, "/v1/clients/{entity}/history", tenancy.History|tenancy.Plans, web.ObjectClient, s.history),
		route(http.MethodGet, "/v1/clients/{entity}/reads", tenancy.History, web.ObjectClient, s.reads),
		route(http.MethodGet, "/v1/history", tenancy.History|tenancy.Plans, web.ObjectNone, s.journal),
	}}
}

// strict is how every body here is decoded.
var strict = web.JSONOptions{Strict: true}
