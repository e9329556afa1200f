package web

import (
	"net/http"

	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Headers by which a caller reads what it wrote, at whatever node.
const (
	headerRevision = "Tenure-Revision" // of the answer to a write, and to a read that sends the next
	headerAtLeast  = "Tenure-At-Least" // of a request: it is answered at that revision or a later one
)

// atLeast waits until this node shows the revision that the request asks for.
func (c *Call) atLeast(orgs *tenancy.Store) error {
	asked, err := Once(c.Request.Header, headerAtLeast)
	if err != nil || len(c.Request.Header[headerAtLeast]) == 0 {
		return err
	}
	size, ok := history.ParseRevision(asked)
	if !ok {
		return fault.New(fault.Malformed, "", "the header %s must be what an answer had as %s", headerAtLeast, headerRevision)
	}
	return orgs.AtLeast(c.Request.Context(), size)
}

// tellRevision adds the revision to the answer of a write that was made, and of a read
// that asked for one.
func (h *handler) tellRevision(c *Call, reply *Reply) {
	if reply.Status >= http.StatusBadRequest || c.Route == nil || c.Route.Open {
		return
	}
	if !c.reads() || len(c.Request.Header[headerAtLeast]) > 0 {
		c.w.Header()[headerRevision] = []string{h.Tenancy.Revision()}
	}
}
