package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"tenure/tenancy/fault"
)

// RequestTime is how long a call may take if neither Config nor its route says.
const RequestTime = 15 * time.Second

// LongTime is Route.Time of what takes long on purpose: exports, evidence, and changes of
// many objects.
const LongTime = 5 * time.Minute

// sendTime is how long an answer may take to be sent once its call's time is over.
const sendTime = 30 * time.Second

// deadline is the context of a call. Its timer is started when somebody first waits, as most
// reads are answered from memory.
type deadline struct {
	context.Context // the request's own, which ends when the caller hangs up

	mu     sync.Mutex
	at     time.Time
	timed  context.Context // nil until somebody waits
	cancel context.CancelFunc
}

func (d *deadline) start() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.cancel = context.WithDeadline(d.Context, d.at)
	}
	return d.timed
}

func (d *deadline) Done() <-chan struct{} { return d.start().Done() }

func (d *deadline) Deadline() (time.Time, bool) { return d.start().Deadline() }

func (d *deadline) Err() error {
	d.mu.Lock()
	waits := d.timed != nil || !time.Now().Before(d.at)
	d.mu.Unlock()
	if waits {
		return d.start().Err()
	}
	return d.Context.Err()
}

// Value passes on what the timed context says of itself, so that contexts made of this one
// end with it without a goroutine.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	from := d.timed
	d.mu.Unlock()
	if from == nil {
		from = d.Context
	}
	return from.Value(key)
}

// move sets the deadline anew, unless somebody waits already.
func (d *deadline) move(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.at = at
	}
}

// end comes after the answer. Whoever still waits need not.
func (d *deadline) end() {
	d.move(time.Time{})
	if d.cancel != nil {
		d.cancel()
	}
}

// bound gives the call its deadline. The time of its body does not count (Body).
func (c *Call) bound(usual time.Duration) {
	c.time = usual
	if c.Route.Time > 0 {
		c.time = c.Route.Time
		// A writer that has no connection below it has no deadline to set.
		_ = http.NewResponseController(c.w).SetWriteDeadline(c.started.Add(c.time + sendTime))
	}
	c.deadline = &deadline{Context: c.Request.Context(), at: c.started.Add(c.time)}
	c.Request = c.Request.WithContext(c.deadline)
}

// Longer is a context for what the caller itself wants to wait for, whatever the call's own
// deadline is.
func (c *Call) Longer(span time.Duration) (context.Context, context.CancelFunc) {
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(span + sendTime))
	return context.WithTimeout(c.deadline.Context, span)
}

// inTime makes a Timeout of the end of the call's time, wherever it was noticed.
func inTime(err error) error {
	if fault.Is(err, fault.Internal) && errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(err, fault.Timeout, "", "the request took too long")
	}
	return err
}
