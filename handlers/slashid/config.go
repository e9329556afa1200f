package slashid

import (
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// tokenDuration is what an organization's configuration shows: what is set, or
// the default.
func tokenDuration(o tenancy.Organization) int64 {
	if o.TokenDuration == 0 {
		return defaultAccess
	}
	return o.TokenDuration
}

func (h *handler) getConfig(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	o, err := h.acting(c, in)
	if err != nil {
		return nil, err
	}
	return h.dated(config{tokenDuration(o)}, in)
}

// patchConfig keeps what is stored where the body says what a read shows.
func (h *handler) patchConfig(c *web.Call) (*web.Reply, error) {
	m, err := readBody(c)
	if err != nil {
		return nil, err
	}
	m.notNull("token_duration")
	seconds := m.whole("token_duration")
	if seconds != nil && *seconds != 0 {
		m.faults = append(m.faults, checkSeconds("token_duration", seconds)...)
	}
	m.refuseRest("no such setting is kept here")
	if err := fault.Rules(m.faults); err != nil {
		return nil, err
	}
	o, err := h.Tenancy.Organization(c.Scope, c.Scope.Acting())
	if err != nil {
		return nil, err
	}
	if seconds != nil && *seconds != tokenDuration(o) {
		if _, err := h.Tenancy.SetTokenDuration(c.Request.Context(), c.Scope, o.ID, *seconds); err != nil {
			return nil, err
		}
	}
	return web.NoContent(), nil
}
