package web

import (
	"time"

	"github.com/rs/zerolog"

	"tenure/tenancy/fault"
)

// event writes the request's one event. It has no path, query, body or header but ids of
// the call: each may carry a secret or name a tenant's client.
func (c *Call) event(log zerolog.Logger) {
	level := zerolog.InfoLevel
	if c.fault != nil && c.fault.Kind == fault.Internal || c.trouble != nil {
		level = zerolog.ErrorLevel
	}
	e := log.WithLevel(level)
	if e == nil {
		return
	}
	e.Str("request_id", c.RequestID).Str("method", c.method())
	if address := c.address(); address != "" {
		e.Str("address", address)
	}
	if c.Route != nil {
		e.Str("route", c.Route.Pattern)
	}
	if c.surface != nil {
		e.Str("surface", c.surface.Name)
	}
	if c.acting != "" {
		e.Str("org", string(c.acting))
	}
	if c.Principal.KeyID != "" {
		e.Str("key", c.Principal.KeyID)
	}
	if c.Correlation != "" {
		e.Str("correlation", c.Correlation)
	}
	if len(c.Ignored) > 0 {
		e.Strs("ignored_headers", c.Ignored)
	}
	e.Int("status", c.status).Int("bytes", c.bytes).Int64("duration_us", time.Since(c.started).Microseconds())
	if c.fault != nil {
		e.Str("error", c.fault.Kind.String())
		if c.fault.Kind == fault.Internal {
			e.Str("cause", c.fault.Error())
		}
	}
	if c.trouble != nil {
		e.Str("cause", c.trouble.Error())
	}
	e.Send()
}

// Observation is what is counted of a request. None of it comes from a tenant: the
// surface and the route are None where there is none, a method that no route has is
// "other", and the status is the answer's.
type Observation struct {
	Surface, Route, Method string
	Status                 int
	Took                   time.Duration
	Failed                 bool
	Kind                   fault.Kind // of the fault, if it failed
}

func (c *Call) observe(tell func(Observation)) {
	if tell == nil {
		return
	}
	o := Observation{Status: c.status, Took: time.Since(c.started), Failed: c.fault != nil}
	o.Surface, o.Route, o.Method = c.labels()
	if o.Failed {
		o.Kind = c.fault.Kind
	}
	tell(o)
}
