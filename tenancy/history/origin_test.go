package history

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

func TestOriginIsGivenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		publisher(t, d, l, PublisherOptions{Origin: "first.example/log"})
		publisher(t, d, l, PublisherOptions{Origin: "second.example/log"})
		if origin, err := ReadOrigin(bg, d); origin != "first.example/log" || err != nil {
			t.Errorf("the origin is %q, %v", origin, err)
		}
	})
	d, l := load(t, dbtest.SQLite(t), newWall())
	for _, bad := range []string{"a b", "a+b", "a\nb"} {
		if _, err := OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1), Origin: bad}); err == nil {
			t.Errorf("the origin %q is taken", bad)
		}
	}
	if _, err := OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1)}); err != nil {
		t.Fatal(err)
	}
	if origin, err := ReadOrigin(bg, d); err != nil || !strings.HasPrefix(origin, "tenure-") || len(origin) != len("tenure-")+32+len("/log") {
		t.Errorf("a random origin is %q, %v", origin, err)
	}
}

// A key that has not signed the newest checkpoint is a mistake; one that has
// may be joined by another, and then go.
func TestKeysChangeOneByOne(t *testing.T) {
	w := newWall()
	d, l := load(t, dbtest.SQLite(t), w)
	grow(t, d, l, 1)
	checkpoint(t, publisher(t, d, l, PublisherOptions{Keys: keysOf(t, 1)}))
	if _, err := OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 2)}); err == nil || !strings.Contains(err.Error(), "none of the keys") {
		t.Errorf("another key signs on: %v", err)
	}
	both := publisher(t, d, l, PublisherOptions{Keys: keysOf(t, 1, 2)})
	grow(t, d, l, 2)
	w.set(noon + 2e6)
	c := checkpoint(t, both)
	for _, seed := range []byte{1, 2} {
		if _, err := OpenCheckpoint(c.Note, verifiers(t, keysOf(t, seed), testOrigin)); err != nil {
			t.Errorf("key %d: %v", seed, err)
		}
	}
	publisher(t, d, l, PublisherOptions{Keys: keysOf(t, 2)})
}

// copyFile is a backup of a SQLite file that nobody has open.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A database restored from a backup is refused, whether it is behind or has
// gone on another way, until it has a new origin that names the last checkpoint
// of the old.
func TestRestoredDatabase(t *testing.T) {
	for name, growth := range map[string]int64{"behind": 300, "ahead on another way": 700} {
		t.Run(name, func(t *testing.T) {
			w := newWall()
			path := dbtest.SQLite(t)
			d, l := load(t, path, w)
			var s shelf
			p := publisher(t, d, l, PublisherOptions{Keep: s.keep})
			grow(t, d, l, 300)
			checkpoint(t, p)
			d.Close()
			backup := path + ".backup"
			copyFile(t, path, backup)

			d, l = load(t, path, w)
			grow(t, d, l, 500)
			w.set(noon + 2e6)
			checkpoint(t, publisher(t, d, l, PublisherOptions{Keep: s.keep, Kept: s.last()}))
			published, err := ReadCheckpoint(s.last())
			if err != nil || published.Size != 500 {
				t.Fatal(published, err)
			}
			d.Close()

			d, l = load(t, backup, w)
			grow(t, d, l, growth)
			_, err = OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1), Kept: s.last()})
			wantFault(t, err, fault.Conflict, CodeRefused)
			if _, err := OpenPublisher(bg, d, l, PublisherOptions{Kept: s.last()}); !fault.Is(err, fault.Conflict) {
				t.Errorf("without keys: %v", err)
			}

			origin, last, err := NewOrigin(bg, d, s.last(), Event{Actor: "operator:test", Org: "root", Reason: "restored"})
			if err != nil || origin != testOrigin+"2" || last.Size != 500 {
				t.Fatalf("new origin %q after %d, %v", origin, last.Size, err)
			}
			w.set(noon + 4e6)
			c := checkpoint(t, publisher(t, d, l, PublisherOptions{Keep: s.keep, Kept: s.last()}))
			if c.Origin != testOrigin+"2" || c.Size != growth+1 {
				t.Errorf("signed %s", c.Note)
			}
			sound(t, d, growth+1) // indexes and chains go on
			rows := events(t, d)
			if e := rows[growth]; e.Kind != kindOrigin || e.Actor != "operator:test" || e.OrgID != "root" {
				t.Errorf("the event is %+v", e)
			}
			view(t, d, func(c *db.Conn) error {
				var detail string
				err := c.Get(&detail, "SELECT content FROM log_detail WHERE idx = ?", growth)
				var members map[string]string
				if err := json.Unmarshal([]byte(detail), &members); err != nil || members["origin"] != origin || members["previous"] != string(published.Note) {
					t.Errorf("its detail is %s, %v", detail, err)
				}
				return err
			})
			// A node that still keeps the old checkpoint may go on; one that keeps
			// a later one than the new origin names may not.
			publisher(t, d, l, PublisherOptions{Kept: published.Note})
			later, err := keysOf(t, 1).sign(testOrigin, 501, published.Root, Signing{At: 1767225600000000})
			if err != nil {
				t.Fatal(err)
			}
			_, err = OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1), Kept: later.Note})
			wantFault(t, err, fault.Conflict, CodeRefused)
		})
	}
}

func TestKeptIsOfAnotherLog(t *testing.T) {
	d, l := load(t, dbtest.SQLite(t), newWall())
	grow(t, d, l, 3)
	c := checkpoint(t, publisher(t, d, l, PublisherOptions{}))
	for name, kept := range map[string]func() (Checkpoint, error){
		"another log": func() (Checkpoint, error) {
			return keysOf(t, 1).sign("other/log", 2, c.Root, Signing{At: 1767225600000000})
		},
		"another key": func() (Checkpoint, error) {
			return keysOf(t, 2).sign(testOrigin, 3, c.Root, Signing{At: 1767225600000000})
		},
		"no note": func() (Checkpoint, error) { return Checkpoint{Note: []byte("x")}, nil },
	} {
		made, err := kept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1), Kept: made.Note}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestNewOriginNeedsAnOldOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		grow(t, d, l, 3)
		_, _, err := NewOrigin(bg, d, nil, Event{})
		wantFault(t, err, fault.Conflict, "")
		p := publisher(t, d, l, PublisherOptions{})
		_, _, err = NewOrigin(bg, d, nil, Event{})
		wantFault(t, err, fault.Conflict, "")
		checkpoint(t, p)
		origin, last, err := NewOrigin(bg, d, nil, Event{})
		if err != nil || origin != testOrigin+"2" || last.Size != 3 {
			t.Errorf("%q after %d: %v", origin, last.Size, err)
		}
		if c := checkpoint(t, p); c.Origin != origin || c.Size != 4 { // the running node follows
			t.Errorf("signed %s", c.Note)
		}
		sound(t, d, 4)
	})
}

func TestNextOrigin(t *testing.T) {
	for old, want := range map[string]string{"a/log": "a/log2", "a/log2": "a/log3", "a/log9": "a/log10", "7": "8", "a/log0": "a/log02"} {
		if got := nextOrigin(old); got != want {
			t.Errorf("after %s comes %s, want %s", old, got, want)
		}
	}
}
