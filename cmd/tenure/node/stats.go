package node

import (
	"context"
	"net/http"
	"time"

	"tenure/handlers"
	"tenure/snapshots/caches"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

// statsTime is how long the database may take to say what Stats asks of it.
const statsTime = 2 * time.Second

const day = 24 * time.Hour

// Stats are how a node fares: what metrics are made of.
type Stats struct {
	DB         db.Stats
	Checks     []handlers.Check // what /readyz says
	Caches     []caches.Stats
	Disclosed  uint64 // secrets shown
	Stale      uint64 // answers from memory that was not current
	Log        history.Status
	Checkpoint *Checkpoint
	Ending     map[string]int // API keys that expire within a time, such as 7d
	Witnesses  []witness.Status
}

// Checkpoint is the newest one of the log; nil in Stats if there is none, or if the
// database did not answer.
type Checkpoint struct {
	Size int64
	At   time.Time
}

// Stats reads how the node fares now.
func (n *Node) Stats(ctx context.Context) Stats {
	ctx, cancel := context.WithTimeout(ctx, statsTime)
	defer cancel()
	s := Stats{DB: n.DB.Stats(), Checks: n.health(ctx), Caches: n.Snapshots.Caches(), Disclosed: n.Snapshots.Disclosed(), Stale: n.web.Stale.Answers(), Log: n.logStatus()}
	s.Ending = map[string]int{}
	for within, span := range map[string]time.Duration{"1d": day, "7d": 7 * day, "30d": 30 * day} {
		s.Ending[within] = n.Tenancy.KeysEnding(span)
	}
	if n.cosigner != nil {
		s.Witnesses = n.cosigner.Status()
	}
	_ = n.DB.View(ctx, func(c *db.Conn) error { // without an answer there is no checkpoint to tell of
		newest, at, err := history.NewestCheckpoint(c)
		if err == nil {
			s.Checkpoint = &Checkpoint{newest.Size, at.Time()}
		}
		return err
	})
	return s
}

// Operations is a handler of what /livez and /readyz answer, and of nothing else.
func (n *Node) Operations() http.Handler {
	return n.mounted(func() http.Handler { return handlers.NewOperations(n.web, n.stores) })
}
