package history

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// uncovered is what CheckSignatures says of the entries at the end.
func uncovered(t *testing.T, d *db.DB, seeds ...byte) (sentence string) {
	t.Helper()
	view(t, d, func(c *db.Conn) error {
		s, err := CheckSignatures(c, keysOf(t, seeds...))
		sentence = s.Uncovered()
		return err
	})
	return sentence
}

// Entries that no checkpoint of a known key covers are counted.
func TestUncoveredEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		if got := uncovered(t, d, 1); got != "" {
			t.Errorf("of an empty log: %q", got)
		}
		grow(t, d, l, 3)
		if got := uncovered(t, d, 1); got != "log: no checkpoint covers the last 3 of 3 entries" {
			t.Errorf("without any checkpoint: %q", got)
		}
		p := publisher(t, d, l, PublisherOptions{})
		checkpoint(t, p)
		if got := uncovered(t, d, 1); got != "" {
			t.Errorf("signed: %q", got)
		}
		if got := uncovered(t, d, 2); got != "log: no checkpoint covers the last 3 of 3 entries" {
			t.Errorf("signed by another key: %q", got)
		}
		grow(t, d, l, 8)
		if got := uncovered(t, d, 1); got != "log: no checkpoint covers the last 5 of 8 entries" {
			t.Errorf("grown: %q", got)
		}
	})
}

// Cover signs what is not covered, and else writes nothing.
func TestCover(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		var s shelf
		p := publisher(t, d, l, PublisherOptions{Keep: s.keep})
		cover := func(least time.Duration, want string) {
			t.Helper()
			if err := p.Cover(bg, least); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(storedSizes(t, d)); got != want || len(s.notes) != len(storedSizes(t, d)) {
				t.Errorf("stored are %s, want %s; kept are %d", got, want, len(s.notes))
			}
		}
		cover(SignEvery, "[]") // there is no entry
		grow(t, d, l, 3)
		cover(SignEvery, "[3]")
		cover(0, "[3]")
		grow(t, d, l, 5)
		cover(SignEvery, "[3]") // too soon
		cover(0, "[3 5]")
		grow(t, d, l, 6)
		w.set(noon + 2e6)
		cover(SignEvery, "[3 5 6]")
		sound(t, d, 6)

		none, err := OpenPublisher(bg, d, l, PublisherOptions{})
		if err != nil {
			t.Fatal(err)
		}
		grow(t, d, l, 7)
		if err := none.Cover(bg, 0); err != nil || !slices.Equal(storedSizes(t, d), []int64{3, 5, 6}) {
			t.Errorf("without a key: %v, %v", storedSizes(t, d), err)
		}
	})
}

// A log whose checkpoints are all gone signs nothing: neither when it is opened nor
// while it runs. A new origin goes on.
func TestRemovedCheckpoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		p := publisher(t, d, l, PublisherOptions{})
		publisher(t, d, l, PublisherOptions{}) // nothing was signed yet, which is no fault
		grow(t, d, l, 3)
		checkpoint(t, p)
		dropTriggers(t, d)
		if _, err := d.Raw().Exec("DELETE FROM log_checkpoint"); err != nil {
			t.Fatal(err)
		}
		refuses := func() {
			t.Helper()
			_, err := OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1)})
			wantFault(t, err, fault.Conflict, CodeRefused)
			w.set(noon + 9e6)
			_, err = p.Checkpoint(bg)
			wantFault(t, err, fault.Conflict, CodeRefused)
			if err := p.Cover(bg, 0); !fault.Is(err, fault.Conflict) {
				t.Errorf("covered: %v", err)
			}
			if got := storedSizes(t, d); len(got) != 0 {
				t.Errorf("stored are %v", got)
			}
		}
		refuses()
		if _, err := OpenPublisher(bg, d, l, PublisherOptions{}); err != nil {
			t.Errorf("without keys: %v", err)
		}
		origin, last, err := NewOrigin(bg, d, nil, Event{Actor: "operator:test", Org: "root", Reason: "checkpoints are gone"})
		if err != nil || origin != testOrigin+"2" || last.Note != nil {
			t.Fatalf("new origin %q after %d, %v", origin, last.Size, err)
		}
		if c := checkpoint(t, publisher(t, d, l, PublisherOptions{})); c.Origin != origin || c.Size != 4 {
			t.Errorf("signed %s", c.Note)
		}
		sound(t, d, 4)
		if _, err := d.Raw().Exec("DELETE FROM log_checkpoint"); err != nil {
			t.Fatal(err)
		}
		refuses()
	})
}
