package history

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// cut makes the database what it was when h was its head, as a restore or a standby that
// was behind would.
func cut(t *testing.T, d *db.DB, h Head) {
	t.Helper()
	dropTriggers(t, d)
	for _, s := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM log_detail WHERE idx >= ?", []any{h.Size}},
		{"DELETE FROM log_event WHERE idx >= ?", []any{h.Size}},
		{"DELETE FROM log_tile WHERE (n + 1) * 256 > ?", []any{h.Size}},
		{"DELETE FROM log_checkpoint WHERE size > ?", []any{h.Size}},
		{"UPDATE log_head SET size = ?, frontier = ?, root = ?, clock = ?", []any{h.Size, h.Frontier, h.Root, h.Clock}},
	} {
		if _, err := d.Raw().Exec(d.Raw().Rebind(s.query), s.args...); err != nil {
			t.Fatalf("%s: %v", s.query, err)
		}
	}
}

// asks is each way in which a node comes to look at the head.
var asks = []struct {
	name string
	ask  func(l *Log, d *db.DB, p *Publisher) error
}{
	{"poll", func(l *Log, d *db.DB, _ *Publisher) error { return l.Poll(bg, d) }},
	{"look", func(l *Log, d *db.DB, _ *Publisher) error { return l.look(bg, d) }},
	{"write", func(_ *Log, d *db.DB, _ *Publisher) error {
		return d.Write(bg, func(tx *db.Tx) error { Record(tx, event("late")); return nil })
	}},
	{"write of last uses", func(_ *Log, d *db.DB, _ *Publisher) error {
		return d.Write(bg, func(tx *db.Tx) error { tx.Timeless = true; return nil })
	}},
	{"checkpoint", func(_ *Log, _ *db.DB, p *Publisher) error { _, err := p.Checkpoint(bg); return err }},
	{"cover", func(_ *Log, _ *db.DB, p *Publisher) error { return p.Cover(bg, 0) }},
}

// A log that is shorter than the node has seen is found wherever its head is read, before
// anything is written or signed, and that stays so.
func TestRolledBack(t *testing.T) {
	for _, how := range asks {
		t.Run(how.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, dsn string) {
				w := newWall()
				d, l := load(t, dsn, w)
				var s shelf
				p := publisher(t, d, l, PublisherOptions{Keep: s.keep})
				grow(t, d, l, 5)
				before := head(t, d)
				w.set(noon + 5e6)
				grow(t, d, l, 9)
				checkpoint(t, p)
				kept := len(s.notes)
				cut(t, d, before)

				wantFault(t, how.ask(l, d, p), fault.Unavailable, CodeRolledBack)
				if r := l.RolledBack(); r == nil || r.Seen != 9 || r.Found != 5 || r.FoundAt != Micros(before.Clock) || r.SeenAt < noon+5e6 {
					t.Errorf("found %+v", r)
				}
				select {
				case <-l.Ended():
				default:
					t.Error("nobody is told")
				}
				if l.Fresh() || l.Current(bg) == nil {
					t.Error("memory is used")
				}
				for _, again := range asks {
					wantFault(t, again.ask(l, d, p), fault.Unavailable, CodeRolledBack)
				}
				_, err := p.Tile(bg, 0, 0, 1)
				wantFault(t, err, fault.Unavailable, CodeRolledBack)
				if head(t, d).Size != 5 || len(s.notes) != kept {
					t.Errorf("the log has %d entries, %d checkpoints were kept after %d", head(t, d).Size, len(s.notes), kept)
				}
			})
		})
	}
}

// A standby took over that lacked the last entries, and another node, which had not seen
// them, went on: the last entry that was seen tells, whatever the log's size is.
func TestRolledBackToAnotherHistory(t *testing.T) {
	for _, how := range asks {
		if how.name == "look" {
			continue // of SQLite, which nobody else writes
		}
		for _, growth := range []int{1, 2, 3} { // to a size below, at and above what was seen
			t.Run(fmt.Sprint(how.name, growth), func(t *testing.T) {
				dsn := dbtest.Postgres(t)
				w := newWall()
				d1, l1 := load(t, dsn, w)
				p := publisher(t, d1, l1, PublisherOptions{})
				record(t, d1, "a")
				d2, _ := load(t, dsn, w)
				before := head(t, d1)
				record(t, d1, "b", "c")
				w.set(noon + 5e6)
				checkpoint(t, p)
				w.set(noon + 9e6)
				cut(t, d1, before)
				for range growth {
					record(t, d2, "other")
				}
				wantFault(t, how.ask(l1, d1, p), fault.Unavailable, CodeRolledBack)
				if size := head(t, d1).Size; size != int64(1+growth) {
					t.Errorf("the log has %d entries", size)
				}
			})
		}
	}
}

