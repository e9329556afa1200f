package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Call is one request on its way. It is made anew for each request: the
// header values of the answer point into it, so it is never used again.
type Call struct {
	Request   *http.Request
	Route     *Route // nil if there is none for the request
	Scope     tenancy.Scope
	Principal tenancy.Principal // zero for an open route
	Admitted  any               // what Route.Admit found out, for Handle; nil without one

	// Header goes with the answer, whatever that is. Begin may set it, by
	// canonical names.
	Header http.Header
	// RequestID is what the caller calls the request, or a new id: it is in the answer
	// (X-Request-Id), in the log, and in error bodies that have room for it.
	RequestID string
	// Correlation is another id of the call, and Ignored the names of malformed headers
	// that were passed over: both for the log.
	Correlation string
	Ignored     []string

	shown     []string      // snapshots (Show)
	accounted history.Kind  // (Account)
	age       time.Duration // of the memory that answers, where that is not current; else 0
	surface   *Surface
	proxies   Proxies
	once      tenancy.Once
	presented string        // as an API key
	acting    tenancy.OrgID // as asked for, also if it was refused
	match     mux.RouteMatch
	allow     string // methods of the path, for a wrong method

	body     []byte
	bodyRead bool
	cut      bool // a streamed body ended before its end
	held     held
	query    query

	deadline *deadline     // nil without a route
	time     time.Duration // the deadline's
	w        http.ResponseWriter
	values   [4]string // what single header values are slices of
	started  time.Time
	fault    *fault.Fault
	trouble  error // (Report)
	status   int
	bytes    int
}

// TakePlace is called before work that takes long and that anybody could ask for again
// and again: Throttled if the node or the organization has as much of it as it may
// have. The place is kept until the answer is sent.
func (c *Call) TakePlace() error {
	if c.held.room == nil || c.held.placed {
		return nil
	}
	err := c.held.room.places.Take(c.Request.Context(), string(c.Principal.Org))
	c.held.placed = err == nil
	return err
}

// Report puts an error of ours into the log of a request that is answered all the same.
func (c *Call) Report(err error) { c.trouble = err }

// Var is a variable of the path, decoded; empty if the pattern has no such.
func (c *Call) Var(name string) string { return c.match.Vars[name] }

// decodeVars decodes the path variables in place.
func (c *Call) decodeVars() error {
	for name, value := range c.match.Vars {
		if strings.IndexByte(value, '%') < 0 {
			continue // an encoded path is ASCII
		}
		decoded, err := url.PathUnescape(value)
		if err != nil || !tenancy.Storable(decoded) {
			return fault.New(fault.Malformed, "", "the path does not decode to UTF-8")
		}
		c.match.Vars[name] = decoded
	}
	return nil
}

// method is the request's method as it may be shown: any token is legal, of
// any length.
func (c *Call) method() string {
	if len(c.Request.Method) > 16 {
		return "other"
	}
	return c.Request.Method
}
