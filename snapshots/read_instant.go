package snapshots

import (
	"math"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/history"
)

// Instant says on both clocks what a read is about; the zero value is now, with
// everything that is known.
type Instant struct {
	At    *history.Millis // what was, or will be, in force then; nil for now
	Known *history.Micros // counting only what had been recorded by then; nil for all
}

// InstantOf is the instant that a request names on both clocks; nil is not named.
func InstantOf(at, known *time.Time) Instant {
	var in Instant
	if at != nil {
		m := history.Millis(at.UnixMilli())
		in.At = &m
	}
	if known != nil {
		m := history.Micros(known.UnixMicro())
		in.Known = &m
	}
	return in
}

// Given reports whether the instant is another than now.
func (in Instant) Given() bool { return in.At != nil || in.Known != nil }

// Recorded is the instant at which to ask what takes effect when it is recorded,
// as the organization tree does.
func (in Instant) Recorded(now history.Micros) history.Micros {
	m := in.moment(now.Millis())
	if in.At == nil {
		return min(now, m.known)
	}
	return m.tree()
}

// need is what reading at the instant takes: the past and the future are not
// for everybody, nor is what was once planned.
func (in Instant) need(now history.Millis) tenancy.Permission {
	need := tenancy.Resolve
	if in.At != nil && *in.At > now || in.Known != nil {
		need |= tenancy.Plans
	}
	if in.At != nil && *in.At < now || in.Known != nil {
		need |= tenancy.History
	}
	return need
}

// Final reports whether what is read at the instant can never change: both
// clocks are given, and neither is ahead of what was committed.
func (s *Store) Final(in Instant) bool {
	committed := s.log.Committed()
	return in.At != nil && in.Known != nil && *in.At <= committed.Millis() && *in.Known <= committed
}

// forever is the instant by which everything is known.
const forever = history.Micros(math.MaxInt64)

// moment is an Instant with what it leaves out filled in.
type moment struct {
	at    history.Millis
	known history.Micros
}

func (in Instant) moment(now history.Millis) moment {
	m := moment{now, forever}
	if in.At != nil {
		m.at = *in.At
	}
	if in.Known != nil {
		m.known = *in.Known
	}
	return m
}

// tree is the moment at which the organization tree is asked: what happens to
// it takes effect when it is recorded.
func (m moment) tree() history.Micros { return min(m.at.Micros()+999, m.known) }
