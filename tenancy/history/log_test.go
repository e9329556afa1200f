package history

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// The wall stands still; no two changes have the same instant all the same,
// and the events of one change have one.
func TestInstantsOfChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, _ := load(t, dsn, w)
		if at := record(t, d, "a", "b", "a"); at != noon {
			t.Errorf("the first change is at %d, want the wall's %d", at, noon)
		}
		var mu sync.Mutex
		given := map[Micros]int{noon: 3}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				objects := []string{"a", fmt.Sprint(i), "b"}[:1+i%3]
				at := record(t, d, objects...)
				mu.Lock()
				defer mu.Unlock()
				if given[at] != 0 {
					t.Errorf("two changes are at %d", at)
				}
				given[at] = len(objects)
			})
		}
		wg.Wait()
		stored := map[Micros]int{}
		last := Micros(0)
		for _, r := range events(t, d) {
			if at := Micros(r.RecordedAt); at < last || at != last && stored[at] != 0 {
				t.Errorf("entry %d is at %d, behind one at %d", r.Idx, at, last)
			}
			last = Micros(r.RecordedAt)
			stored[last]++
		}
		if fmt.Sprint(stored) != fmt.Sprint(given) {
			t.Errorf("stored instants %v, the changes were told %v", stored, given)
		}
		if h := head(t, d); Micros(h.Clock) != last {
			t.Errorf("the head's clock is %d, the last entry at %d", h.Clock, last)
		}
		sound(t, d, int64(3+14*1+13*2+13*3))

		// The wall goes on: so do the instants.
		w.set(noon + 1e6)
		if at := record(t, d, "a"); at != noon+1e6 {
			t.Errorf("a change is at %d, want the wall's %d", at, noon+1e6)
		}
	})
}

func TestClockBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		record(t, d, "a")

		// A little behind is made up for.
		w.set(noon - 1e6)
		if at := record(t, d, "a"); at != noon+1 {
			t.Errorf("a change with the wall 1 s behind is at %d, want %d", at, noon+1)
		}
		if now := l.Now(); now != noon+1 {
			t.Errorf("now is %d, behind the change that was just made at %d", now, noon+1)
		}

		// So far ahead that the difference in nanoseconds is no number any more.
		if _, err := d.Raw().Exec(d.Raw().Rebind("UPDATE log_head SET clock = ?"), math.MaxInt64/2); err != nil {
			t.Fatal(err)
		}
		ran := false
		err := d.Write(bg, func(tx *db.Tx) error { ran = true; return nil })
		wantFault(t, err, fault.Unavailable, fault.CodeClock)
		if ran {
			t.Error("a closure was run under a clock that is not taken")
		}
		if after := fault.Of(err).RetryAfter; after <= 0 {
			t.Errorf("come again after %s", after)
		}
	})
}

// A node that starts with its wall behind is not behind what is committed.
func TestNowAfterStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, _ := load(t, dsn, w)
		record(t, d, "a", "b")
		d.Close()
		w.set(noon - 5e6)
		d, l := load(t, dsn, w)
		if now := l.Now(); now != noon {
			t.Errorf("now is %d, want the last change's %d", now, noon)
		}
		if l.Size() != 2 {
			t.Errorf("the log knows of %d entries, want 2", l.Size())
		}
		w.set(noon + 7)
		if now := l.Now(); now != noon+7 {
			t.Errorf("now is %d, want the wall's %d", now, noon+7)
		}
		if at := record(t, d, "a"); at != noon+7 {
			t.Errorf("the change is at %d, want %d", at, noon+7)
		}
		sound(t, d, 3)
	})
}

func TestAdvance(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		advance := func(to Micros, record bool) {
			t.Helper()
			if err := d.Write(bg, func(tx *db.Tx) error {
				Advance(tx, to)
				if record {
					Record(tx, event("a"))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		advance(noon+500e3, true)
		if at := Micros(events(t, d)[0].RecordedAt); at != noon {
			t.Errorf("the change that advances is recorded at %d, want %d", at, noon)
		}
		if now := l.Now(); now != noon+500e3 {
			t.Errorf("now is %d, want %d", now, noon+500e3)
		}
		if at := record(t, d, "a"); at != noon+500e3+1 {
			t.Errorf("the next change is at %d, want %d", at, noon+500e3+1)
		}
		advance(noon-1, true) // never back
		if now := l.Now(); now != noon+500e3+2 {
			t.Errorf("now is %d, want %d", now, noon+500e3+2)
		}
		// Also by a change that records nothing; it holds for the next node too.
		advance(noon+600e3, false)
		if h := head(t, d); Micros(h.Clock) != noon+600e3 {
			t.Errorf("the head's clock is %d, want %d", h.Clock, noon+600e3)
		}
		d.Close()
		d, l = load(t, dsn, w)
		if now := l.Now(); now != noon+600e3 {
			t.Errorf("after a restart now is %d, want %d", now, noon+600e3)
		}
		if at := record(t, d, "a"); at != noon+600e3+1 {
			t.Errorf("the next change is at %d, want %d", at, noon+600e3+1)
		}
		sound(t, d, 4)
	})
}

// The events of an object are a chain of its own.
func TestChains(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, newWall())
		record(t, d, "a", "b", "a", "A")
		record(t, d, "b", "a")
		last := map[string]eventRow{}
		salts := map[string]bool{}
		for _, r := range events(t, d) {
			env, err := DecodeEnvelope([]byte(r.Envelope))
			if err != nil {
				t.Fatal(err)
			}
			before := last[r.ObjectID]
			if env.Object != r.ObjectID || env.Seq != before.ObjectSeq+1 || env.Previous != hex.EncodeToString(before.Commitment) {
				t.Errorf("entry %d, number %d of %s, names %q; before it are %d, the last %x",
					r.Idx, env.Seq, env.Object, env.Previous, before.ObjectSeq, before.Commitment)
			}
			if salts[string(r.Salt)] {
				t.Errorf("entry %d has the salt of another", r.Idx)
			}
			last[r.ObjectID], salts[string(r.Salt)] = r, true
		}
		if last["a"].ObjectSeq != 3 || last["b"].ObjectSeq != 2 || last["A"].ObjectSeq != 1 {
			t.Errorf("the chains end in %+v", last)
		}
		sound(t, d, 6)
	})
}

