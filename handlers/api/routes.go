package api

import (
	"net/http"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/evidence"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

// Deps is what the surface works on. Log and Evidence may be nil.
type Deps struct {
	Tenancy   *tenancy.Store
	Snapshots *snapshots.Store
	Held      web.Fresh          // how long answers may be held
	Log       *history.Publisher // nil where no log is published
	Evidence  *evidence.Exporter // nil where no bundles are made
	Version   string             // of this program; may be empty

	Registration Registration // required
}

type handler struct{ Deps }

const (
	pathOrganizations = "/v1/organizations"
	pathOrganization  = pathOrganizations + "/{organization}"
	pathModules       = "/v1/modules"
	pathKeys          = "/v1/keys"
	pathSetup         = "/v1/setups/{setup}"
	pathPolicy        = pathSetup + "/policy"
	pathClients       = "/v1/clients"
	pathEntity        = pathClients + "/{entity}"
	pathSnapshots     = pathEntity + "/snapshots"
	pathInitialTokens = pathSetup + "/initial-tokens"
	pathRegistrations = pathSetup + "/registrations"
)

// The parameters that several routes take.
var (
	dated    = []web.Param{web.At(), web.KnownAt()}
	pageOf   = []web.Param{web.Int("after", 0, maxAfter), web.Int("limit", 1, maxHistoryPage)}
	spanning = []web.Param{web.Instant("from"), web.Instant("to"), web.UUID("organization")}
	viewed   = []web.Param{web.Word("view", viewInForce, viewStored)}
	sided    = slices.Concat([]web.Param{web.Text("from"), web.Word("format", diffFormats...), web.Flag("equal")}, viewed)
)

// New makes the surface.
func New(deps Deps) web.Surface {
	h := &handler{deps}
	const (
		resolve, past, all = tenancy.Resolve, tenancy.History, tenancy.History | tenancy.Plans
		write, admin       = tenancy.WriteClients, tenancy.Administer
		none, client       = web.ObjectNone, web.ObjectClient
		org, setup         = web.ObjectOrganization, web.ObjectSetup
	)
	get := func(pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
		return web.Route{Method: http.MethodGet, Pattern: pattern, Permission: need, Object: object, Handle: handle, Query: query}
	}
	change := func(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
		return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: rehearsable(handle), Query: append(query, web.DryRun())}
	}
	conditional := func(r web.Route) web.Route {
		r.Conditional = true
		return r
	}
	exported := func(r web.Route) web.Route {
		r.Vary = []string{"Accept"}
		return r
	}
	const post, put, patch, remove = http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return web.Surface{Name: "api", Error: spell, Strict: true, Routes: []web.Route{
		get(pathOrganization, resolve, org, h.organization, dated...),
		change(patch, pathOrganization, admin, org, h.patchOrganization),
		change(remove, pathOrganization, admin, org, h.deleteOrganization, web.Flag("subtree")),
		change(post, pathOrganization+":restore", admin, org, h.restoreOrganization),
		get(pathOrganizations, resolve, none, h.organizations, dated...),
		change(post, pathOrganizations, admin, none, h.createOrganization),
		get("/v1/whoami", resolve, none, h.whoami),
		get(pathModules, resolve, none, h.modules, dated...),
		change(post, pathModules, admin, web.ObjectModule, h.createModule),
		get(pathKeys, past, none, h.keys, dated...),
		change(post, pathKeys, admin, none, h.createKey),
		change(remove, pathKeys+"/{key}", admin, web.ObjectKey, h.revokeKey),

		get(pathPolicy, past, setup, h.policy, dated...),
		change(put, pathPolicy, admin, setup, h.putPolicy),
		get(pathInitialTokens, past, setup, h.initialTokens, dated...),
		change(post, pathInitialTokens, admin, setup, h.createInitialToken),
		change(remove, pathInitialTokens+"/{token}", admin, setup, h.revokeInitialToken),
		change(post, pathSetup+":restore", admin, setup, h.restoreSetup),
		get(pathSetup+"/clients/{client}/secrets", past, client, h.secrets, dated...),

		get(pathRegistrations, resolve, setup, h.registrations, web.Cursor("after"), web.Int("limit", 1, maxClientPage), web.Flag("unused"), web.Instant("registered_before")),
		{Method: remove, Pattern: pathRegistrations, Permission: write, Object: setup, Handle: h.removeRegistrations,
			Query: []web.Param{web.Flag("unused"), web.Instant("registered_before"), web.Int("clients", 0, maxRemoved), web.DryRun()}},
		change(post, pathEntity+"/registration-token", write, client, h.registrationToken),

		get(pathEntity, resolve, client, h.client, slices.Concat(dated, []web.Param{web.Word("include", "next")})...),
		get(pathSnapshots+"/{snapshot}", all, client, h.snapshot),
		get(pathSnapshots+"/{snapshot}/proof", all, client, h.proof),
		get("/v1/log/consistency", resolve, none, h.consistency, web.Int("from", 0, maxAfter)),
		conditional(change(post, pathSnapshots, write, client, h.publish, slices.Clone(viewed)...)),
		conditional(change(post, pathSnapshots+":plan", write, client, h.plan, slices.Clone(viewed)...)),
		conditional(change(post, pathSnapshots+":rollback", write, client, h.rollback, slices.Clone(viewed)...)),
		change(post, pathEntity+":erase", admin, client, h.erase),
		change(post, pathEntity+":restore", write, client, h.restoreClient),
		get(pathEntity+"/diff", all, client, h.diff, slices.Concat(sided, []web.Param{web.Text("to")})...),
		change(post, pathEntity+"/diff", all, client, h.diffWith, slices.Clone(sided)...),
		get(pathEntity+"/blame", all, client, h.blame, slices.Concat(dated, viewed)...),
		get(pathClients, resolve, setup, h.clients, slices.Concat([]web.Param{web.ID("setup"), web.Text("name"), web.Text("owner"),
			web.Cursor("after"), web.Int("limit", 1, maxClientPage)}, dated)...),
		get("/v1/evidence", all, none, h.evidence, slices.Concat([]web.Param{web.ID("client").Repeated(evidence.MaxClients), web.Int("since", 1, maxAfter)}, spanning)...),
		get(pathEntity+"/history", all, client, h.history, slices.Concat(pageOf, dated)...),
		get(pathEntity+"/reads", past, client, h.reads, web.Cursor("after"), web.Int("limit", 1, maxHistoryPage)),
		exported(get("/v1/history", all, none, h.journal, slices.Concat([]web.Param{web.ID("client"), web.Text("actor"), web.Text("surface"),
			web.Word("kind", kinds()...).Repeated(maxKinds), web.Word("format", formatNames()...), web.Word("order", "asc", "desc"), web.Flag("access")}, spanning, pageOf, []web.Param{web.KnownAt()})...)),
	}}
}

// maxAfter bounds places in the log.
const maxAfter = 1 << 62

// strict is how every body here is decoded.
var strict = web.JSONOptions{Strict: true}
