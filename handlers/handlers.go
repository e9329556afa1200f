package handlers

import (
	"context"
	"net/http"
	"time"

	"tenure/handlers/api"
	"tenure/handlers/hydra"
	"tenure/handlers/nevismeta"
	"tenure/handlers/openfinance"
	"tenure/handlers/ory"
	"tenure/handlers/register"
	"tenure/handlers/slashid"
	"tenure/handlers/translog"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/evidence"
	"tenure/tenancy"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

// Stores are what the surfaces work on.
type Stores struct {
	Tenancy   *tenancy.Store
	Snapshots *snapshots.Store
	Log       *history.Publisher            // nil to serve nothing below /log/
	Witnesses func() []witness.Status       // how those of the log fare; nil for none
	Health    func(context.Context) []Check // what the program depends on; nil for nothing
	Evidence  *evidence.Exporter            // nil to make none
	PublicURL string                        // what callers reach the program by; empty to take it from each request
	Version   string
	Fetch     web.Fetch     // of URLs that requests bring; nil for web.GuardedFetch
	MaxAge    time.Duration // for which callers may hold answers at most; zero for a minute
	// OpenFinance is what Open Finance Brasil's profiles rest on; zero for none.
	OpenFinance openfinance.Scheme
	// Await returns when every node shows what was written before the call
	// (history.Log.Await); nil for at once.
	Await func(context.Context) error
}

// publicURL is the base URL at which clients reach the program.
func (s Stores) publicURL(c *web.Call) string {
	switch {
	case s.PublicURL != "":
		return s.PublicURL
	case c.Request.TLS != nil:
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}

// Surfaces lists every surface, in the order of their first path segments' use.
func Surfaces(s Stores) []web.Surface {
	all := []web.Surface{
		nevismeta.New(nevismeta.Deps{Store: s.Snapshots, Tenancy: s.Tenancy, Held: web.NewFresh(s.MaxAge)}),
		hydraSurface(s),
		register.New(register.Deps{Store: s.Snapshots, Tenancy: s.Tenancy, PublicURL: s.publicURL, Fetch: s.Fetch}),
		openfinance.New(openfinance.Deps{Store: s.Snapshots, Tenancy: s.Tenancy, PublicURL: s.publicURL, Scheme: s.OpenFinance, Fetch: s.Fetch}),
		slashid.New(slashid.Deps{Store: s.Snapshots, Tenancy: s.Tenancy, Await: s.Await, Held: web.NewFresh(s.MaxAge)}),
		api.New(api.Deps{Tenancy: s.Tenancy, Snapshots: s.Snapshots, Held: web.NewFresh(s.MaxAge), Log: s.Log, Evidence: s.Evidence, Version: s.Version,
			Registration: s.registration}),
		operations(s),
	}
	if s.Log != nil {
		all = append(all, translog.New(translog.Deps{Log: s.Log, Witnesses: s.Witnesses}))
	}
	return all
}

// registration makes a token for a client by which it manages itself: at /reg if it
// registered there, else at /oauth2/register, whichever API made it.
func (s Stores) registration(c *web.Call, e snapshots.Entity) (*snapshots.NewToken, string) {
	token, path := ory.NewToken(s.Snapshots, s.Tenancy.IDs()), ory.PathRegister
	if e.Surface == openfinance.Name {
		token, path = openfinance.NewToken(s.Snapshots, s.Tenancy.IDs()), openfinance.PathReg
	}
	return token, web.SelfURI(s.Tenancy, s.publicURL(c), e.Module, string(e.Setup), path, e.ClientID)
}

// New is the program's HTTP handler.
func New(cfg web.Config, s Stores) http.Handler { return web.New(cfg, Surfaces(s)) }

func hydraSurface(s Stores) web.Surface {
	return hydra.New(hydra.Deps{Store: s.Snapshots, Tenancy: s.Tenancy, Ready: s.ready, PublicURL: s.publicURL, Version: s.Version, Fetch: s.Fetch})
}

// NewHydraAdmin is the handler of a listener like Hydra's admin port: it has
// that one API, and whoever reaches it acts with key. hosts are the names that
// a request may be for.
func NewHydraAdmin(cfg web.Config, s Stores, key string, hosts []string) http.Handler {
	only := hydraSurface(s)
	t := web.Trusted{Key: key, Hosts: hosts, Rewrite: hydra.Rewrite, Surface: only, Log: cfg.Log}
	return t.Handler(web.New(cfg, []web.Surface{only}))
}
