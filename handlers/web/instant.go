package web

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tenure/tenancy/fault"
)

// Instants reads at and known_at of the query: instants of RFC 3339, or nil. A
// plus sign that came as a space is taken as one.
func (c *Call) Instants() (at, known *time.Time, err error) {
	if c.Request.URL.RawQuery == "" {
		return nil, nil, nil
	}
	query, err := c.Query()
	if err != nil {
		return nil, nil, err
	}
	if at, err = instantOf(query, "at"); err == nil {
		known, err = instantOf(query, "known_at")
	}
	return at, known, err
}

// Instant reads one instant of the query; nil without it.
func (c *Call) Instant(name string) (*time.Time, error) {
	query, err := c.Query()
	if err != nil {
		return nil, err
	}
	return instantOf(query, name)
}

// OnlyNow refuses another instant than now: what a client reads of itself by its
// own credentials is what is in force.
func (c *Call) OnlyNow() error {
	at, known, err := c.Instants()
	if err == nil && (at != nil || known != nil) {
		err = fault.New(fault.Forbidden, "", "by its own credentials a client reads what is in force now")
	}
	return err
}

func instantOf(query url.Values, name string) (*time.Time, error) {
	if !query.Has(name) {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(query.Get(name), " ", "+"))
	if err != nil || len(query[name]) > 1 || at.Year() < 1970 || at.Year() > 9999 {
		return nil, fault.New(fault.Malformed, fault.CodeQuery, "%s is one instant of RFC 3339, like 2026-01-31T12:00:00Z", name)
	}
	return &at, nil
}

// DryRun reports whether the query asks for a write to be tried only. What is
// neither true nor false is a fault: it must not be done for real by mistake.
func (c *Call) DryRun() (bool, error) {
	if !strings.Contains(c.Request.URL.RawQuery, dryRun) {
		return false, nil
	}
	query, err := c.Query()
	if err != nil || len(query[dryRun]) == 0 {
		return false, err
	}
	switch value := query.Get(dryRun); {
	case len(query[dryRun]) == 1 && value == "true":
		return true, nil
	case len(query[dryRun]) == 1 && value == "false":
		return false, nil
	}
	return false, fault.New(fault.Malformed, fault.CodeQuery, "dry_run is true or false")
}

const dryRun = "dry_run"

// refuseDryRun refuses a trial at a surface that has none.
func (c *Call) refuseDryRun() error {
	if c.surface.DryRuns || c.reads() {
		return nil
	}
	asked, err := c.DryRun()
	if asked {
		err = fault.New(fault.Malformed, fault.CodeQuery, "dry_run is taken by /v1 only: nothing was done")
	}
	return err
}

// AcceptDatetime reads the header of RFC 7089; nil without one.
func (c *Call) AcceptDatetime() (*time.Time, error) {
	text, err := Once(c.Request.Header, "Accept-Datetime")
	if err != nil || text == "" {
		return nil, err
	}
	at, err := http.ParseTime(text)
	if err != nil || at.Year() < 1970 {
		return nil, fault.New(fault.Malformed, "", "Accept-Datetime is not a date of RFC 9110")
	}
	return &at, nil
}

// Fresh says how long answers may be held: Limit at most, and never beyond the
// instant at which they change. Nobody holds a wrong answer longer than Limit.
type Fresh struct {
	limit time.Duration
	full  []string // Cache-Control of an answer with no change in sight
}

// Values of Cache-Control that never vary.
var (
	immutable = []string{"private, max-age=31536000, immutable"}
	askAgain  = []string{"private, no-cache"}
)

// NewFresh makes one of a limit; zero is a minute.
func NewFresh(limit time.Duration) Fresh {
	if limit == 0 {
		limit = time.Minute
	}
	return Fresh{limit, maxAge(limit)}
}

func maxAge(d time.Duration) []string {
	seconds := int64(math.Floor(d.Seconds()))
	if seconds < 1 {
		return askAgain
	}
	return []string{"private, max-age=" + strconv.FormatInt(seconds, 10)}
}

// Until gives the reply, which may be shared and is not changed, the
// Cache-Control of an answer that changes at the first of the instants. Zero
// ones are none.
func (f Fresh) Until(reply *Reply, now time.Time, ends ...time.Time) *Reply {
	limit := f.limit
	for _, end := range ends {
		if !end.IsZero() {
			limit = min(limit, end.Sub(now))
		}
	}
	value := f.full
	if limit < f.limit {
		value = maxAge(limit)
	}
	own := *reply
	own.CacheControl = value
	return &own
}

// Whole is Until for an answer with no change in sight.
func (f Fresh) Whole(reply *Reply) *Reply {
	own := *reply
	own.CacheControl = f.full
	return &own
}

// Then gives the reply the Cache-Control of an answer about another instant
// than now: one that is final may be held for ever, any other is asked again.
func Then(reply *Reply, final bool) *Reply {
	own := *reply
	own.CacheControl = askAgain
	if final {
		own.CacheControl = immutable
	}
	return &own
}