// Texts that a store cannot hold do not keep the batch from happening.
func TestOddTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, newWall())
		odd := "\x00 \xff\xfe é \u2028 ' \" ? $1 <&>"
		if err := d.Write(bg, func(tx *db.Tx) error {
			Record(tx, Event{Kind(odd), odd, odd, odd, odd, odd, odd, odd, odd, 0, nil, []byte(odd)})
			Record(tx, event(odd))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want := "\uFFFD \uFFFD é \u2028 ' \" ? $1 <&>"
		for _, r := range events(t, d) {
			if r.ObjectID != want {
				t.Errorf("entry %d is of %q, want %q", r.Idx, r.ObjectID, want)
			}
		}
		sound(t, d, 2)
	})
}

func TestDetail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, newWall())
		if err := d.Write(bg, func(tx *db.Tx) error {
			for _, detail := range [][]byte{nil, {}, []byte(`{"a":1}`), []byte(`{"a":1}`)} {
				e := event("a")
				e.Detail = detail
				Record(tx, e)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var details []struct {
			Idx     int64  `db:"idx"`
			Salt    []byte `db:"salt"`
			Content string `db:"content"`
		}
		view(t, d, func(c *db.Conn) error {
			return c.Select(&details, "SELECT idx, salt, content FROM log_detail ORDER BY idx")
		})
		if len(details) != 3 || details[0].Idx != 1 || details[0].Content != "" || details[1].Content != `{"a":1}` {
			t.Fatalf("details %+v", details)
		}
		if bytes.Equal(details[1].Salt, details[2].Salt) {
			t.Error("two details have one salt")
		}
		rows := events(t, d)
		for _, detail := range details {
			if bytes.Equal(detail.Salt, rows[detail.Idx].Salt) {
				t.Errorf("the detail of entry %d has the entry's salt, which stays when it is erased", detail.Idx)
			}
		}
		sound(t, d, 4)
	})
}

// Subscribers hear of a batch before its writers do, and of no other.
func TestOnCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		var got []Applied // not locked: OnCommit says that the answer comes behind it
		var sizes []int64
		l.OnCommit(func(events []Applied, size int64) { got, sizes = append(got, events...), append(sizes, size) })
		l.OnCommit(func(events []Applied, size int64) {
			if l.Size() < size {
				t.Errorf("the log knows of %d entries while %d are handed on", l.Size(), size)
			}
		})
		record(t, d, "a", "b")
		if want := []Applied{{0, "client.changed", ObjectClient, "a", "ref of a", "org of a", 1},
			{1, "client.changed", ObjectClient, "b", "ref of b", "org of b", 1}}; fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(sizes) != "[2]" {
			t.Errorf("handed on: %v at %v, want %v at 2", got, sizes, want)
		}
		no := errors.New("no")
		if err := d.Write(bg, func(tx *db.Tx) error { Record(tx, event("c")); return no }); !errors.Is(err, no) {
			t.Errorf("error %v, want the closure's", err)
		}
		if err := d.Write(bg, func(tx *db.Tx) error { return nil }); err != nil {
			t.Error(err)
		}
		if len(got) != 2 || len(sizes) != 1 {
			t.Errorf("handed on %v at %v though nothing was recorded", got, sizes)
		}
		sound(t, d, 2)
	})
}

// Without salts nothing is written.
func TestNoRandomness(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		salts := bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 4+2)) // for one event and a half
		l := New(newWall().read, salts)
		if err := l.Load(bg, d); err != nil {
			t.Fatal(err)
		}
		record(t, d, "a")
		err := d.Write(bg, func(tx *db.Tx) error { Record(tx, event("b")); return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error %v, want the one of the source", err)
		}
		sound(t, d, 1)
	})
}

// A head that does not fit its own size is not built upon.
func TestBrokenHead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, newWall())
		record(t, d, "a")
		if _, err := d.Raw().Exec("UPDATE log_head SET size = 3"); err != nil {
			t.Fatal(err)
		}
		err := d.Write(bg, func(tx *db.Tx) error { Record(tx, event("a")); return nil })
		if err == nil || !strings.Contains(err.Error(), "frontier") {
			t.Errorf("error %v, want one about the frontier", err)
		}
		if n := len(events(t, d)); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
	})
}
