package history

import (
	"context"
	"strings"
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

func TestSkew(t *testing.T) {
	for _, c := range []struct {
		before, database, after int64
		want                    time.Duration
	}{
		{100, 150, 200, 0},
		{100, 100, 100, 0},
		{200, 150, 250, 50 * time.Microsecond},   // ahead by 50 at least
		{100, 300, 200, -100 * time.Microsecond}, // behind by 100 at least
		{100, 150, 5_000_000, 0},                 // an answer that came late proves nothing
	} {
		if got := skew(c.before, c.database, c.after); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// shifted opens a node whose clock differs from the database's.
func shifted(t *testing.T, dsn string, by *time.Duration) (*db.DB, *Log) {
	t.Helper()
	d := dbtest.Open(t, dsn, db.Options{})
	l := New(func() time.Time { return time.Now().Add(*by) }, nil)
	l.CompareClock()
	if err := l.Load(bg, d); err != nil {
		t.Fatal(err)
	}
	return d, l
}

// A node whose clock is wrong writes nothing, shows nothing before its time, and harms no
// other node, neither when it starts so nor when its clock jumps later.
func TestWrongClockHarmsNobody(t *testing.T) {
	for _, wrong := range []time.Duration{10 * time.Minute, time.Second, -10 * time.Minute} {
		dsn := dbtest.Postgres(t)
		var right, by time.Duration
		good, _ := shifted(t, dsn, &right)
		bad, badLog := shifted(t, dsn, &by)
		record(t, good, "a")
		record(t, bad, "a")
		by = wrong
		refused := func(d *db.DB) {
			t.Helper()
			err := d.Write(bg, func(tx *db.Tx) error { Record(tx, event("a")); return nil })
			wantFault(t, err, fault.Unavailable, fault.CodeClock)
			if f := fault.Of(err); !strings.Contains(f.Message, "the database's") || f.RetryAfter <= 0 {
				t.Errorf("message %q, come again after %s", f.Message, f.RetryAfter)
			}
		}
		refused(bad)
		record(t, good, "a") // at once
		poll(t, badLog, bad)
		if s := badLog.Status(); s.ClockAhead.Round(time.Second) != wrong.Round(time.Second) || s.LogAhead > time.Second {
			t.Errorf("%s: status %+v", wrong, s)
		}
		if off := time.Until(time.UnixMicro(int64(badLog.Now()))).Abs(); off > 2*time.Second {
			t.Errorf("%s: its now is %s off", wrong, off)
		}
		restarted, l := shifted(t, dsn, &by)
		refused(restarted)
		if off := time.Until(time.UnixMicro(int64(l.Now()))).Abs(); off > 2*time.Second {
			t.Errorf("%s: after a restart its now is %s off", wrong, off)
		}
		if ahead := head(t, good).Clock - time.Now().UnixMicro(); ahead > MaxAhead.Microseconds() {
			t.Errorf("%s: the log's clock is ahead by %d µs", wrong, ahead)
		}
		by = 0
		record(t, bad, "a")
	}
}

// A clock that is a little ahead moves the log's no further than MaxAhead.
func TestStampsAreBounded(t *testing.T) {
	h := held{database: 1_000_000, since: time.Now()}
	if got := h.now(1_200_000); got != 1_200_000 {
		t.Errorf("a clock that is nearly right is taken as %d", got)
	}
	most := h.database + (time.Since(h.since) + MaxAhead + time.Second).Microseconds()
	if got := h.now(9_000_000_000); got < h.database+MaxAhead.Microseconds() || got > most {
		t.Errorf("a clock far ahead is taken as %d", got)
	}
	if got := (held{}).now(5); got != 5 {
		t.Errorf("without another clock it is taken as %d", got)
	}
}

// Where the log's clock is ahead, changes go on above it, in microseconds, and one event
// says so; beyond an hour an operator must decide.
func TestLogAhead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		l.OwnedBy(func() string { return "root" })
		w.set(noon + 600e6)
		last := record(t, d, "a")
		w.set(noon)
		for i := range 3 {
			at := record(t, d, "a")
			if at <= last || at > last+2 {
				t.Errorf("change %d is at %d after %d", i, at, last)
			}
			last = at
		}
		told := func() (n int) {
			for _, e := range events(t, d) {
				if e.Kind == ClockAhead {
					n++
					if e.OrgID != "root" || !strings.HasPrefix(e.Actor, "operator:") {
						t.Errorf("the event is %+v", e)
					}
				}
			}
			return n
		}
		if told() != 1 {
			t.Errorf("told %d times", told())
		}
		w.set(noon + 700e6) // caught up
		if at := record(t, d, "a"); at != noon+700e6 {
			t.Errorf("a change is at %d when time has caught up", at)
		}
		w.set(noon + 650e6)
		record(t, d, "a")
		if told() != 2 {
			t.Errorf("told %d times of two stretches", told())
		}

		w.set(noon - 3*3600e6)
		err := d.Write(bg, func(tx *db.Tx) error { Record(tx, event("a")); return nil })
		wantFault(t, err, fault.Unavailable, fault.CodeClock)
		if f := fault.Of(err); !strings.Contains(f.Message, "tenure log clock") {
			t.Error(f.Message)
		}
		d.Close()
		d = dbtest.Open(t, dsn, db.Options{})
		l = New(w.read, nil)
		l.OwnedBy(func() string { return "root" })
		l.MayLead(Decision{"operator:log clock", "a test"})
		if err := l.Load(bg, d); err != nil {
			t.Fatal(err)
		}
		record(t, d, "accepted")
		d.Close()
		d, _ = load(t, dsn, w) // an ordinary node goes on now
		record(t, d, "a")
		if told() != 3 {
			t.Errorf("told %d times", told())
		}
		sound(t, d, head(t, d).Size)
	})
}

// Last uses have no instant in the log: they move no clock, and no statement is spent on it.
func TestTimeless(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, _ := load(t, dsn, w)
		record(t, d, "a")
		before := head(t, d)
		w.set(noon + 60e6)
		write := func(fn func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Write(context.Background(), fn); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *db.Tx) error {
			tx.Timeless = true
			_, err := tx.Exec("INSERT INTO installation (name, value) VALUES ('x', 'y')")
			return err
		})
		if after := head(t, d); after.Clock != before.Clock {
			t.Errorf("the clock went from %d to %d", before.Clock, after.Clock)
		}
		write(func(tx *db.Tx) error { return nil })
		if after := head(t, d); after.Clock != int64(noon+60e6) {
			t.Errorf("a change with an instant left the clock at %d", after.Clock)
		}
	})
}
