package node

import (
	"context"
	"time"

	"tenure/handlers"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// hangTime is how long a batch of writes may take on a node that is ready: hundreds of times
// of what it usually takes.
const hangTime = 5 * time.Second

// health looks at what a node depends on, each by its name.
func (n *Node) health(ctx context.Context) []handlers.Check {
	s := n.logStatus()
	feed := handlers.Check{Name: "feed", Reads: true, Figures: map[string]int64{"age_ms": s.FeedAge.Milliseconds()}}
	clock := handlers.Check{Name: "clock", Figures: map[string]int64{"ahead_ms": s.ClockAhead.Milliseconds(), "log_ahead_ms": s.LogAhead.Milliseconds()}}
	log := handlers.Check{Name: "log", Figures: map[string]int64{"entries": s.Size}}
	if s.FeedAge > history.StaleTime {
		feed.Word, feed.Reason = handlers.WordFeedOld, "what other nodes have changed is not known"
	}
	switch {
	case s.ClockAhead > history.MaxAhead:
		clock.Word, clock.Reason = handlers.WordClockAhead, "this node's clock is ahead of the database's: it writes nothing"
	case s.ClockAhead < -history.MaxBehind:
		clock.Word, clock.Reason = handlers.WordClockBehind, "this node's clock is behind the database's: it writes nothing"
	case s.LogRefuses:
		clock.Word, clock.Reason = handlers.WordLogClockAhead, "the log's clock is ahead by more than an hour: see tenure log clock"
	}
	if s.RolledBack != nil {
		log.Word, log.Reason = handlers.WordLogRolledBack, "the database was rolled back: nothing is written or signed"
		if n.staying.Load() == nil {
			feed.Word, feed.Reason = "", "" // it is not followed any more
		}
	}
	database := n.database(ctx)
	if n.web.Stale != nil {
		if _, out := n.Log.OutageKnown(n.web.Stale.For); out {
			feed.Word, feed.Reason = handlers.WordStale, "the database cannot be reached: keys of the role reader read from memory, nothing else goes on"
			feed.Stale, database.Stale = true, true
		}
	}
	return []handlers.Check{n.stopping(), database, feed, clock, log, n.disk()}
}

// logStatus is how the log fares. Of one that was rolled back the feed's age is that of what
// reads follow now.
func (n *Node) logStatus() history.Status {
	s := n.Log.Status()
	if log := n.staying.Load(); log != nil {
		s.FeedAge = log.Status().FeedAge
	}
	return s
}

func (n *Node) database(ctx context.Context) handlers.Check {
	c := handlers.Check{Name: "database", Reads: true}
	switch {
	case n.DB.Ping(ctx) != nil:
		c.Word, c.Reason = handlers.WordUnreachable, "the stores do not answer"
	case n.DB.Under() > hangTime:
		c.Word, c.Reason, c.Reads = handlers.WordWritesHang, "a write has been under way for more than five seconds, and all others wait for it", false
	}
	return c
}

func (n *Node) disk() handlers.Check {
	c := handlers.Check{Name: "disk"}
	if err := n.DB.Writable(); err != nil {
		c.Word, c.Reason = handlers.WordNotWritable, fault.Of(err).Message
	}
	return c
}
