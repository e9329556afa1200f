package history

import (
	"context"
	"fmt"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Times of the feed, where other nodes write too.
const (
	PollEvery = 500 * time.Millisecond
	pollTime  = time.Second     // the most that one step of a poll may take
	StaleTime = 2 * time.Second // how old the last poll may be while memory is used
	pollBatch = 1000            // events in one step
)

// Change is a committed event as a mirror gets it.
type Change struct {
	Applied
	Row any // of RecordRow; nil for a change that this process did not make
}

// OnCommit calls fn with every batch of events after it is committed and
// before its writers are answered, and with those of other nodes when Poll
// sees them. An event may be handed over twice, and on PostgreSQL fn may be
// called by both at the same time. fn must be quick.
func (l *Log) OnCommit(fn func(events []Applied, size int64)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers = append(l.subscribers, fn)
}

// Mirror is OnCommit for a copy of rows in memory; mirrors are called before
// the subscribers. For a batch of this process, changes have their rows and c
// is nil: the committer must not wait for a reader. For a poll, c is the view
// that the poll reads, and Row is nil. size is the log's size after the
// changes. If fn fails on a poll, the poll fails and the next one hands the
// same changes over again; until one succeeds the node is not Fresh. On
// PostgreSQL fn may run for a batch and for a poll at the same time, and the
// poll's view may then be older than the batch.
func (l *Log) Mirror(fn func(c *db.Conn, changes []Change, size int64) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mirrors = append(l.mirrors, fn)
}

// Follow polls until ctx ends, so that what other nodes commit reaches this
// node, or until the log is gone (Gone). ended is called after each poll, with what it failed
// with. On SQLite there are no other nodes, and it
// looks for the latter only.
func (l *Log) Follow(ctx context.Context, d *db.DB, ended func(error)) {
	poll := l.Poll
	if !l.shared {
		poll = l.look
	}
	ticker := time.NewTicker(PollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			err := poll(ctx, d)
			if l.Gone() != nil {
				return
			}
			if ctx.Err() == nil {
				ended(err)
			}
		}
	}
}

// look compares the log with what this node has seen of it.
func (l *Log) look(ctx context.Context, d *db.DB) error {
	if d.Replaced() {
		return l.rolledBack(RolledBack{Replaced: true})
	}
	seen := *l.tip.Load()
	return d.View(ctx, func(c *db.Conn) error {
		head, err := ReadHead(c)
		if err != nil {
			return err
		}
		return l.goesOn(c, head, seen)
	})
}

// goesOn compares the log's end and its clock with what they were and should be.
func (l *Log) goesOn(c *db.Conn, head Head, seen tip) error {
	if err := l.stands(c, head, seen); err != nil {
		return err
	}
	return l.noteLead(c, head)
}

// Poll hands on every event after the last poll, this node's own among them.
// Polls run one after another: whoever calls it waits for the one under way.
func (l *Log) Poll(ctx context.Context, d *db.DB) error {
	if err := l.lockPolls(ctx); err != nil {
		return err
	}
	defer l.unlockPolls()
	return l.poll(ctx, d)
}

// Current returns nil when this node's memory has everything that was
// committed until StaleTime ago. If the last poll is older than that, it polls
// now; if that fails too, it returns Unavailable, so that nobody is answered
// from an old copy. It takes pollTime at most.
func (l *Log) Current(ctx context.Context) error {
	if l.Fresh() {
		return nil
	}
	err := l.catchUp(ctx)
	if err == nil {
		return nil
	}
	if gone := l.Gone(); gone != nil {
		return gone
	}
	f := fault.Wrap(err, fault.Unavailable, "", "this node cannot read the latest changes from the store")
	f.RetryAfter = PollEvery
	return f
}

func (l *Log) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	if err := l.lockPolls(ctx); err != nil {
		return err
	}
	defer l.unlockPolls()
	if l.Fresh() { // whoever polled before has done it
		return nil
	}
	return l.poll(ctx, l.db)
}

func (l *Log) lockPolls(ctx context.Context) error {
	select {
	case l.polling <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Timeout, "", "the store did not answer in time")
	}
}

func (l *Log) unlockPolls() { <-l.polling }

