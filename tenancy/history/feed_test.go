package history

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// listener keeps what a log hands on.
type listener struct {
	mu  sync.Mutex
	got []Applied
}

func listen(l *Log) *listener {
	var s listener
	l.OnCommit(func(events []Applied, size int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, events...)
	})
	return &s
}

// take returns what came since the last call.
func (s *listener) take() []Applied {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func indexes(events []Applied) string {
	all := make([]int64, len(events))
	for i, e := range events {
		all[i] = e.Idx
	}
	return fmt.Sprint(all)
}

func poll(t *testing.T, l *Log, d *db.DB) {
	t.Helper()
	if err := l.Poll(bg, d); err != nil {
		t.Fatalf("poll: %v", err)
	}
}

// Two nodes on one database: what one commits reaches the other's subscribers,
// in order and without a gap.
func TestPoll(t *testing.T) {
	dsn := dbtest.Postgres(t)
	w1, w2 := newWall(), newWall()
	d1, l1 := load(t, dsn, w1)
	record(t, d1, "before")
	d2, l2 := load(t, dsn, w2)
	s1, s2 := listen(l1), listen(l2)

	record(t, d1, "a", "b")
	if got := s2.take(); len(got) != 0 {
		t.Errorf("the other node was told %v before it polled", got)
	}
	w1.set(noon + 900e3)
	at := record(t, d1, "c")
	poll(t, l2, d2)
	want := []Applied{{1, "client.changed", ObjectClient, "a", "ref of a", "org of a", 1},
		{2, "client.changed", ObjectClient, "b", "ref of b", "org of b", 1}, {3, "client.changed", ObjectClient, "c", "ref of c", "org of c", 1}}
	if got := s2.take(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the other node was told\n%v, want\n%v", got, want)
	}
	if l2.Size() != 4 || l2.Now() != at {
		t.Errorf("the other node knows of %d entries and its now is %d, want 4 and %d", l2.Size(), l2.Now(), at)
	}
	poll(t, l2, d2)
	if got := s2.take(); len(got) != 0 {
		t.Errorf("polled again: %v", got)
	}

	// Its own come at once, and with the others' when it polls, in order.
	s1.take()
	record(t, d2, "d")
	record(t, d1, "e")
	record(t, d2, "f")
	if got := indexes(s2.take()); got != "[4 6]" {
		t.Errorf("of its own the node was told %s, want [4 6]", got)
	}
	poll(t, l2, d2)
	if got := indexes(s2.take()); got != "[4 5 6]" {
		t.Errorf("the poll handed on %s, want [4 5 6]", got)
	}
	s1.take()
	poll(t, l1, d1) // for the first time: its own from the beginning on
	if got := indexes(s1.take()); got != "[0 1 2 3 4 5 6]" {
		t.Errorf("the first node's poll handed on %s, want [0 1 2 3 4 5 6]", got)
	}
	sound(t, d1, 7)
}

// Many events at once, while both nodes write: each poll goes on where the
// last one ended.
func TestPollOfMany(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d1, l1 := load(t, dsn, newWall())
	d2, l2 := load(t, dsn, newWall())
	s := listen(l2)
	var wg sync.WaitGroup
	for i, d := range []*db.DB{d1, d2} {
		for j := range 5 {
			wg.Go(func() {
				if err := d.Write(bg, func(tx *db.Tx) error {
					for range pollBatch/5 + 7 {
						Record(tx, event(fmt.Sprint(i, j)))
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	l2.OnCommit(func(events []Applied, size int64) {
		if n := len(events); n == 0 || events[n-1].Idx+1 > size {
			t.Errorf("%s are handed on at size %d", indexes(events), size)
		}
	})
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		poll(t, l2, d2)
	}
	const size = 10 * (pollBatch/5 + 7)
	// The second node's feed holds its own entries twice: when it committed them,
	// and polled. The polled ones are all there are, in order.
	next := int64(0)
	seen := make(map[int64]int)
	for _, e := range s.take() {
		seen[e.Idx]++
		if e.Idx == next {
			next++
		}
	}
	for i := range int64(size) {
		if n := seen[i]; n < 1 || n > 2 {
			t.Fatalf("entry %d was handed on %d times", i, n)
		}
	}
	if next != size {
		t.Errorf("in order the feed gets to %d of %d", next, size)
	}
	poll(t, l1, d1)
	if l1.Size() != size || l2.Size() != size {
		t.Errorf("the nodes know of %d and %d entries, want %d", l1.Size(), l2.Size(), size)
	}
	sound(t, d1, size)
}

// A database that is behind what the node has seen is an error, not a wait.
func TestPollOfACutLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		record(t, d, "a", "b")
		poll(t, l, d)
		if _, err := d.Raw().Exec("UPDATE log_head SET size = 1"); err != nil {
			t.Fatal(err)
		}
		wantFault(t, l.Poll(bg, d), fault.Unavailable, CodeRolledBack)
		ended, cancel := context.WithCancel(bg)
		cancel()
		if err := l.Poll(ended, d); err == nil {
			t.Error("a poll under an ended context succeeds")
		}
	})
}

func TestFresh(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		if d.Dialect == db.SQLite { // nobody else writes
			if !l.Fresh() {
				t.Error("a single node is not fresh")
			}
			w.set(noon + 3600e6)
			if !l.Fresh() {
				t.Error("a single node counts polls")
			}
			return
		}
		w.set(noon + 2e6 - 1)
		if !l.Fresh() {
			t.Error("not fresh less than 2 s after the log was loaded")
		}
		w.set(noon + 2e6)
		if l.Fresh() {
			t.Error("fresh, though the last poll is 2 s ago")
		}
		ended, cancel := context.WithCancel(bg)
		cancel()
		if err := l.Poll(ended, d); err == nil || l.Fresh() {
			t.Errorf("a poll that failed (%v) counts", err)
		}
		if poll(t, l, d); !l.Fresh() {
			t.Error("a poll does not count")
		}
	})
}

// Follow polls until its context ends, over failures.
func TestFollow(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d1, _ := load(t, dsn, newWall())
	d2, l2 := load(t, dsn, newWall())
	arrived := make(chan int64, 10)
	l2.OnCommit(func(events []Applied, size int64) { arrived <- size })
	failures := make(chan error, 1)
	ctx, cancel := context.WithCancel(bg)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l2.Follow(ctx, d2, func(err error) {
			select {
			case failures <- err:
			default:
			}
		})
	}()
	record(t, d1, "a", "b")
	if size := <-arrived; size != 2 {
		t.Errorf("the first events arrived at size %d, want 2", size)
	}
	if _, err := d1.Raw().Exec("ALTER TABLE log_head RENAME TO log_head_away"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(10 * time.Second); ; {
		select {
		case err := <-failures:
			if err == nil {
				continue // a poll before that
			}
		case <-deadline:
			t.Error("a failed poll has no error")
		}
		break
	}
	if _, err := d1.Raw().Exec("ALTER TABLE log_head_away RENAME TO log_head"); err != nil {
		t.Fatal(err)
	}
	record(t, d1, "c")
	if size := <-arrived; size != 3 {
		t.Errorf("after a failure events arrived at size %d, want 3", size)
	}
	cancel()
	<-stopped
}

// Polls from several goroutines, while another node writes: none fails, and
// each event is handed on once and in order.
func TestPollsSideBySide(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d1, _ := load(t, dsn, newWall())
	d2, l2 := load(t, dsn, newWall())
	s := listen(l2)
	const size = 200
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range size {
			record(t, d1, fmt.Sprint(i))
		}
	}()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				if err := l2.Poll(bg, d2); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-written:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	poll(t, l2, d2)
	got := s.take()
	for i, e := range got {
		if e.Idx != int64(i) {
			t.Fatalf("entry %d was handed on at place %d", e.Idx, i)
		}
	}
	if len(got) != size {
		t.Errorf("%d entries were handed on, want %d", len(got), size)
	}
}

// A mirror that fails makes the poll fail; the next one hands the same changes
// over again.
func TestMirrorThatFails(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d1, _ := load(t, dsn, newWall())
	w := newWall()
	d2, l2 := load(t, dsn, w)
	s := listen(l2)
	no := errors.New("no")
	var mirrored []int64
	fail := no
	l2.Mirror(func(c *db.Conn, changes []Change, size int64) error {
		if c == nil || size != changes[len(changes)-1].Idx+1 {
			t.Errorf("a poll's changes come with view %v at size %d", c, size)
		}
		for _, e := range changes {
			mirrored = append(mirrored, e.Idx)
		}
		return fail
	})
	record(t, d1, "a", "b")
	w.set(noon + 2e6)
	if err := l2.Poll(bg, d2); !errors.Is(err, no) || l2.Fresh() || len(s.take()) != 0 {
		t.Errorf("the poll: %v, want the mirror's error, and nothing that counts", err)
	}
	wantFault(t, l2.Current(bg), fault.Unavailable, "")
	fail = nil
	if err := l2.Current(bg); err != nil || !l2.Fresh() {
		t.Errorf("after the mirror has recovered: %v", err)
	}
	if got := fmt.Sprint(mirrored) + " " + indexes(s.take()); got != "[0 1 0 1 0 1] [0 1]" {
		t.Errorf("mirror and subscriber were told %s, want [0 1 0 1 0 1] [0 1]", got)
	}
}

// A commit whose outcome the node could not learn keeps it from being fresh
// until it has polled, also where it is the only one.
func TestOutcomeUnknown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		s := listen(l)
		var rows []any
		l.Mirror(func(c *db.Conn, changes []Change, _ int64) error {
			for _, e := range changes {
				rows = append(rows, e.Row)
			}
			return nil
		})
		if err := d.Write(bg, func(tx *db.Tx) error { RecordRow(tx, event("a"), "row of a"); return nil }); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rows) + " " + indexes(s.take()); got != "[row of a] [0]" {
			t.Errorf("rows and events are %s, want [row of a] [0]", got)
		}
		blind := func(func(*db.Conn) error) error { return errors.New("no view") }
		if stands, err := l.Settle(blind, errors.New("no answer to COMMIT")); stands || err == nil || l.Fresh() {
			t.Errorf("stands %t, %v, fresh %t", stands, err, l.Fresh())
		}
		if err := l.Current(bg); err != nil || !l.Fresh() {
			t.Errorf("asked again: %v, fresh %t", err, l.Fresh())
		}
		if got := fmt.Sprint(rows) + " " + indexes(s.take()); got != "[row of a <nil>] [0]" {
			t.Errorf("rows and events are %s, want [row of a <nil>] [0]", got)
		}
	})
}

