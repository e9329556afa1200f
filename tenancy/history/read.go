package history

import (
	"sort"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Entry is one event as the log tells it.
type Entry struct {
	Index int64 // of its leaf in the log
	Envelope
}

// Line is what the log's columns say of an event: enough to choose by.
type Line struct {
	Index int64  `db:"idx"`
	Org   string `db:"org_id"`
	Kind  Kind   `db:"kind"`
	Actor string `db:"actor"`
}

const lineColumns = "idx, org_id, kind, actor"

// Entries reads the events that a condition names, in the log's order; at most
// limit of them.
func Entries(c *db.Conn, where squirrel.Sqlizer, limit int) ([]Entry, error) {
	return entriesBy(c, where, "idx", limit)
}

// NewestEntries is Entries against the log's order.
func NewestEntries(c *db.Conn, where squirrel.Sqlizer, limit int) ([]Entry, error) {
	return entriesBy(c, where, "idx DESC", limit)
}

func entriesBy(c *db.Conn, where squirrel.Sqlizer, order string, limit int) ([]Entry, error) {
	var rows []entryRow
	q := db.Builder().Select("idx, envelope").From("log_event").Where(where).OrderBy(order).Limit(uint64(limit))
	if err := c.SelectBuilt(&rows, q); err != nil {
		return nil, err
	}
	return decode(rows)
}

// OfObject reads the events of one object after its own sequence number after
// and in front of the log index before, at most limit. The order of the object
// is that of the log, so the object's index serves both.
func OfObject(c *db.Conn, object string, after, before int64, limit int) ([]Entry, error) {
	var rows []entryRow
	err := c.Select(&rows, "SELECT idx, envelope FROM log_event WHERE object_id = ? AND object_seq > ? ORDER BY object_seq LIMIT ?",
		object, after, limit)
	for i, r := range rows {
		if r.Index >= before {
			rows = rows[:i]
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return decode(rows)
}

// Leaf is an event as the log has it: what it takes to prove it.
type Leaf struct {
	Index    int64
	Envelope []byte // exact bytes
	Salt     []byte // entry is the commitment of salt and envelope
}

// LeafOf reads the first event of an object that is about ref; the zero Leaf if there is none.
func LeafOf(c *db.Conn, object, ref string) (Leaf, error) {
	var row struct {
		Index    int64  `db:"idx"`
		Envelope string `db:"envelope"`
		Salt     []byte `db:"salt"`
	}
	err := c.Get(&row, "SELECT idx, envelope, salt FROM log_event WHERE object_id = CAST(? AS TEXT) AND ref = CAST(? AS TEXT) ORDER BY object_seq LIMIT 1", object, ref)
	if fault.Is(err, fault.NotFound) {
		return Leaf{}, nil
	}
	return Leaf{row.Index, []byte(row.Envelope), row.Salt}, err
}

type entryRow struct {
	Index    int64  `db:"idx"`
	Envelope string `db:"envelope"`
}

func decode(rows []entryRow) ([]Entry, error) {
	list := make([]Entry, len(rows))
	for i, r := range rows {
		envelope, err := DecodeEnvelope([]byte(r.Envelope))
		if err != nil {
			return nil, err
		}
		list[i] = Entry{r.Index, envelope}
	}
	return list, nil
}

// Span is a part of the log: the events with an index from First and in front of Before,
// at most Limit of them, the newest first with Newest.
type Span struct {
	First, Before int64
	Limit         int
	Newest        bool
}

// order is how a column that grows with the log is ordered.
func (s Span) order(column string) string {
	if s.Newest {
		return " ORDER BY " + column + " DESC LIMIT ?"
	}
	return " ORDER BY " + column + " LIMIT ?"
}

// LinesOfObject, LinesOfOrg and Lines read what may be chosen from: the events
// of an object, of one owner, and all.
func LinesOfObject(c *db.Conn, object string, s Span) ([]Line, error) {
	after, err := seqBefore(c, object, s.First)
	if err != nil {
		return nil, err
	}
	where, args := " WHERE object_id = ? AND object_seq > ?", []any{object, after}
	if s.Newest {
		last, err := seqBefore(c, object, s.Before)
		if err != nil {
			return nil, err
		}
		where, args = where+" AND object_seq <= ?", append(args, last)
	}
	var lines []Line
	err = c.Select(&lines, "SELECT "+lineColumns+" FROM log_event"+where+s.order("object_seq"), append(args, s.Limit)...)
	for i, l := range lines {
		if l.Index >= s.Before {
			return lines[:i], err
		}
	}
	return lines, err
}

// LinesOfOrg: see LinesOfObject.
func LinesOfOrg(c *db.Conn, org string, s Span) ([]Line, error) {
	var lines []Line
	err := c.Select(&lines, "SELECT "+lineColumns+" FROM log_event WHERE org_id = ? AND idx >= ? AND idx < ?"+s.order("idx"),
		org, s.First, s.Before, s.Limit)
	return lines, err
}

// Lines: see LinesOfObject.
func Lines(c *db.Conn, s Span) ([]Line, error) {
	var lines []Line
	err := c.Select(&lines, "SELECT "+lineColumns+" FROM log_event WHERE idx >= ? AND idx < ?"+s.order("idx"), s.First, s.Before, s.Limit)
	return lines, err
}

// RecordedBy counts the events recorded by an instant, itself included. The
// log is in the order of that, so it looks at no more than about log2 of them.
func RecordedBy(c *db.Conn, at Micros) (int64, error) {
	head, err := ReadHead(c)
	if err != nil {
		return 0, err
	}
	return search(head.Size, func(idx int64) (bool, error) {
		var recorded int64
		err := c.Get(&recorded, "SELECT recorded_at FROM log_event WHERE idx = ?", idx)
		return recorded > int64(at), err
	})
}

// seqBefore is the sequence number of the last event that an object has in
// front of a log index; 0 for none.
func seqBefore(c *db.Conn, object string, before int64) (int64, error) {
	if before <= 0 {
		return 0, nil
	}
	last, err := lastSeq(c, object)
	if err != nil {
		return 0, err
	}
	return search(last, func(i int64) (bool, error) {
		var idx int64
		err := c.Get(&idx, "SELECT idx FROM log_event WHERE object_id = ? AND object_seq = ?", object, i+1)
		return idx >= before, err
	})
}

func lastSeq(c *db.Conn, object string) (int64, error) {
	var last int64
	err := c.Get(&last, "SELECT object_seq FROM log_event WHERE object_id = ? ORDER BY object_seq DESC LIMIT 1", object)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return last, err
}

// search is sort.Search over 64 bits with a question that may fail.
func search(n int64, is func(int64) (bool, error)) (int64, error) {
	var failed error
	found := sort.Search(int(n), func(i int) bool {
		if failed != nil {
			return true
		}
		yes, err := is(int64(i))
		failed = err
		return yes
	})
	return int64(found), failed
}
