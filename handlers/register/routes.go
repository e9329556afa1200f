package register

import (
	"net/http"
	"time"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// Name is the surface's name in history and logs.
const Name = "register"

// Deps is what the surface works on. The first three are required.
type Deps struct {
	Store   *snapshots.Store
	Tenancy *tenancy.Store
	// PublicURL is the base URL at which clients reach the program.
	PublicURL func(*web.Call) string
	Fetch     web.Fetch // of URLs in bodies; nil for web.GuardedFetch

	Addresses web.Rate // open registrations from one address; zero for 30, then one every 10 s
	Setups    web.Rate // open registrations into one setup; zero for 300, then one a second
	Writes    web.Rate // changes of one client by itself; zero for 20, then one every 30 s
	Bytes     web.Rate // bytes of documents that clients bring to one setup; zero for 8 MiB, then 10 KiB a second
	Guesses   web.Rate // invalid credentials for one client from one address; zero for 20, then one every 10 s
	Guessers  web.Rate // invalid credentials from one address, for any client; zero for 200, then one a second
}

// maxDocument is how many bytes a client may say of itself.
const maxDocument = 64 << 10

// maxKeys is how many keys each limit remembers.
const maxKeys = 100_000

type handler struct {
	Deps
	addresses, setups, writes, bytes, guesses, guessers *web.Limiter
}

const (
	pathClient = ory.PathRegister + "/{id}"
	belowSetup = "/modules/{module}/setups/{setupId}"
)

// New makes the surface.
func New(deps Deps) web.Surface {
	if deps.Fetch == nil {
		deps.Fetch = web.GuardedFetch(nil, nil)
	}
	now := func() time.Time { return deps.Store.Now().Time() }
	limit := func(rate, otherwise web.Rate) *web.Limiter { return rate.Limiter(otherwise, maxKeys, now) }
	h := &handler{Deps: deps,
		addresses: limit(deps.Addresses, web.Rate{Every: 10 * time.Second, Burst: 30}),
		setups:    limit(deps.Setups, web.Rate{Every: time.Second, Burst: 300}),
		writes:    limit(deps.Writes, web.Rate{Every: 30 * time.Second, Burst: 20}),
		bytes:     limit(deps.Bytes, web.Rate{Every: 100 * time.Microsecond, Burst: 8 << 20}),
		guesses:   limit(deps.Guesses, web.Rate{Every: 10 * time.Second, Burst: 20}),
		guessers:  limit(deps.Guessers, web.Rate{Every: time.Second, Burst: 200})}
	return web.Surface{Name: Name, Error: ory.Spell, Origins: h.origins, DropSlash: true, Routes: web.Below(belowSetup, h.routes())}
}

// origins are those whose pages may call, by the setup's policy.
func (h *handler) origins(c *web.Call) []string {
	module, id := c.Mount(h.Tenancy)
	setup, policy, err := h.Store.Registering(c.Request.Context(), snapshots.EntityID(id), snapshots.DoorOAuth2)
	if err != nil || module != "" && module != setup.Module {
		return nil
	}
	return policy.CallingOrigins()
}

// routes are all about now: a client reads and changes what is in force.
func (h *handler) routes() []web.Route {
	const write = tenancy.Resolve | tenancy.WriteClients
	client := func(method string, permission tenancy.Permission) web.Route {
		return web.Route{Method: method, Pattern: pathClient, Permission: permission, Object: web.ObjectClient, Query: credentialParams,
			Conditional: method != http.MethodGet, MaxBody: maxDocument}
	}
	return []web.Route{
		web.Admit(client(http.MethodGet, tenancy.Resolve), h.admitClient, h.get),
		web.Admit(client(http.MethodPut, write), h.admitClient, h.put),
		web.Admit(client(http.MethodDelete, write), h.admitClient, h.delete),
		web.Admit(web.Route{Method: http.MethodPost, Pattern: ory.PathRegister, Permission: write, Object: web.ObjectSetup, Query: credentialParams, MaxBody: maxDocument},
			h.admitNew, h.post),
	}
}
