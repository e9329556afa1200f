package history

import (
	"context"
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// gated is a node behind a gate, with a clock that stands still.
func gated(t *testing.T) (*dbtest.Gate, *db.DB, *Log, *wall) {
	t.Helper()
	gate, w := dbtest.NewGate(t), newWall()
	d, l := load(t, gate.DSN, w)
	return gate, d, l, w
}

const most = time.Hour

func (w *wall) advance(by time.Duration) { w.set(Micros(w.micros.Load()) + Micros(by.Microseconds())) }

// An outage begins when the feed is too old and the database cannot be reached, lasts as long as
// is asked for, and ends with the first look that gets through.
func TestOutage(t *testing.T) {
	gate, d, l, w := gated(t)
	expect := func(when string, age time.Duration, out bool) {
		t.Helper()
		if gotAge, got := l.Outage(bg, most); got != out || out && gotAge != age {
			t.Errorf("%s: %t, %s old; want %t, %s", when, got, gotAge, out, age)
		}
	}
	expect("at first", 0, false)
	w.advance(StaleTime)
	expect("while the database answers", 0, false) // and so it has polled
	gate.Shut()
	w.advance(StaleTime - 1000)
	expect("before the feed is old", 0, false)
	w.advance(1000)
	expect("once it is", StaleTime, true)
	if tried := gate.Tried(); tried == 0 {
		t.Error("it did not look for the database")
	}
	tried := gate.Tried()
	expect("at once again", StaleTime, true)
	if now := gate.Tried(); now != tried {
		t.Errorf("it looked for the database %d times more", now-tried)
	}
	w.advance(PollEvery)
	expect("half a second later", StaleTime+PollEvery, true)
	if now := gate.Tried(); now == tried {
		t.Error("it did not look for the database again")
	}
	w.advance(most - StaleTime - PollEvery)
	expect("at the end", most, true)
	w.advance(1000)
	expect("past it", 0, false)
	if _, out := l.OutageKnown(2 * most); !out {
		t.Error("who may wait longer may not")
	}

	gate.Open()
	w.advance(PollEvery)
	expect("when the database is back", 0, false)
	if !l.Fresh() {
		t.Error("it has not polled")
	}
	if _, out := l.OutageKnown(most); out {
		t.Error("the outage is over, and still known")
	}
	sound(t, d, 0)
}

// A server that keeps silent is gone, too; one that answers, but not what was asked for, is not.
func TestOutageOfASilentServer(t *testing.T) {
	t.Run("silent", func(t *testing.T) {
		gate, d, l, w := gated(t)
		w.advance(StaleTime)
		gate.Silence()
		began := time.Now()
		wantFault(t, l.Poll(bg, d), fault.Timeout, "")
		if _, out := l.OutageKnown(most); !out {
			t.Error("no outage is known")
		}
		if took := time.Since(began); took > 5*pollTime {
			t.Errorf("the poll took %s", took)
		}
	})
	t.Run("busy", func(t *testing.T) {
		gate, d, l, w := gated(t)
		w.advance(StaleTime)
		other := dbtest.Open(t, gate.Direct, db.Options{})
		tx, err := other.Raw().Beginx()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if _, err := tx.Exec("LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		wantFault(t, l.Poll(bg, d), fault.Timeout, "")
		if _, out := l.OutageKnown(most); out {
			t.Error("a server that is busy counts as gone")
		}
	})
}

// Who gives up waiting has learnt nothing about the database.
func TestOutageIsNotWhoGaveUp(t *testing.T) {
	gate, d, l, w := gated(t)
	w.advance(StaleTime)
	gate.Silence()
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	wantFault(t, l.Poll(ctx, d), fault.Timeout, "")
	if _, out := l.OutageKnown(most); out {
		t.Error("an outage is known")
	}
}

// A poll that waits behind others of the node has learnt nothing, whatever was known before.
func TestOutageIsNotWhoWaited(t *testing.T) {
	gate, d, l, w := gated(t)
	wait := func() {
		t.Helper()
		err := d.ViewAside(bg, func(c *db.Conn) error {
			if _, err := ReadHead(c); err != nil { // it has the connection now
				return err
			}
			wantFault(t, l.Poll(bg, d), fault.Timeout, "")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.advance(StaleTime)
	wait()
	if _, out := l.OutageKnown(most); out {
		t.Error("an outage is known")
	}
	gate.Shut()
	if _, out := l.Outage(bg, most); !out {
		t.Fatal("there is no outage")
	}
	gate.Open()
	wait()
	if _, out := l.OutageKnown(most); !out {
		t.Error("the outage is over for who has not asked")
	}
}

// What is wrong with a node or with the log keeps it from answering from memory.
func TestNoOutageOfWhatIsWrong(t *testing.T) {
	out := func(l *Log) bool {
		_, out := l.Outage(bg, most)
		return out
	}
	gone := func(t *testing.T) *Log {
		t.Helper()
		gate, _, l, w := gated(t)
		gate.Shut()
		w.advance(StaleTime)
		if !out(l) {
			t.Fatal("there is no outage")
		}
		return l
	}
	t.Run("rolled back", func(t *testing.T) {
		l := gone(t)
		_ = l.rolledBack(RolledBack{Seen: 1})
		if out(l) {
			t.Error("a log that was rolled back is no reason to answer from memory")
		}
		if _, out := l.OutageKnown(most); out {
			t.Error("and it is known as one")
		}
	})
	t.Run("clock ahead", func(t *testing.T) {
		l := gone(t)
		l.skew.Store(int64(MaxAhead) + 1)
		if out(l) {
			t.Error("a node whose clock is ahead answers from memory")
		}
		l.skew.Store(-int64(MaxBehind) - 1)
		if out(l) {
			t.Error("a node whose clock is behind answers from memory")
		}
		if l.skew.Store(0); !out(l) {
			t.Error("a node whose clock is right does not")
		}
	})
	t.Run("what a writer was told", func(t *testing.T) {
		l := gone(t)
		l.torn.Store(l.missed.Add(1))
		if out(l) {
			t.Error("memory lacks what was made, and answers")
		}
		if l.torn.Store(0); !out(l) { // only missed: nobody was told that it is made
			t.Error("a commit without an answer ends the outage")
		}
	})
	t.Run("what nobody was told", func(t *testing.T) {
		gate, _, l, w := gated(t)
		gate.Shut()
		l.missed.Add(1)
		w.advance(StaleTime - 1000)
		if l.Fresh() || out(l) {
			t.Error("an outage begins before the feed is old")
		}
		if w.advance(1000 + PollEvery); !out(l) {
			t.Error("a commit without an answer keeps it from beginning")
		}
	})
	t.Run("SQLite", func(t *testing.T) {
		w := newWall()
		d, l := load(t, dbtest.SQLite(t), w)
		d.Close()
		w.advance(StaleTime)
		l.missed.Add(1)
		if l.Fresh() || out(l) {
			t.Error("there is an outage on SQLite")
		}
	})
}

// A clock that was set while the database was gone cannot be compared with any other.
func TestNoOutageWithAClockThatWasSet(t *testing.T) {
	for _, by := range []time.Duration{MaxAhead + 100*time.Millisecond, -MaxAhead - 100*time.Millisecond} {
		gate := dbtest.NewGate(t)
		var set, later time.Duration
		d := dbtest.Open(t, gate.DSN, db.Options{})
		l := New(func() time.Time { return time.Now().Add(set + later) }, nil)
		l.AgeBy(func() time.Time { return time.Now().Add(later) })
		l.CompareClock()
		if err := l.Load(bg, d); err != nil {
			t.Fatal(err)
		}
		gate.Shut()
		later = time.Minute
		if _, out := l.Outage(bg, most); !out {
			t.Error("there is no outage")
		}
		set = by
		if _, out := l.Outage(bg, most); out {
			t.Errorf("a clock that was set by %s tells when plans take effect", by)
		}
	}
}

// Memory is all that may be asked with a context of OnlyMemory.
func TestOnlyMemory(t *testing.T) {
	gate, d, _, _ := gated(t)
	ctx := OnlyMemory(bg)
	if !IsOnlyMemory(ctx) || IsOnlyMemory(bg) || ctx.Err() == nil {
		t.Error("a context does not say what it is")
	}
	cancelled, cancel := context.WithCancel(bg)
	cancel()
	if IsOnlyMemory(cancelled) || IsOnlyMemory(OnlyMemory(cancelled)) {
		t.Error("a caller that hung up is none who wants to read memory")
	}
	gate.Shut() // connections would be tried
	var n int
	ask := func(c *db.Conn) error { return c.Get(&n, "SELECT count(*) FROM log_head") }
	for name, err := range map[string]error{"view": d.View(ctx, ask), "single": ask(d.Single(ctx)), "aside": d.ViewAside(ctx, ask)} {
		wantFault(t, err, fault.Timeout, "")
		if tried := gate.Tried(); tried > 0 {
			t.Errorf("%s asked the database %d times", name, tried)
		}
	}
}
