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
	Fetch     web.Fetch // nil for web.GuardedFetch

	Addresses web.Rate // open registrations from one address; zero for 30, then one every 10 s
	Setups    web.Rate // open registrations into one setup; zero for 300, then one a second
	Guesses   web.Rate // credentials for one client, from one address, that do not hold; zero for 20, then one every 10 s
	Guessers  web.Rate // the same for one address over all clients; zero for 200, then one a second
}

// maxKeys is how many keys each limit remembers.
const maxKeys = 100_000

type handler struct {
	Deps
	addresses, setups, guesses, guessers *web.Limiter
}

const (
	pathRegister = "/oauth2/register"
	pathClient   = pathRegister + "/{id}"
	belowSetup   = "/modules/{module}/setups/{setupId}"
)

// New makes the surface.
func New(deps Deps) web.Surface {
	if deps.Fetch == nil {
		deps.Fetch = web.GuardedFetch(nil, nil)
	}
	now := func() time.Time { return deps.Store.Now().Time() }
	h := &handler{Deps: deps,
		addresses: deps.Addresses.Limiter(web.Rate{Every: 10 * time.Second, Burst: 30}, maxKeys, now), setups: deps.Setups.Limiter(web.Rate{Every: time.Second, Burst: 300}, maxKeys, now),
		guesses: deps.Guesses.Limiter(web.Rate{Every: 10 * time.Second, Burst: 20}, maxKeys, now), guessers: deps.Guessers.Limiter(web.Rate{Every: time.Second, Burst: 200}, maxKeys, now)}
	query := []web.Param{web.Text("access_token").AsIs(), web.Text("client_secret").AsIs()}
	const write = tenancy.Resolve | tenancy.WriteClients
	return web.Surface{Name: Name, Error: ory.Spell, DropSlash: true, Routes: web.Below(belowSetup, []web.Route{
		{Method: http.MethodGet, Pattern: pathClient, Permission: tenancy.Resolve, Object: web.ObjectClient, Admit: h.admitClient, Handle: h.get, Query: query},
		{Method: http.MethodPut, Pattern: pathClient, Permission: write, Object: web.ObjectClient, Admit: h.admitClient, Handle: h.put, Query: query, Conditional: true},
		{Method: http.MethodDelete, Pattern: pathClient, Permission: write, Object: web.ObjectClient, Admit: h.admitClient, Handle: h.delete, Query: query, Conditional: true},
		{Method: http.MethodPost, Pattern: pathRegister, Permission: write, Object: web.ObjectSetup, Admit: h.admitNew, Handle: h.post, Query: query},
	})}
}
