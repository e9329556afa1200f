package openfinance

import (
	"net/http"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// Name is the surface's name in history and logs, and that of its tokens.
const Name = "openfinance"

// Scheme is what profiles with statements and certificates rest on. What is nil
// cannot be had: calls that need it are answered so.
type Scheme struct {
	Statements *Verifier
	Trust      *Trust
	Proxy      *Proxy // nil: certificates come with the TLS connection
}

// Config is what the surface works on. The first three are required.
type Config struct {
	Store   *snapshots.Store
	Tenancy *tenancy.Store
	// PublicURL is the base URL at which clients reach the program.
	PublicURL func(*web.Call) string
	Scheme    Scheme
	Fetch     web.Fetch // of what registrations name; nil for web.GuardedFetch

	Callers web.Rate      // calls of one certificate or address; zero for 100, then one every 50 ms
	Setups  web.Rate      // calls into one setup; zero for 2,000, then one a millisecond
	Timeout time.Duration // for the store and for peers; zero for 10 s
}

// maxKeys is how many keys each limit remembers.
const maxKeys = 100_000

type surface struct {
	Config
	callers, setups *web.Limiter
}

const (
	pathReg    = "/reg"
	pathClient = pathReg + "/{ClientId}"
	belowSetup = "/modules/{module}/setups/{setupId}"
)

// New makes the surface.
func New(cfg Config) web.Surface {
	if cfg.Fetch == nil {
		cfg.Fetch = web.GuardedFetch(nil, nil)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	now := func() time.Time { return cfg.Store.Now().Time() }
	h := &surface{Config: cfg, callers: cfg.Callers.Limiter(web.Rate{Every: 50 * time.Millisecond, Burst: 100}, maxKeys, now),
		setups: cfg.Setups.Limiter(web.Rate{Every: time.Millisecond, Burst: 2000}, maxKeys, now)}
	const write = tenancy.Resolve | tenancy.WriteClients
	return web.Surface{Name: Name, Error: spell, Begin: h.begin, Timeout: cfg.Timeout, DropSlash: true, Routes: web.Below(belowSetup, []web.Route{
		{Method: http.MethodGet, Pattern: pathClient, Permission: tenancy.Resolve, Object: web.ObjectClient, TakesKey: true, Admit: h.admitClient, Handle: h.get, Query: []web.Param{web.At(), web.KnownAt()}},
		{Method: http.MethodPut, Pattern: pathClient, Permission: write, Object: web.ObjectClient, Admit: h.admitClient, Handle: h.put},
		{Method: http.MethodDelete, Pattern: pathClient, Permission: write, Object: web.ObjectClient, TakesKey: true, Admit: h.admitClient, Handle: h.delete},
		{Method: http.MethodPost, Pattern: pathReg, Permission: write, Object: web.ObjectSetup, Admit: h.admitNew, Handle: h.post},
	})}
}

// begin gives every answer the interaction id, and keeps it out of caches.
func (h *surface) begin(c *web.Call) {
	headers, _ := ReadHeaders(c.Request.Header, h.Tenancy.IDs().UUID, false)
	c.Correlation, c.Ignored = headers.InteractionID, headers.Ignored
	c.Header = http.Header{HeaderInteraction: {headers.InteractionID}, "Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
}
