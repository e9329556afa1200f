package web

import (
	"math"
	"strconv"
	"time"
)

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
