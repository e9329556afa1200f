package accesslog

import (
	"slices"

	"tenure/tenancy/history"
)

// Access is one request as it is told.
type Access struct {
	Kind history.Kind // one that IsAccess
	// Key is the id of the API key that acted and Org its organization; both empty where
	// no key held. Presented is then the SHA-256 of what was taken for one, zero for nothing.
	Key, Org  string
	Presented [32]byte
	Acting    string // the organization that the caller acted for; empty for none
	Surface   string
	Address   string // of the caller
	Request   Request
}

// Request is what was asked.
type Request struct {
	Method string
	Route  string // its pattern, which names no object
	Path   string // with the query; only of what is told by itself
	Status int
	Code   string // of the fault; empty for none
}

// Bounds of what is kept of one caller, and of how many callers.
const (
	mostCallers   = 1000
	mostAddresses = 10
	mostRequests  = 20
	maxPath       = 2000 // bytes
)

const (
	minute = history.Micros(60_000_000)
	hour   = 60 * minute
)

// subject is whose accesses are told together.
type subject struct {
	kind                      history.Kind
	key, org, acting, surface string
	presented                 [32]byte
	address                   string // only where there is no key
}

func (a Access) subject() subject {
	s := subject{kind: a.Kind, key: a.Key, org: a.Org, acting: a.Acting, surface: a.Surface, presented: a.Presented}
	if a.Key == "" {
		s.address = a.Address
	}
	return s
}

// counted is what is told of a subject.
type counted struct {
	from      history.Micros // when its minute or hour began
	told      bool           // its first part was written
	n         int64
	since     history.Micros
	until     history.Micros
	addresses []string
	requests  []asked
}

type asked struct {
	Request
	count int64
}

func (c *counted) add(at history.Micros, address string, r Request) {
	if c.n == 0 {
		c.since = at
	}
	c.n, c.until = c.n+1, at
	c.addAddress(address)
	c.addRequest(r, 1)
}

func (c *counted) addAddress(address string) {
	if len(c.addresses) < mostAddresses && !slices.Contains(c.addresses, address) {
		c.addresses = append(c.addresses, address)
	}
}

func (c *counted) addRequest(r Request, n int64) {
	if i := slices.IndexFunc(c.requests, func(a asked) bool { return a.Request == r }); i >= 0 {
		c.requests[i].count += n
	} else if len(c.requests) < mostRequests {
		c.requests = append(c.requests, asked{r, n})
	}
}

// join adds what was counted elsewhere.
func (c *counted) join(o *counted) {
	if c.n == 0 {
		c.since, c.until = o.since, o.until
	} else if o.n > 0 {
		c.since, c.until = min(c.since, o.since), max(c.until, o.until)
	}
	c.n, c.told = c.n+o.n, c.told || o.told
	for _, a := range o.addresses {
		c.addAddress(a)
	}
	for _, r := range o.requests {
		c.addRequest(r.Request, r.count)
	}
}

// clone shares nothing with c.
func (c *counted) clone() *counted {
	copied := *c
	copied.addresses, copied.requests = slices.Clone(c.addresses), slices.Clone(c.requests)
	return &copied
}
