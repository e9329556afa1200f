package openfinance

import (
	"net/http"
	"time"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// Name is the surface's name in history and logs, and that of its tokens.
const Name = "openfinance"

// Scheme is whom profiles with statements and certificates trust. Calls that
// need a part that is nil are answered 503.
type Scheme struct {
	Statements *scheme.Verifier
	Trust      *scheme.Trust
	Proxy      *scheme.Proxy // nil: certificates come with the TLS connection
}

// The limits that apply where Deps sets none.
var (
	callers   = web.Rate{Every: 50 * time.Millisecond, Burst: 100}
	setups    = web.Rate{Every: time.Millisecond, Burst: 2000}
	documents = web.Rate{Every: 100 * time.Microsecond, Burst: 8 << 20} // bytes of them
)

// Deps is what the surface works on. The first three are required.
type Deps struct {
	Store   *snapshots.Store
	Tenancy *tenancy.Store
	// PublicURL is the base URL at which clients reach the program.
	PublicURL func(*web.Call) string
	Scheme    Scheme
	Fetch     web.Fetch // of URLs in registrations; nil for web.GuardedFetch

	Callers web.Rate      // calls of one certificate or address; zero for 100, then one every 50 ms
	Setups  web.Rate      // calls into one setup; zero for 2,000, then one a millisecond
	Bytes   web.Rate      // bytes of documents that clients bring to one setup; zero for 8 MiB, then 10 KiB a second
	Timeout time.Duration // for the store and for peers; zero for 10 s
}

// maxKeys is how many keys each limit remembers.
const maxKeys = 100_000

type handler struct {
	Deps
	callers, setups, bytes *web.Limiter
	accepted               scheme.Accepted    // certificates that callers presented
	profiles               map[string]Profile // by the names that policies have for them
}

const (
	// PathReg is the path of registration, below which each client manages itself.
	PathReg = "/reg"

	pathClient = PathReg + "/{ClientId}"
	belowSetup = "/modules/{module}/setups/{setupId}"
)

// New makes the surface.
func New(deps Deps) web.Surface {
	if deps.Fetch == nil {
		deps.Fetch = web.GuardedFetch(nil, nil)
	}
	if deps.Timeout == 0 {
		deps.Timeout = 10 * time.Second
	}
	now := func() time.Time { return deps.Store.Now().Time() }
	h := &handler{Deps: deps, callers: deps.Callers.Limiter(callers, maxKeys, now),
		setups: deps.Setups.Limiter(setups, maxKeys, now),
		bytes:  deps.Bytes.Limiter(documents, maxKeys, now), profiles: map[string]Profile{}}
	for _, name := range []string{"", snapshots.ProfileOff, snapshots.ProfileDCR2, snapshots.ProfileID3, snapshots.ProfilePlain} {
		h.profiles[name], _ = ProfileOf(name)
	}
	return web.Surface{Name: Name, Error: spell, Begin: h.begin, Timeout: deps.Timeout, Origins: h.origins, DropSlash: true, Routes: web.Below(belowSetup, h.routes())}
}

// origins are those whose pages may call, by the setup's policy.
func (h *handler) origins(c *web.Call) []string {
	setup, policy, err := h.Store.Registering(c.Request.Context(), h.setupID(c), snapshots.DoorReg)
	if module := c.Var("module"); err != nil || module != "" && module != setup.Module {
		return nil
	}
	return policy.CallingOrigins()
}

// maxDocument is how many bytes a client may say of itself, statement included.
const maxDocument = 64 << 10

func (h *handler) routes() []web.Route {
	const write = tenancy.Resolve | tenancy.WriteClients
	client := func(method string, permission tenancy.Permission, query ...web.Param) web.Route {
		return web.Route{Method: method, Pattern: pathClient, Permission: permission, Object: web.ObjectClient, Query: query, MaxBody: maxDocument}
	}
	return []web.Route{
		web.AdmitOrKey(client(http.MethodGet, tenancy.Resolve, web.At(), web.KnownAt()), h.admitClient, h.get, h.getByKey),
		web.Admit(client(http.MethodPut, write), h.admitClient, h.put),
		web.AdmitOrKey(client(http.MethodDelete, write), h.admitClient, h.delete, h.deleteByKey),
		web.Admit(web.Route{Method: http.MethodPost, Pattern: PathReg, Permission: write, Object: web.ObjectSetup, MaxBody: maxDocument}, h.admitNew, h.post),
	}
}

// begin puts the interaction id and no-store into every answer.
func (h *handler) begin(c *web.Call) {
	headers, _ := scheme.ReadHeaders(c.Request.Header, h.Tenancy.IDs().UUID, false)
	c.Correlation, c.Ignored = headers.InteractionID, append(c.Ignored, headers.Ignored...)
	c.Header = http.Header{scheme.HeaderInteraction: {headers.InteractionID}, "Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
}