// Another node's entries are no rollback, however many came.
func TestOthersAreNoRollback(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d1, l1 := load(t, dsn, newWall())
	d2, l2 := load(t, dsn, newWall())
	for i := range 20 {
		record(t, d1, "a", "b")
		record(t, d2, "c")
		if i%3 == 0 {
			poll(t, l1, d1)
			poll(t, l2, d2)
		}
	}
	if l1.Gone() != nil || l2.Gone() != nil {
		t.Error(l1.Gone(), l2.Gone())
	}
}

// What one node finds, it tells the others, with the checkpoint that it has published. They
// stop, and none starts, until the log has a new origin, whose event says what is gone.
func TestRollbackIsTold(t *testing.T) {
	dsn := dbtest.Postgres(t)
	w := newWall()
	d1, l1 := load(t, dsn, w)
	d2, l2 := load(t, dsn, w)
	p1, p2 := publisher(t, d1, l1, PublisherOptions{}), publisher(t, d2, l2, PublisherOptions{})
	grow(t, d1, l1, 3)
	checkpoint(t, p1)
	poll(t, l2, d2)
	checkpoint(t, p2)
	before := head(t, d1)
	record(t, d1, "lost")
	w.set(noon + 5e6)
	published := checkpoint(t, p1)
	cut(t, d1, before)

	poll(t, l2, d2) // it has seen nothing of what is gone
	if l1.Poll(bg, d1) == nil {
		t.Fatal("not found")
	}
	for range 2 {
		if err := l1.Tell(bg, p1.Kept()); err != nil {
			t.Fatal(err)
		}
	}
	for _, how := range asks[:1] {
		wantFault(t, how.ask(l2, d2, p2), fault.Unavailable, CodeRolledBack)
	}
	if err := l2.Tell(bg, p2.Kept()); err != nil {
		t.Fatal(err)
	}
	if r := l2.RolledBack(); r.Seen != 4 || r.Found != 3 {
		t.Errorf("the other node was told %+v", r)
	}
	d3 := dbtest.Open(t, dsn, db.Options{})
	wantFault(t, New(w.read, nil).Load(bg, d3), fault.Unavailable, CodeRolledBack)

	l3 := New(w.read, nil)
	l3.AcceptRollback()
	if err := l3.Load(bg, d3); err != nil {
		t.Fatal(err)
	}
	origin, last, err := NewOrigin(bg, d3, nil, Event{Actor: "operator:test", Org: "root", Reason: "failover"})
	if err != nil || last.Size != 4 || string(last.Note) != string(published.Note) {
		t.Fatalf("%s after %d, %v", origin, last.Size, err)
	}
	view(t, d3, func(c *db.Conn) error {
		var detail string
		err := c.Get(&detail, "SELECT content FROM log_detail ORDER BY idx DESC LIMIT 1")
		if !strings.Contains(detail, `"rolled_back":"of 4 entries of the log, up to 2025-12-01T12:00:00.`) || !strings.Contains(detail, "it has 3, up to") {
			t.Errorf("the event says %s", detail)
		}
		return err
	})
	d4, l4 := load(t, dsn, w) // starts
	publisher(t, d4, l4, PublisherOptions{Kept: published.Note})
	sound(t, d4, 4)
}

// Another file in the place of a SQLite database, or none, is found by looking.
func TestReplacedFile(t *testing.T) {
	for name, replace := range map[string]func(path string) error{
		"moved away":    func(path string) error { return os.Rename(path, path+".away") },
		"copied over":   func(path string) error { os.WriteFile(path+".new", nil, 0o600); return os.Rename(path+".new", path) },
		"left in peace": func(string) error { return nil },
	} {
		path := dbtest.SQLite(t)
		d, l := load(t, path, newWall())
		record(t, d, "a")
		if err := replace(path); err != nil {
			t.Fatal(err)
		}
		if err := l.look(bg, d); (err == nil) != (name == "left in peace") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Follow ends by itself when the log is gone.
func TestFollowEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		before := head(t, d)
		record(t, d, "a")
		cut(t, d, before)
		ended := make(chan struct{})
		go func() { defer close(ended); l.Follow(bg, d, func(error) {}) }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("it goes on")
		}
		if l.Gone() == nil {
			t.Error("nothing was found")
		}
	})
}
