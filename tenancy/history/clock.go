package history

import (
	"encoding/json"
	"fmt"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Bounds of clocks. What a node's clock is held against is the database's own, on
// PostgreSQL; on SQLite that is this machine's, and nothing tells the two apart.
const (
	maxSkew  = time.Second            // how far behind a node's clock may be while it writes
	MaxAhead = 500 * time.Millisecond // how far ahead
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
	if by > MaxAhead || by < -maxSkew {
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
		if by > MaxAhead || by < -maxSkew { // or the answer came late: asked again, to be sure
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
		case by < -maxSkew:
			return clockFault(-by, "this node's clock is %s behind the database's: it accepts no change until that is right", (-by).Round(time.Millisecond))
		}
		reference = head.Now
	}
	if head.Clock-reference > maxSkew.Microseconds() {
		return l.leads(tx, head.Clock, reference)
	}
	return nil
}

// leads decides what becomes of a batch whose log has a clock in the future: somebody's
// clock was ahead once. The log's goes on from there, and an event says so once.
func (l *Log) leads(tx *db.Tx, clock, reference int64) error {
	until, said, err := leadUntil(&tx.Conn)
	if err != nil {
		return err
	}
	by, most := clock-reference, MaxLead.Microseconds()
	switch {
	case until > reference && clock-until <= most && reference >= said-maxSkew.Microseconds():
		return nil
	case by <= most || l.mayLead:
		l.batch.lead, l.batch.reference = clock, reference
		return nil
	}
	lead := time.Duration(min(by, maxWait.Microseconds())) * time.Microsecond
	return clockFault(lead, "the log's clock is more than %s ahead, which a wrong clock once made it: no change is accepted (tenure log clock)", MaxLead)
}

func clockFault(by time.Duration, format string, args ...any) error {
	f := fault.New(fault.Unavailable, fault.CodeClock, format, args...)
	f.RetryAfter = min(by, maxWait)
	return f
}

// leadUntil is up to which instant the log says that its clock is ahead, and when it said
// so; 0 for never.
func leadUntil(c *db.Conn) (until, said int64, err error) {
	var text string
	err = c.Get(&text, "SELECT value FROM installation WHERE name = ?", leadName)
	if fault.Is(err, fault.NotFound) {
		return 0, 0, nil
	}
	if err == nil {
		_, err = fmt.Sscanf(text, leadForm, &until, &said)
	}
	return until, said, err
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
	e := Event{Kind: ClockAhead, ObjectKind: ObjectLog, Object: logID, Actor: "operator:log clock", Org: l.owner(), Detail: detail, Effective: Micros(tx.Clock).Millis()}
	return append(events, queued{recorded: recorded{e.clean(), Micros(tx.Clock)}}), nil
}

// OwnedBy says which organization events of the log itself belong to.
func (l *Log) OwnedBy(owner func() string) { l.owner = owner }

// MayLead lets changes go on though the log's clock is further ahead than MaxLead: an
// operator has decided so. It is called before Load.
func (l *Log) MayLead() { l.mayLead = true }
