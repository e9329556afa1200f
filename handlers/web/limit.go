package web

import (
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"tenure/tenancy/fault"
)

// Limiter bounds how often something happens per key, in bounded memory: the
// least used keys are forgotten, and with them at most one burst.
type Limiter struct {
	buckets *otter.Cache[string, *rate.Limiter]
	every   rate.Limit
	burst   int
	now     func() time.Time
}

// NewLimiter allows burst events at once for a key, and one more per interval.
func NewLimiter(interval time.Duration, burst, keys int, now func() time.Time) *Limiter {
	return &Limiter{buckets: otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: keys}),
		every: rate.Every(interval), burst: burst, now: now}
}

// Take counts one event; Throttled, with the time to wait, beyond the limit.
func (l *Limiter) Take(key string) error {
	bucket, _ := l.buckets.ComputeIfAbsent(key, func() (*rate.Limiter, bool) { return rate.NewLimiter(l.every, l.burst), false })
	now := l.now()
	r := bucket.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	f := fault.New(fault.Throttled, "", "too many requests; try again later")
	f.RetryAfter = wait
	return f
}
