package web

import (
	"net/http"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Rates are how many requests a second the callers with an API key may make; 0 is
// for as many as they like. A write is every request but GET and HEAD. A second's
// worth may come at once.
type Rates struct{ Key, KeyWrites, Organization, OrganizationWrites uint64 }

// rateKeys is how many keys or organizations a limit remembers.
const rateKeys = 100_000

// RateLimits count the requests of keys and of organizations, on one node.
type RateLimits struct{ limits []rateLimit }

type rateLimit struct {
	*Limiter
	of     func(tenancy.Principal) string
	writes bool // counts writes only
	text   string
}

// NewRateLimits makes the limits of the rates; now is the clock.
func NewRateLimits(r Rates, now func() time.Time) *RateLimits {
	key := func(p tenancy.Principal) string { return p.KeyID }
	org := func(p tenancy.Principal) string { return string(p.Org) }
	all := &RateLimits{}
	for _, row := range []struct {
		rate   uint64
		of     func(tenancy.Principal) string
		writes bool
		text   string
	}{
		{r.KeyWrites, key, true, "too many writes with this API key; try again later"},
		{r.Key, key, false, "too many requests with this API key; try again later"},
		{r.OrganizationWrites, org, true, "too many writes of this organization; try again later"},
		{r.Organization, org, false, "too many requests of this organization; try again later"},
	} {
		if row.rate == 0 {
			continue
		}
		rate := min(row.rate, uint64(time.Second))
		limiter := NewLimiter(time.Second/time.Duration(rate), int(rate), rateKeys, now)
		all.limits = append(all.limits, rateLimit{limiter, row.of, row.writes, row.text})
	}
	return all
}

// take counts a request of an API key: Throttled past a limit.
func (all *RateLimits) take(p tenancy.Principal, method string) error {
	if all == nil {
		return nil
	}
	write := method != http.MethodGet && method != http.MethodHead
	for i, limit := range all.limits {
		if limit.writes && !write {
			continue
		}
		if err := limit.Take(limit.of(p)); err != nil {
			for _, counted := range all.limits[:i] {
				if !counted.writes || write {
					counted.Give(counted.of(p))
				}
			}
			f := fault.New(fault.Throttled, "", "%s", limit.text)
			f.RetryAfter = fault.Of(err).RetryAfter
			return f
		}
	}
	return nil
}
