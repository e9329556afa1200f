package web

import (
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Admit completes a route whose callers present something else than an API key.
// What admit returns beside the Scope reaches handle with its type.
func Admit[A any](r Route, admit func(*Call) (A, tenancy.Scope, error), handle func(*Call, A) (*Reply, error)) Route {
	return AdmitOrKey(r, admit, handle, nil)
}

// AdmitOrKey is Admit for a route that an API key opens too. byKey answers the
// calls that come with one; if it is nil the route takes no API key.
func AdmitOrKey[A any](r Route, admit func(*Call) (A, tenancy.Scope, error), handle func(*Call, A) (*Reply, error), byKey func(*Call) (*Reply, error)) Route {
	r.TakesKey = byKey != nil
	r.Admit = func(c *Call) (tenancy.Scope, error) {
		admitted, scope, err := admit(c)
		if err != nil {
			return tenancy.Scope{}, err
		}
		c.Admitted = admitted
		return scope, nil
	}
	r.Handle = func(c *Call) (*Reply, error) {
		if admitted, ok := c.Admitted.(A); ok {
			return handle(c, admitted)
		}
		if byKey == nil {
			return nil, fault.New(fault.Internal, "", "a call was not admitted")
		}
		return byKey(c)
	}
	return r
}
