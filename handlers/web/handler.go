package web

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"tenure/tenancy"
	"tenure/tenancy/accesslog"
	"tenure/tenancy/fault"
)

// bodyTime is how long a body may take to arrive if Config does not say.
const bodyTime = 30 * time.Second

// Config is what the adapter needs. Tenancy and Log are required.
type Config struct {
	Tenancy  *tenancy.Store
	Log      zerolog.Logger
	BodyTime time.Duration // how long a body may take to arrive; 0 for 30 s
	// RequestTime is how long a call may take, without its body; 0 for RequestTime. Routes
	// whose calls take longer on purpose have a time of their own.
	RequestTime time.Duration
	// Room is what the handlers of one node share; nil for a handler's own.
	Room *Room
	// Proxies are believed on where a request came from (Call.Address).
	Proxies Proxies
	// Rates bound the requests of API keys and organizations; nil for no limit.
	Rates *RateLimits
	// Read is told of each version of a client that an API key was shown, by the
	// key's id and the snapshot's. It must not wait for anything. Nil for nobody.
	Read func(keyID, snapshotID string)
	// Accesses records who was refused and who read what others did; nil for nobody.
	Accesses *accesslog.Log
	// Observe is told of each request when it is over. It must not wait for anything. Nil for nobody.
	Observe func(Observation)
	// Tracer makes the spans of requests; nil for none.
	Tracer trace.Tracer
}

type handler struct {
	Config
	segments map[string]*segment
}

// New mounts the surfaces. It panics on a route that is not complete.
func New(cfg Config, surfaces []Surface) http.Handler {
	if cfg.BodyTime == 0 {
		cfg.BodyTime = bodyTime
	}
	if cfg.RequestTime == 0 {
		cfg.RequestTime = RequestTime
	}
	if cfg.Room == nil {
		cfg.Room = NewRoom(0)
	}
	return &handler{Config: cfg, segments: build(surfaces)}
}

// ServeHTTP answers one request and writes its one event.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{Request: r, w: w, started: time.Now(), proxies: h.Proxies, held: held{room: h.Room}}
	c.identify()
	if h.Tracer != nil {
		c.Request = c.Request.WithContext(h.startSpan(r))
		defer c.endSpan()
	}
	defer func() { c.held.giveBack(string(c.Principal.Org)) }()
	defer func() {
		if c.deadline != nil {
			c.deadline.end()
		}
	}()
	if r.ContentLength != 0 {
		c.limitBody(h.BodyTime)
	}
	reply, err := h.answer(c)
	if gone := h.gone(c); gone != nil {
		reply, err = nil, gone
	}
	if err != nil {
		c.fault = fault.Of(err)
		reply = c.failed()
	}
	if h.Accesses != nil {
		if err := h.account(c, reply.Status); err != nil {
			c.fault = fault.Of(err)
			reply = c.failed()
		}
	}
	h.tellRevision(c, reply)
	c.write(reply)
	if h.Read != nil {
		h.tellRead(c, reply)
	}
	c.event(h.Log)
	c.observe(h.Observe)
	if c.cut {
		panic(http.ErrAbortHandler) // the one way to tell the caller, whose status is sent
	}
}

// gone is why nothing may be answered from the stores: what was found may be from what the
// database does not have any more.
func (h *handler) gone(c *Call) error {
	if h.Tenancy == nil || c.surface != nil && c.surface.Always {
		return nil
	}
	return h.Tenancy.Gone()
}

// tellRead tells who was shown which versions: the one of a GET about one client, as the
// answer's header says, and those that the handler names (Call.Show). An answer of 304 or
// to HEAD shows nothing.
func (h *handler) tellRead(c *Call, reply *Reply) {
	if c.status != http.StatusOK || c.Principal.KeyID == "" || c.Request.Method == http.MethodHead {
		return
	}
	if id := reply.Header["Tenure-Snapshot-Id"]; len(id) == 1 && c.Request.Method == http.MethodGet && c.Route.Object == ObjectClient {
		h.Read(c.Principal.KeyID, id[0])
	}
	for _, id := range c.shown {
		h.Read(c.Principal.KeyID, id)
	}
}

// Show notes snapshots whose content, or a part of it, is in the answer, beside the one
// that its header names. Those that are of no client count for nothing.
func (c *Call) Show(ids ...string) { c.shown = append(c.shown, ids...) }

// answer runs the request up to its Reply. A panic becomes an Internal fault,
// so that the connection and its other requests live on.
func (h *handler) answer(c *Call) (reply *Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			reply, err = nil, fault.Wrap(fmt.Errorf("%v\n%s", p, debug.Stack()), fault.Internal, "", "panic in a handler")
		}
	}()
	err = h.find(c)
	if c.surface != nil && c.surface.Begin != nil {
		c.surface.Begin(c)
	}
	if reply := h.preflight(c, err); reply != nil {
		return reply, nil
	}
	if err != nil {
		return nil, err
	}
	c.bound(h.RequestTime)
	if limit := c.surface.Timeout; limit > 0 {
		ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
	}
	c.allowOrigin()
	if err := h.authorize(c); err != nil {
		return nil, inTime(err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := c.refuseOwner(); err != nil {
		return nil, err
	}
	if err := c.refuseCondition(); err != nil {
		return nil, err
	}
	reply, err = c.Route.Handle(c)
	if err != nil {
		return nil, c.existed(inTime(err))
	}
	if err == nil && (reply == nil || reply.Status < 200 || reply.Status > 599) {
		return nil, fault.New(fault.Internal, "", "a handler gave neither an error nor a reply with a status")
	}
	return reply, err
}

// admission makes the call's Scope in the way that its route takes. It makes
// none from an old copy of keys and organizations.
func (h *handler) admission(c *Call) (err error) {
	if c.Route.Open {
		return nil
	}
	if err := c.atLeast(h.Tenancy); err != nil {
		return err
	}
	if err := h.Tenancy.Current(c.Request.Context()); err != nil {
		return err
	}
	switch {
	case c.Route.Admit != nil && !(c.Route.TakesKey && bearsKey(c.Request.Header)):
		if c.Scope, err = c.Route.Admit(c); err == nil {
			c.acting = c.Scope.Acting()
			err = c.Scope.Check(c.Route.Permission)
		}
	default:
		if err = h.admit(c); c.Route.TakesKey && fault.Is(err, fault.Unauthenticated) {
			_, err = c.Route.Admit(c) // counts it and refuses it as it does every credential that does not hold
		}
	}
	return err
}

// failed asks the surface how it spells the call's fault. The text of an
// Internal one stays here.
func (c *Call) failed() (reply *Reply) {
	defer func() {
		if p := recover(); p != nil || reply == nil || reply.Status < 400 || reply.Status > 599 {
			reply = c.unowned(http.StatusInternalServerError)
		}
	}()
	switch f := c.fault; {
	case c.surface != nil && f.Kind == fault.Internal:
		return c.surface.Error(c, &fault.Fault{Kind: fault.Internal})
	case c.surface != nil:
		return c.surface.Error(c, f)
	case f.Kind == fault.NotFound:
		return c.unowned(http.StatusNotFound)
	}
	return nil
}

// unowned is the answer where no surface can be asked: RFC 9457 without a
// type of its own.
func (c *Call) unowned(status int) *Reply {
	return &Reply{Status: status, ContentType: "application/problem+json",
		Body: fmt.Appendf(nil, "{\"type\":\"about:blank\",\"title\":%q,\"status\":%d,\"request_id\":%q}\n", http.StatusText(status), status, c.RequestID)}
}
