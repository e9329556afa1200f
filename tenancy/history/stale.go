package history

import (
	"context"
	"time"
)

// outage is what the last poll that failed found out.
type outage struct {
	at          time.Time // by Log.age
	unreachable bool      // the database, not only the answer
}

// noteOutage keeps how a poll ended. A poll that its caller gave up, or that waited for a
// connection in vain, says nothing.
func (l *Log) noteOutage(ctx context.Context, err error) {
	switch {
	case err == nil:
		l.outage.Store(nil)
	case ctx.Err() == nil && !l.db.Waited(err):
		l.outage.Store(&outage{l.age(), l.db.Unreachable(err)})
	}
}

// Outage reports whether the database cannot be reached and the last successful poll is not
// older than most, and returns the age of that poll: then memory has what was
// committed so long ago, and nobody can know better. It polls if nobody did in the last
// PollEvery, so the end of an outage is noticed at once. It is false while memory may be
// used as it is (Fresh), and see OutageKnown.
func (l *Log) Outage(ctx context.Context, most time.Duration) (age time.Duration, out bool) {
	if l.Fresh() || !l.shared || l.gone.Load() != nil {
		return 0, false
	}
	if known := l.outage.Load(); known == nil || l.age().Sub(known.at) >= PollEvery && len(l.polling) == 0 {
		_ = l.catchUp(ctx) // its outcome is noted
	}
	return l.OutageKnown(most)
}

// OutageKnown is Outage by the polls so far. It is false on SQLite, where memory is
// exact without a poll; where the log was rolled back; where this node's clock is wrong, or was
// set since the last poll; and where memory lacks a change of this node that was made.
func (l *Log) OutageKnown(most time.Duration) (age time.Duration, out bool) {
	known, last := l.outage.Load(), l.lastPoll.Load()
	if known == nil || !known.unreachable || last == nil || !l.shared || l.gone.Load() != nil || l.torn.Load() > l.caught.Load() {
		return 0, false
	}
	if wrong(time.Duration(l.skew.Load())) || l.wasSet() {
		return 0, false
	}
	age = l.age().Sub(*last)
	return age, age >= StaleTime && age <= most
}

// reading is what a node's clock said, and when by Log.age, which goes on evenly while
// somebody sets the clock.
type reading struct {
	wall int64 // µs
	age  time.Time
}

// wasSet reports whether this node's clock was set since it was compared with the database's.
func (l *Log) wasSet() bool {
	before := l.read.Load()
	if before == nil {
		return false
	}
	by := time.Duration(l.wall().UnixMicro()-before.wall)*time.Microsecond - l.age().Sub(before.age)
	return by > MaxAhead || by < -MaxAhead
}

// onlyMemory is why a context of OnlyMemory has ended.
type onlyMemory struct{}

func (onlyMemory) Error() string { return "only memory may be asked" }

// OnlyMemory is a context of reads that may be answered from memory which is not Fresh.
// It has ended, so nothing asks the database for them.
func OnlyMemory(ctx context.Context) context.Context {
	ended, end := context.WithCancelCause(ctx)
	end(onlyMemory{})
	return ended
}

// IsOnlyMemory reports whether ctx is one of OnlyMemory.
func IsOnlyMemory(ctx context.Context) bool {
	_, is := context.Cause(ctx).(onlyMemory)
	return is
}
