package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

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
	revision, ok := history.ParseRevision(asked)
	if !ok {
		return fault.New(fault.Malformed, "", "the header %s must be what an answer had as %s", headerAtLeast, headerRevision)
	}
	return orgs.AtLeast(c.Request.Context(), revision)
}

// tellRevision adds the revision to the answer of a write that was made, and of a read
// that asked for one.
func (h *handler) tellRevision(c *Call, reply *Reply) {
	if reply.Status >= http.StatusBadRequest || c.Route == nil || c.Route.Open {
		return
	}
	if !c.reads() || len(c.Request.Header[headerAtLeast]) > 0 {
		c.w.Header()[headerRevision] = []string{h.Tenancy.Revision().String()}
	}
}

// MostStale is the most that Stale.For may be.
const MostStale = 24 * time.Hour

// Stale lets keys of the role reader read clients from memory while the database cannot be
// reached.
type Stale struct {
	For     time.Duration // since the last successful poll
	answers atomic.Uint64
}

// Answers is how many answers came from memory that was not current; 0 for nil.
func (s *Stale) Answers() uint64 {
	if s == nil {
		return 0
	}
	return s.answers.Load()
}

// admitStale makes the Scope of a call that is answered from memory, and whose context ends,
// so that nothing asks the database. It reports false for calls that are to be answered
// as always: the database answers, or the key has another role.
func (h *handler) admitStale(c *Call) (admitted bool, err error) {
	age, out := h.Tenancy.Outage(c.Request.Context(), h.Stale.For)
	if !out {
		return false, nil
	}
	key, _, err := c.credentials()
	if err == nil {
		var p tenancy.Principal
		if p, err = h.Tenancy.Remembered(key); err == nil && p.Role != tenancy.Reader {
			return false, nil
		}
	}
	if fault.Is(err, fault.Unavailable) {
		return true, errForgotten(err)
	}
	c.age = age
	c.Request = c.Request.WithContext(history.OnlyMemory(c.Request.Context()))
	err = h.admit(c)
	if fault.HasCode(err, fault.CodeOrgUnknown) && !h.Tenancy.Knows(c.acting) {
		err = errForgotten(err)
	}
	return true, err
}

// forgotten is the fault of a call that memory could not answer.
func (c *Call) forgotten(err error) error {
	if c.age > 0 && (fault.Is(err, fault.Timeout) || errors.Is(err, context.Canceled)) {
		return errForgotten(err)
	}
	return err
}

func errForgotten(err error) error {
	f := fault.Wrap(err, fault.Unavailable, "", "the store cannot be reached, and this node does not have the answer in memory")
	f.RetryAfter = history.PollEvery
	return f
}

// tellAge marks what came from memory that was not current (RFC 9111), so that nobody
// keeps it.
func (c *Call) tellAge(header http.Header, status int) {
	if status >= http.StatusInternalServerError {
		return
	}
	header["Age"] = []string{strconv.FormatInt(int64(c.age/time.Second), 10)}
	header["Warning"] = []string{`110 - "Response is Stale"`}
	header["Cache-Control"] = noStore
}
