package api

import (
	"net/http"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
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
	pathServer        = "/v1/resource-servers/{entity}"
	pathInitialTokens = pathSetup + "/initial-tokens"
	pathRegistrations = pathSetup + "/registrations"
)

// The parameters that several routes take.
var (
	dated    = []web.Param{web.At(), web.KnownAt()}
	pageOf   = []web.Param{web.Int("after", 0, maxAfter), web.Int("limit", 1, maxHistoryPage)}
	spanning = []web.Param{web.Instant("from"), web.Instant("to"), web.UUID("organization")}
	sided    = []web.Param{web.Text("from"), web.Word("format", diffFormats...), web.Flag("equal")}
)

// New makes the surface.
func New(deps Deps) web.Surface {
	h := &handler{deps}
	clients := objects[document.Client]{h, snapshots.KindClient}
	setups := objects[document.Setup]{h, snapshots.KindSetup}
	servers := objects[document.ResourceServer]{h, snapshots.KindResourceServer}
	const (
		resolve, past, all = tenancy.Resolve, tenancy.History, tenancy.History | tenancy.Plans
		write, admin       = tenancy.WriteClients, tenancy.Administer
		none, client       = web.ObjectNone, web.ObjectClient
		org, setup         = web.ObjectOrganization, web.ObjectSetup
	)
	long := func(r web.Route) web.Route {
		r.Time = web.LongTime
		return r
	}
	exported := func(r web.Route) web.Route {
		r.Vary = []string{"Accept"}
		return long(r)
	}
	const post, put, patch, remove = http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return web.Surface{Name: "api", Error: spell, Strict: true, Routes: slices.Concat(clients.routes(pathEntity, client, write),
		setups.routes(pathSetup, setup, admin), servers.routes(pathServer, web.ObjectResourceServer, admin), []web.Route{
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
			{Method: remove, Pattern: pathRegistrations, Permission: write, Object: setup, Handle: h.removeRegistrations, Time: web.LongTime,
				Query: []web.Param{web.Flag("unused"), web.Instant("registered_before"), web.Int("clients", 0, maxRemoved), web.DryRun()}},
			change(post, pathEntity+"/registration-token", write, client, h.registrationToken),

			get("/v1/log/consistency", resolve, none, h.consistency, web.Int("from", 0, maxAfter)),
			change(post, pathEntity+":erase", admin, client, h.erase),
			change(post, pathEntity+":restore", write, client, h.restoreClient),
			get(pathClients, resolve, setup, h.clients, slices.Concat([]web.Param{web.ID("setup"), web.Text("name"), web.Text("owner"),
				web.Cursor("after"), web.Int("limit", 1, maxClientPage)}, dated)...),
			long(get("/v1/evidence", all, none, h.evidence, slices.Concat([]web.Param{web.ID("client").Repeated(evidence.MaxClients), web.Int("since", 1, maxAfter)}, spanning)...)),
			get(pathEntity+"/reads", past, client, h.reads, web.Cursor("after"), web.Int("limit", 1, maxHistoryPage)),
			exported(get("/v1/history", all, none, h.journal, slices.Concat([]web.Param{web.ID("client"), web.Text("actor"), web.Text("surface"),
				web.Word("kind", kinds()...).Repeated(maxKinds), web.Word("format", formatNames()...), web.Word("order", "asc", "desc"), web.Flag("access")}, spanning, pageOf, []web.Param{web.KnownAt()})...)),
		})}
}

func get(pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
	return web.Route{Method: http.MethodGet, Pattern: pattern, Permission: need, Object: object, Handle: handle, Query: query}
}

func change(method, pattern string, need tenancy.Permission, object string, handle func(*web.Call) (*web.Reply, error), query ...web.Param) web.Route {
	return web.Route{Method: method, Pattern: pattern, Permission: need, Object: object, Handle: rehearsable(handle), Query: append(query, web.DryRun())}
}

// routes are those of one object and its snapshots; need is what it takes to change it.
func (h objects[T]) routes(path, object string, need tenancy.Permission) []web.Route {
	const past, post = tenancy.History | tenancy.Plans, http.MethodPost
	series, views := path+"/snapshots", []web.Param(nil)
	if h.kind == snapshots.KindClient { // nothing else inherits
		views = []web.Param{web.Word("view", viewInForce, viewStored)}
	}
	conditional := func(verb string, handle func(*web.Call) (*web.Reply, error)) web.Route {
		r := change(post, series+verb, need, object, handle, slices.Clone(views)...)
		r.Conditional = true
		return r
	}
	resolve := get(path, tenancy.Resolve, object, h.get, slices.Concat(dated, []web.Param{web.Word("include", "next")})...)
	resolve.Stale = object == web.ObjectClient
	return []web.Route{
		resolve,
		get(series, past, object, h.series, slices.Concat([]web.Param{web.ID("after"), web.Int("limit", 1, maxHistoryPage)}, dated)...),
		get(series+"/{snapshot}", past, object, h.snapshot),
		get(series+"/{snapshot}/proof", past, object, h.proof),
		conditional("", h.publish), conditional(":plan", h.plan), conditional(":rollback", h.rollback),
		get(path+"/diff", past, object, h.diff, slices.Concat(sided, views, []web.Param{web.Text("to")})...),
		change(post, path+"/diff", past, object, h.diffWith, slices.Concat(sided, views)...),
		get(path+"/blame", past, object, h.blame, slices.Concat(dated, views)...),
		get(path+"/history", past, object, h.history, slices.Concat(pageOf, dated)...),
	}
}

// maxAfter bounds places in the log.
const maxAfter = 1 << 62

// strict is how every body here is decoded.
var strict = web.JSONOptions{Strict: true}
