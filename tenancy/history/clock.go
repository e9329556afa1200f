package history

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Bounds of clocks. What a node's clock is held against is the database's own, on
// PostgreSQL; on SQLite that is this machine's, and nothing tells the two apart.
const (
	MaxBehind = time.Second            // how far behind a node's clock may be while it writes
	MaxAhead  = 500 * time.Millisecond // how far ahead
	// MaxLead is how far the log's clock may be ahead of what it is held against, while
	// changes go on: their instants count on in microseconds until time catches up.
	MaxLead = time.Hour
)

// maxWait is the longest that a caller is told to wait for the clock.
const maxWait = 24 * time.Hour

// ClockAhead is the event that begins such a stretch. Its detail is JSON: "until", the
// instant of the log's clock, and "now", what it was held against, in RFC 3339.
const ClockAhead = Kind("log.clock-ahead")

// leadName is the row of installation with the instant up to which the log says that its
// clock is ahead, and when that was said, both in microseconds.
const (
	leadName = "log-clock-ahead"
	leadForm = "%d %d"
)

// CompareClock makes the log compare this node's clock with that of a PostgreSQL
// database. It is called before Load; a log with the system's clock needs it not.
func (l *Log) CompareClock() { l.compare = true }

// clocked reports whether there is another clock to compare with.
func (l *Log) clocked() bool { return l.compare && l.shared }

// wrong reports whether a node whose clock is ahead by so much may not write.
func wrong(by time.Duration) bool { return by > MaxAhead || by < -MaxBehind }

// beforeAsking is this node's clock before the database is asked for its own; 0 where
// nothing is compared.
func (l *Log) beforeAsking() int64 {
	if !l.clocked() {
		return 0
	}
	return l.wall().UnixMicro()
}

// skew is by how much this node's clock is ahead of the database's at least (negative:
// behind), from what the database said between two readings of it.
func skew(before, database, after int64) time.Duration {
	switch {
	case before > database:
		return time.Duration(before-database) * time.Microsecond
	case after < database:
		return -time.Duration(database-after) * time.Microsecond
	}
	return 0
}

// compared keeps a comparison, and makes this node's now follow the database's clock
// while its own is wrong: what is planned must not take effect early.
func (l *Log) compared(before, database int64) time.Duration {
	after := l.wall().UnixMicro()
	by := skew(before, database, after)
	l.skew.Store(int64(by))
	l.read.Store(&reading{after, l.age()})
	if wrong(by) {
		l.offset.Store(by.Microseconds())
	} else {
		l.offset.Store(0)
	}
	return by
}

// held is what a batch's instants are held against.
type held struct {
	database int64     // its clock when the head was locked, µs; 0 where there is none
	since    time.Time // when it said so
}

// now is the wall clock, bounded by the database's.
func (h held) now(wall int64) int64 {
	if h.database == 0 {
		return wall
	}
	return min(wall, h.database+(time.Since(h.since)+MaxAhead).Microseconds())
}

// clocks compares the clocks of this node, the database and the log, and refuses a batch
// where they are too far apart.
func (l *Log) clocks(tx *db.Tx, head Head) error {
	reference := l.wall().UnixMicro()
	l.batch.held, l.batch.lead = held{}, 0
	if l.clocked() {
		l.batch.held = held{head.Now, time.Now()}
		by := skew(reference, head.Now, reference)
		if wrong(by) { // or the answer came late: asked again, to be sure
			before := l.wall().UnixMicro()
			var database int64
			if err := tx.Get(&database, "SELECT "+tx.ServerClock()+" FROM log_head WHERE log_id = 1"); err != nil {
				return err
			}
			by = l.compared(before, database)
		}
		switch {
		case by > MaxAhead:
			return clockFault(by, "this node's clock is %s ahead of the database's: it accepts no change until that is right", by.Round(time.Millisecond))
		case by < -MaxBehind:
			return clockFault(-by, "this node's clock is %s behind the database's: it accepts no change until that is right", (-by).Round(time.Millisecond))
		}
		reference = head.Now
	}
	if head.Clock-reference > MaxBehind.Microseconds() {
		return l.leads(tx, head.Clock, reference)
	}
	return nil
}

// leads decides what becomes of a batch whose log has a clock in the future: somebody's
// clock was ahead once. The log's goes on from there, and an event says so once.
func (l *Log) leads(tx *db.Tx, clock, reference int64) error {
	lead, err := readLead(&tx.Conn, clock, reference)
	switch {
	case err != nil:
		return err
	case lead.said():
		l.batch.most = int64(lead.until) + MaxLead.Microseconds()
		return nil
	case lead.Ahead() <= MaxLead || l.lead != nil:
		l.batch.lead, l.batch.reference = clock, reference
		l.batch.most = clock + MaxLead.Microseconds()
		return nil
	}
	return clockFault(lead.Ahead(), "the log's clock is more than %s ahead, which a wrong clock once made it: no change is accepted (tenure log clock)", MaxLead)
}

