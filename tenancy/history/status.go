package history

import "time"

// Status is how a node stands to the database and to the other nodes.
type Status struct {
	FeedAge    time.Duration // since the last poll that read everything began; 0 where no other node writes
	ClockAhead time.Duration // of this node's clock to the database's, at least; negative: behind; 0 on SQLite
	LogAhead   time.Duration // of the log's clock to the database's, or on SQLite to this node's; 0 where it is behind
	LogRefuses bool          // no change is accepted for that: see Lead.Refused
	Size       int64         // entries of the log that this node knows of
	RolledBack *RolledBack   // nil for nothing
}

// Status asks nothing of the database.
func (l *Log) Status() Status {
	s := Status{ClockAhead: time.Duration(l.skew.Load()), LogRefuses: l.refuses.Load(), Size: l.Size(), RolledBack: l.RolledBack()}
	if last := l.lastPoll.Load(); l.shared && last != nil {
		s.FeedAge = l.age().Sub(*last)
	}
	reference := l.wall().Add(-s.ClockAhead)
	if ahead := time.UnixMicro(l.head.Load()).Sub(reference); ahead > 0 {
		s.LogAhead = ahead
	}
	return s
}