// TestAwait: once a write has been waited for, another node either has it or
// does not trust its memory, whenever it polled last.
func TestAwait(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		timers := 0
		l.after = func(span time.Duration) <-chan time.Time { // the wall goes on while it is waited
			timers++
			w.micros.Add(span.Microseconds())
			ended := make(chan time.Time)
			close(ended)
			return ended
		}
		if d.Dialect == db.SQLite {
			if err := l.Await(bg); err != nil || timers != 0 {
				t.Errorf("a single node waits: %v", err)
			}
			return
		}
		d2, l2 := load(t, dsn, w)
		for _, polls := range []bool{false, true} {
			poll(t, l2, d2)
			record(t, d, "a")
			before := l2.Size()
			if !l2.Fresh() || before == l.Size() {
				t.Fatal("the other node knows of the write already: this test shows nothing")
			}
			if err := l.Await(bg); err != nil {
				t.Fatal(err)
			}
			if polls {
				poll(t, l2, d2)
			}
			if l2.Fresh() && l2.Size() == before {
				t.Error("after the wait another node trusts a memory that does not have the write")
			}
		}
		l.after = func(time.Duration) <-chan time.Time { return nil }
		ended, cancel := context.WithCancel(bg)
		cancel()
		if err := l.Await(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended wait: %v", err)
		}
	})
}