func (l *Log) poll(ctx context.Context, d *db.DB) (err error) {
	defer func() { l.noteOutage(ctx, err) }()
	for {
		asked, missed := l.age(), l.missed.Load()
		size, err := l.pollStep(ctx, d)
		if err != nil {
			return err
		}
		if l.polled == size {
			l.lastPoll.Store(&asked)
			l.caught.Store(missed)
			return nil
		}
	}
}

// pollStep hands on at most pollBatch events and returns the log's size. Where
// no other node writes it is a repair, for which the committer waits: no later
// poll would correct a mirror that took older rows after newer ones.
func (l *Log) pollStep(ctx context.Context, d *db.DB) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	if !l.shared {
		l.repair.Lock()
		defer l.repair.Unlock()
	}
	var events []Applied
	var head Head
	seen, end := *l.tip.Load(), tip{}
	err := d.ViewAside(ctx, func(c *db.Conn) (err error) {
		before := l.beforeAsking()
		if head, err = ReadHead(c); err != nil {
			return err
		}
		if l.clocked() {
			l.compared(before, head.Now)
		}
		if err := l.goesOn(c, head, seen); err != nil || head.Size == l.polled {
			return err
		}
		if events, end.leaf, err = readApplied(c, l.polled); err != nil {
			return err
		}
		if len(events) == 0 {
			return fmt.Errorf("the log has %d entries, and none after %d", head.Size, l.polled)
		}
		changes := make([]Change, len(events))
		for i, e := range events {
			changes[i].Applied = e
		}
		return l.mirror(c, changes, events[len(events)-1].Idx+1)
	})
	if err != nil {
		return 0, err
	}
	if len(events) > 0 {
		l.polled = events[len(events)-1].Idx + 1
		l.publish(events, l.polled)
	}
	if l.polled == head.Size {
		end.point, end.clock = point{head.Size, head.Root}, head.Clock
		if len(events) > 0 {
			l.sawTip(end)
		}
		l.mirroredUpTo(end.point)
	}
	l.head.Store(head.Clock)
	l.observe(head.Clock, l.polled)
	return head.Size, nil
}

// Fresh reports whether memory may be used: it has everything that was
// committed until StaleTime ago. Where only this node writes that is always so,
// unless it could not learn what became of its own commit.
func (l *Log) Fresh() bool {
	if l.gone.Load() != nil || l.missed.Load() != l.caught.Load() {
		return false
	}
	if !l.shared {
		return true
	}
	last := l.lastPoll.Load()
	return last != nil && l.age().Sub(*last) < StaleTime
}

// Await returns once every node answers with what was committed before the
// call: at once where there is only this node, else after StaleTime, when each
// other node has polled since or does not trust its memory any more. If ctx ends
// first, it returns ctx's error.
func (l *Log) Await(ctx context.Context) error {
	if !l.shared {
		return nil
	}
	select {
	case <-l.after(StaleTime):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Log) mirror(c *db.Conn, changes []Change, size int64) error {
	l.mu.Lock()
	mirrors := l.mirrors
	l.mu.Unlock()
	for _, fn := range mirrors {
		if err := fn(c, changes, size); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) publish(events []Applied, size int64) {
	l.mu.Lock()
	subscribers := l.subscribers
	l.mu.Unlock()
	for _, fn := range subscribers {
		fn(events, size)
	}
}

// readApplied reads what is to be handed on, and the hash of its last entry.
func readApplied(c *db.Conn, from int64) ([]Applied, []byte, error) {
	var rows []eventRow
	if err := c.Select(&rows, "SELECT "+eventColumns+" FROM log_event WHERE idx >= ? ORDER BY idx LIMIT ?",
		from, pollBatch); err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	events := make([]Applied, 0, len(rows))
	for _, r := range rows {
		env, err := DecodeEnvelope([]byte(r.Envelope))
		if err != nil {
			return nil, nil, err
		}
		events = append(events, Applied{r.Idx, r.Kind, env.ObjectKind, r.ObjectID, r.Ref, r.OrgID, r.ObjectSeq})
	}
	return events, rows[len(rows)-1].LeafHash, nil
}
