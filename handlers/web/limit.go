package web

import (
	"time"

	"github.com/maypok86/otter/v2"

	"tenure/tenancy/fault"
)

// Limiter bounds how often something happens per key, in bounded memory: the
// least used keys are forgotten, and with them at most one burst.
type Limiter struct {
	whole    computed // when the key may have its full burst again
	interval time.Duration
	burst    int
	now      func() time.Time
}

// computed is a cache whose entry changes in one step. It is an interface so that
// the packages which know a Limiter do not compile the cache's code again.
type computed interface {
	Compute(key string, next func(at time.Time, found bool) (time.Time, otter.ComputeOp)) (time.Time, bool)
}

// Rate allows Burst events at once and one more per Every.
type Rate struct {
	Every time.Duration
	Burst int
}

// Limiter makes one of the rate, or of def where that is zero.
func (r Rate) Limiter(def Rate, keys int, now func() time.Time) *Limiter {
	if r.Burst == 0 {
		r = def
	}
	return NewLimiter(r.Every, r.Burst, keys, now)
}

// NewLimiter allows burst events at once for a key, and one more per interval.
func NewLimiter(interval time.Duration, burst, keys int, now func() time.Time) *Limiter {
	return &Limiter{whole: otter.Must(&otter.Options[string, time.Time]{MaximumSize: keys}), interval: interval, burst: burst, now: now}
}

// Take counts one event; Throttled, with the time to wait, beyond the limit.
func (l *Limiter) Take(key string) error { return l.TakeN(key, 1) }

// TakeN counts n events, such as bytes, at once. More than the burst are Throttled
// like any others, and never fit.
func (l *Limiter) TakeN(key string, n int) error {
	now := l.now()
	var wait time.Duration
	l.whole.Compute(key, func(at time.Time, _ bool) (time.Time, otter.ComputeOp) {
		if at.Before(now) {
			at = now
		}
		at = at.Add(time.Duration(n) * l.interval)
		if wait = at.Sub(now) - time.Duration(l.burst)*l.interval; wait > 0 {
			return at, otter.CancelOp
		}
		return at, otter.WriteOp
	})
	if wait <= 0 {
		return nil
	}
	f := fault.New(fault.Throttled, "", "too many requests; try again later")
	f.RetryAfter = wait
	return f
}

// Give takes back one event that Take counted, so that only what fails is
// bounded, and no number of attempts at once goes past the limit.
func (l *Limiter) Give(key string) {
	l.whole.Compute(key, func(at time.Time, found bool) (time.Time, otter.ComputeOp) {
		if !found {
			return at, otter.CancelOp
		}
		return at.Add(-l.interval), otter.WriteOp
	})
}
