package web

import (
	"time"

	"tenure/tenancy/fault"
)

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
