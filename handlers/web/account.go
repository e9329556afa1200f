package web

import (
	"cmp"

	"tenure/tenancy"
	"tenure/tenancy/accesslog"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Account says as what the call is to be recorded, by itself and before it is answered,
// if it succeeds: history.Exported or history.EvidenceMade.
func (c *Call) Account(as history.Kind) { c.accounted = as }

// account records the call where somebody was refused, or reads what others did. An
// error means that it could not be recorded, and must not be answered.
func (h *handler) account(c *Call, status int) error {
	kind := c.accessKind()
	if kind == "" {
		return nil
	}
	a := accesslog.Access{Kind: kind, Key: c.Principal.KeyID, Org: string(c.Principal.Org), Acting: string(cmp.Or(c.Scope.Acting(), c.Principal.Org)), Surface: c.surface.Name,
		Address: cmp.Or(c.address(), "unknown"), Request: accesslog.Request{Method: c.method(), Route: c.Route.Pattern, Status: status}}
	if c.fault != nil {
		a.Request.Code = c.fault.Code
	}
	if a.Key == "" {
		a.Presented = tenancy.Presented(c.presented)
	}
	if c.fault == nil && c.accounted != "" {
		a.Request.Path = c.Request.URL.RequestURI()
		return h.Accesses.Before(c.Request.Context(), a)
	}
	h.Accesses.Note(a)
	return nil
}

// accessKind is as what the call is recorded; empty for not at all.
func (c *Call) accessKind() history.Kind {
	switch {
	case c.Route == nil || c.Route.Open:
		return ""
	case c.fault != nil && c.fault.Kind == fault.Unauthenticated:
		return history.SignInRefused
	case c.Principal.KeyID == "": // a client with its own token is no caller that history knows
		return ""
	case c.fault != nil && (c.fault.Kind == fault.Forbidden || c.fault.Kind == fault.NotFound && !c.reads()):
		return history.AccessRefused
	case c.fault != nil:
		return ""
	case c.accounted != "":
		return c.accounted
	case c.reads() && (c.Route.Permission&tenancy.History != 0 || c.otherTime()):
		return history.HistoryRead
	}
	return ""
}

// otherTime reports whether the call reads what was, or will be.
func (c *Call) otherTime() bool {
	at, known := c.Instants()
	return at != nil || known != nil
}