// Most is the greatest instant that a change may be given in the transaction under way:
// ahead of the wall clock by so much, or, where the log's own is far ahead of it, MaxLead
// after that.
func (l *Log) Most(ahead time.Duration) Micros {
	return max(l.Wall()+Micros(ahead.Microseconds()), Micros(l.batch.most))
}

func clockFault(by time.Duration, format string, args ...any) error {
	f := fault.New(fault.Unavailable, fault.CodeClock, format, args...)
	f.RetryAfter = min(by, maxWait)
	return f
}

// Lead is how the log's clock stands to the one that it is held against: the database's,
// or on SQLite the system's.
type Lead struct {
	Clock, Now Micros
	until      Micros // up to which instant the log says that its clock is ahead; 0 for never
	saidAt     Micros // when it said so
}

// ReadLead reads it.
func ReadLead(ctx context.Context, d *db.DB) (lead Lead, err error) {
	err = d.View(ctx, func(c *db.Conn) error {
		head, err := ReadHead(c)
		if err != nil {
			return err
		}
		if head.Now == 0 {
			head.Now = time.Now().UnixMicro()
		}
		lead, err = readLead(c, head.Clock, head.Now)
		return err
	})
	return lead, err
}

func readLead(c *db.Conn, clock, now int64) (Lead, error) {
	lead := Lead{Clock: Micros(clock), Now: Micros(now)}
	var text string
	err := c.Get(&text, "SELECT value FROM installation WHERE name = ?", leadName)
	if fault.Is(err, fault.NotFound) {
		return lead, nil
	}
	if err == nil {
		_, err = fmt.Sscanf(text, leadForm, &lead.until, &lead.saidAt)
	}
	return lead, err
}

// Ahead is by how much the log's clock is ahead, at most a day: enough for every text.
func (l Lead) Ahead() time.Duration {
	return time.Duration(min(max(l.Clock-l.Now, 0), Micros(maxWait.Microseconds()))) * time.Microsecond
}

// said reports whether an event has said already that the clock is ahead, up to now.
func (l Lead) said() bool {
	return l.until > l.Now && l.Clock-l.until <= Micros(MaxLead.Microseconds()) && l.Now >= l.saidAt-Micros(MaxBehind.Microseconds())
}

// Refused reports whether no change is accepted until an operator says so (MayLead), or
// time comes within MaxLead of the clock.
func (l Lead) Refused() bool { return l.Ahead() > MaxLead && !l.said() }

// noteLead keeps whether the log refuses changes for its clock, for Status.
func (l *Log) noteLead(c *db.Conn, head Head) error {
	now := head.Now
	if !l.clocked() {
		now = l.age().UnixMicro()
	}
	if head.Clock-now <= MaxLead.Microseconds() {
		l.refuses.Store(false)
		return nil
	}
	lead, err := readLead(c, head.Clock, now)
	l.refuses.Store(err == nil && lead.Refused())
	return err
}

// tellLead adds the event of a batch that begins to count ahead.
func (l *Log) tellLead(tx *db.Tx, events []any) ([]any, error) {
	if l.batch.lead == 0 {
		return events, nil
	}
	until, now := time.UnixMicro(l.batch.lead).UTC(), time.UnixMicro(l.batch.reference).UTC()
	detail, err := json.Marshal(map[string]string{"until": until.Format(time.RFC3339Nano), "now": now.Format(time.RFC3339Nano)})
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		leadName, fmt.Sprintf(leadForm, l.batch.lead, l.batch.reference)); err != nil {
		return nil, err
	}
	e := Event{Kind: ClockAhead, ObjectKind: ObjectLog, Object: logID, Actor: "operator:serve", Surface: "operator", Org: l.owner(), Detail: detail, Effective: Micros(tx.Clock).Millis()}
	if l.lead != nil {
		e.Actor, e.Reason = l.lead.Actor, l.lead.Reason
	}
	return append(events, queued{recorded: recorded{e.clean(), Micros(tx.Clock)}}), nil
}

// OwnedBy says which organization events of the log itself belong to.
func (l *Log) OwnedBy(owner func() string) { l.owner = owner }

// Decision is who decided something of the log itself, and why.
type Decision struct{ Actor, Reason string }

// MayLead lets changes go on though the log's clock is further ahead than MaxLead: an
// operator has decided so, whose name and reason the event of it has. It is called before Load.
func (l *Log) MayLead(by Decision) { l.lead = &by }
