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
	if c.age > 0 {
		e.Int64("stale_s", int64(c.age/time.Second))
	}
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
