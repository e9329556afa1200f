package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// CodeRolledBack is the code of the fault (kind Unavailable) of a node that has seen more
// of the log, or another one, than the database has: it was restored, or a standby
// took over that lacked the last transactions.
const CodeRolledBack = "log-rolled-back"

// rolledBackName is the row of installation in which a node that found out tells all
// others, and what is gone. It goes with the next origin.
const rolledBackName = "log-rolled-back"

// RolledBack is what a node found out, and what it knows of what is gone. It is stored
// as JSON.
type RolledBack struct {
	Seen    int64  `json:"seen"`     // entries that the log once had
	SeenAt  Micros `json:"seen_at"`  // the log's clock then
	Found   int64  `json:"found"`    // entries that it has; not more than are still the same
	FoundAt Micros `json:"found_at"` // the log's clock now
	// Checkpoint is the greatest that was published and that this log does not extend; empty for none.
	Checkpoint string `json:"checkpoint,omitempty"`
	// Replaced says that another file is in the place of a SQLite database.
	Replaced bool `json:"replaced,omitempty"`
}

// String says what is gone.
func (r RolledBack) String() string {
	switch {
	case r.Replaced:
		return "another file is in the place of the database"
	case r.Found < r.Seen:
		return fmt.Sprintf("of %d entries of the log, up to %s, it has %d, up to %s", r.Seen, instant(r.SeenAt), r.Found, instant(r.FoundAt))
	}
	return fmt.Sprintf("of %d entries of the log, up to %s, the last ones are others now; it has %d, up to %s",
		r.Seen, instant(r.SeenAt), r.Found, instant(r.FoundAt))
}

func instant(at Micros) string {
	return time.UnixMicro(int64(at)).UTC().Format("2006-01-02T15:04:05.000Z")
}

// Fault is what callers are told. The numbers are for whoever runs the node.
func (r RolledBack) Fault() error {
	return fault.Wrap(errors.New(r.String()), fault.Unavailable, CodeRolledBack, "the database was rolled back: this node accepts and signs nothing")
}

// and joins what two nodes know.
func (r RolledBack) and(other RolledBack) RolledBack {
	if other.Seen > r.Seen {
		r.Seen, r.SeenAt = other.Seen, other.SeenAt
	}
	mine, _ := ReadCheckpoint([]byte(r.Checkpoint))
	if theirs, err := ReadCheckpoint([]byte(other.Checkpoint)); err == nil && theirs.Size > mine.Size {
		r.Checkpoint = other.Checkpoint
	}
	return r
}

// tip is the end of the log that a node has seen.
type tip struct {
	point
	leaf  []byte // of the last entry; nil for an empty log
	clock int64
}

// sawTip notes the end of the log, unless a later one was seen.
func (l *Log) sawTip(t tip) {
	for old := l.tip.Load(); old == nil || old.size < t.size; old = l.tip.Load() {
		if l.tip.CompareAndSwap(old, &t) {
			return
		}
	}
}

// leafAt looks up the hash of an entry.
func leafAt(idx int64) db.Lookup[leafRow] {
	return db.Lookup[leafRow]{Query: "SELECT leaf_hash FROM log_event WHERE idx = ?", Args: []any{idx}}
}

// readTip is the end of the log whose head was read in the same view.
func readTip(c *db.Conn, head Head) (tip, error) {
	t := tip{point: point{head.Size, head.Root}, clock: head.Clock}
	if head.Size == 0 {
		return t, nil
	}
	leaf, err := leafAt(head.Size - 1).One(c)
	if err == nil && leaf != nil {
		t.leaf = leaf.Hash
	}
	return t, err
}

// stands refuses a log that does not go on from what this node had seen before it asked
// for the head. The hash of the last entry tells: it has a salt of its own, so no other
// history has the same.
func (l *Log) stands(c *db.Conn, head Head, seen tip) error {
	switch {
	case l.gone.Load() != nil:
		return l.Gone()
	case head.Told != "" && !l.accepts:
		var told RolledBack
		if err := json.Unmarshal([]byte(head.Told), &told); err != nil {
			return fmt.Errorf("what a node told of the log: %w", err)
		}
		return l.rolledBack(told)
	case head.Size == seen.size && bytes.Equal(head.Root, seen.root), head.Size > seen.size && seen.size == 0:
		return nil
	case head.Size > seen.size:
		leaf, err := leafAt(seen.size - 1).One(c)
		if err != nil {
			return err
		}
		if leaf != nil && bytes.Equal(leaf.Hash, seen.leaf) {
			return nil
		}
	}
	if standby, err := c.Standby(); err != nil || standby {
		return fault.Wrap(err, fault.Unavailable, "", "the database is a standby, and behind")
	}
	return l.rolledBack(RolledBack{Seen: seen.size, SeenAt: Micros(seen.clock), Found: head.Size, FoundAt: Micros(head.Clock)})
}

// rolledBack ends this node's writing and signing, and answering from memory. It
// returns the fault that says so.
func (l *Log) rolledBack(r RolledBack) error {
	if l.gone.CompareAndSwap(nil, &r) {
		close(l.ended)
	}
	return l.Gone()
}

// Gone is nil, or the fault of a log that was rolled back under this node. Once it is,
// it stays.
func (l *Log) Gone() error {
	if r := l.gone.Load(); r != nil {
		return r.Fault()
	}
	return nil
}

// RolledBack is what Gone is about; nil for nothing.
func (l *Log) RolledBack() *RolledBack { return l.gone.Load() }

// Ended is closed when the log is found rolled back.
func (l *Log) Ended() <-chan struct{} { return l.ended }

// AcceptRollback is for the operator's command that ends the matter (NewOrigin). It is
// called before Load.
func (l *Log) AcceptRollback() { l.accepts = true }

// Tell keeps in the database what this node found, for all others, and the greatest
// checkpoint that it has published. It goes past the committer, which takes nothing any more.
func (l *Log) Tell(ctx context.Context, published Checkpoint) error {
	found := l.RolledBack()
	if found == nil || found.Replaced {
		return nil
	}
	mine := found.and(RolledBack{Checkpoint: string(published.Note)})
	for range 5 { // another node may tell, too
		told, err := readTold(l.db.Single(ctx))
		if err != nil {
			return err
		}
		text, err := json.Marshal(mine.joined(told))
		if err != nil {
			return err
		}
		query, args := "INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", []any{rolledBackName, string(text)}
		if told != "" {
			query, args = "UPDATE installation SET value = ? WHERE name = ? AND value = ?", []any{string(text), rolledBackName, told}
		}
		done, err := l.db.Raw().ExecContext(ctx, l.db.Raw().Rebind(query), args...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 1 {
			return err
		}
	}
	return errors.New("other nodes keep telling what they know of the log")
}

// joined is r with what was told before.
func (r RolledBack) joined(told string) RolledBack {
	var before RolledBack
	if json.Unmarshal([]byte(told), &before) != nil {
		return r
	}
	return before.and(r)
}

func readTold(c *db.Conn) (string, error) {
	var told string
	err := c.Get(&told, "SELECT value FROM installation WHERE name = ?", rolledBackName)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return told, err
}

// ReadRolledBack is what nodes have told of the log; nil for nothing.
func ReadRolledBack(c *db.Conn) (*RolledBack, error) {
	told, err := readTold(c)
	if err != nil || told == "" {
		return nil, err
	}
	var r RolledBack
	if err := json.Unmarshal([]byte(told), &r); err != nil {
		return nil, fmt.Errorf("what a node told of the log: %w", err)
	}
	return &r, nil
}
