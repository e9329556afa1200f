package history

import (
	"context"
	"fmt"
	"time"

	"tenure/tenancy/db"
)

// Polling of the head, where other nodes write too.
const (
	PollEvery = 500 * time.Millisecond
	staleTime = 2 * time.Second
	pollBatch = 1000
)

// Follow polls the head until ctx ends, so that what other nodes commit
// reaches this node's subscribers. On SQLite there are no others and it
// returns at once.
func (l *Log) Follow(ctx context.Context, d *db.DB, failed func(error)) {
	if d.Dialect == db.SQLite {
		return
	}
	ticker := time.NewTicker(PollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := l.Poll(ctx, d); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// Poll hands on every event after the last poll, this node's own among them.
func (l *Log) Poll(ctx context.Context, d *db.DB) error {
	for {
		var events []Applied
		var head Head
		err := d.View(ctx, func(c *db.Conn) (err error) {
			if head, err = ReadHead(c); err != nil || head.Size == l.polled {
				return err
			}
			events, err = readApplied(c, l.polled)
			return err
		})
		if err != nil {
			return err
		}
		if len(events) == 0 && head.Size != l.polled {
			return fmt.Errorf("the log has %d entries, this node has seen %d: it was cut or restored", head.Size, l.polled)
		}
		if len(events) > 0 {
			l.polled = events[len(events)-1].Idx + 1
			l.publish(events, l.polled)
		}
		l.observe(head.Clock, l.polled)
		if l.polled == head.Size {
			l.lastPoll.Store(time.Now().UnixNano())
			return nil
		}
	}
}

// Fresh reports whether caches may be used: always where only this node
// writes, else while the last successful poll is recent.
func (l *Log) Fresh() bool {
	last := l.lastPoll.Load()
	return last == 0 || time.Now().UnixNano()-last < int64(staleTime)
}

func readApplied(c *db.Conn, from int64) ([]Applied, error) {
	var rows []eventRow
	if err := c.Select(&rows, "SELECT "+eventColumns+" FROM log_event WHERE idx >= ? ORDER BY idx LIMIT ?",
		from, pollBatch); err != nil {
		return nil, err
	}
	events := make([]Applied, 0, len(rows))
	for _, r := range rows {
		env, err := DecodeEnvelope([]byte(r.Envelope))
		if err != nil {
			return nil, err
		}
		events = append(events, Applied{r.Idx, r.Kind, env.ObjectKind, r.ObjectID, r.Ref, r.OrgID, r.ObjectSeq})
	}
	return events, nil
}
