package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// shelf is a place outside the database.
type shelf struct {
	mu    sync.Mutex
	notes []string
	fail  error
}

func (s *shelf) keep(note []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.notes = append(s.notes, string(note))
	}
	return s.fail
}

func (s *shelf) last() []byte { return []byte(s.notes[len(s.notes)-1]) }

func publisher(t testing.TB, d *db.DB, l *Log, opts PublisherOptions) *Publisher {
	t.Helper()
	if opts.Keys == nil {
		opts.Keys = keysOf(t, 1)
	}
	if opts.Origin == "" {
		opts.Origin = testOrigin
	}
	p, err := OpenPublisher(bg, d, l, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func checkpoint(t testing.TB, p *Publisher) Checkpoint {
	t.Helper()
	c, err := p.Checkpoint(bg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func storedSizes(t testing.TB, d *db.DB) (sizes []int64) {
	t.Helper()
	view(t, d, func(c *db.Conn) error { return c.Select(&sizes, "SELECT size FROM log_checkpoint ORDER BY size") })
	return sizes
}

func TestPublish(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		var s shelf
		p := publisher(t, d, l, PublisherOptions{Keep: s.keep})

		empty := checkpoint(t, p)
		if empty.Size != 0 || empty.Origin != testOrigin {
			t.Errorf("of an empty log: %v", empty)
		}
		grow(t, d, l, 300)
		if c := checkpoint(t, p); c.Size != 0 {
			t.Errorf("a checkpoint of %d within a second of the last", c.Size)
		}
		w.set(noon + 2e6)
		c := checkpoint(t, p)
		if c.Size != 300 || c.Root != tlog.Hash(head(t, d).Root) {
			t.Errorf("a checkpoint of %d, %v; the head is of 300", c.Size, c.Root)
		}
		if _, err := OpenCheckpoint(c.Note, verifiers(t, keysOf(t, 1), testOrigin)); err != nil {
			t.Error(err)
		}
		w.set(noon + 9e6)
		if again := checkpoint(t, p); string(again.Note) != string(c.Note) {
			t.Errorf("the log has not grown, and has a new checkpoint:\n%s", again.Note)
		}
		if got := storedSizes(t, d); fmt.Sprint(got) != "[0 300]" {
			t.Errorf("stored are %v", got)
		}
		if len(s.notes) != 2 || s.notes[1] != string(c.Note) {
			t.Errorf("kept are %q", s.notes)
		}
		sound(t, d, 300) // to sign is no event

		// What cannot be kept is not published.
		grow(t, d, l, 301)
		s.fail = errors.New("disk full")
		if c, err := p.Checkpoint(bg); err == nil {
			t.Errorf("published without being kept: %s", c.Note)
		} else {
			wantFault(t, err, fault.Unavailable, "")
		}
		s.fail = nil
		if c := checkpoint(t, p); c.Size != 301 || string(s.last()) != string(c.Note) {
			t.Errorf("published %d, kept %s", c.Size, s.last())
		}
	})
}

// Many ask at once, at two nodes: one checkpoint a second, each size once, and
// none smaller than one already seen.
func TestPublishConcurrently(t *testing.T) {
	path := dbtest.Postgres(t)
	w := newWall()
	dA, lA := load(t, path, w)
	dB, lB := load(t, path, w)
	nodes := []*Publisher{publisher(t, dA, lA, PublisherOptions{}), publisher(t, dB, lB, PublisherOptions{})}
	var second atomic.Int64
	for range 5 {
		grow(t, dA, lA, lA.Size()+3)
		w.set(noon + Micros(second.Add(2e6)))
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				last := int64(-1)
				for range 4 {
					c, err := nodes[i%2].Checkpoint(bg)
					if err != nil || c.Size < last {
						t.Errorf("checkpoint of %d after %d: %v", c.Size, last, err)
					}
					last = c.Size
				}
			})
		}
		wg.Wait()
	}
	if got := storedSizes(t, dA); fmt.Sprint(got) != "[3 6 9 12 15]" {
		t.Errorf("stored are %v", got)
	}
	sound(t, dA, 15)
}

// A size is signed once: another root is refused, whoever brings it, and
// what is stored stays.
func TestASizeIsNeverSignedTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		grow(t, d, l, 5)
		p := publisher(t, d, l, PublisherOptions{})
		c := checkpoint(t, p)
		for name, other := range map[string]func() (Checkpoint, error){
			"root": func() (Checkpoint, error) {
				return keysOf(t, 1).sign(testOrigin, 5, tlog.Hash{1}, Signing{At: 1767225600000000})
			},
			"origin": func() (Checkpoint, error) {
				return keysOf(t, 1).sign("other/log", 5, c.Root, Signing{At: 1767225600000000})
			},
		} {
			made, err := other()
			if err != nil {
				t.Fatal(err)
			}
			err = d.Write(bg, func(tx *db.Tx) error { _, err := store(tx, made); return err })
			if !fault.Is(err, fault.Internal) {
				t.Errorf("another %s: %v", name, err)
			}
		}
		// Another key for the same tree gets what is there.
		same, err := keysOf(t, 2).sign(testOrigin, 5, c.Root, Signing{At: 1767225600000000})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(bg, func(tx *db.Tx) error {
			stored, err := store(tx, same)
			if string(stored.Note) != string(c.Note) {
				t.Errorf("stored is\n%s", stored.Note)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// A node that read the head before another one signed a greater tree signs nothing: its
// checkpoint would come after one that it does not name.
func TestCheckpointsAreStoredInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		grow(t, d, l, 5)
		p := publisher(t, d, l, PublisherOptions{})
		checkpoint(t, p)
		grow(t, d, l, 7)
		before, err := p.look(bg)
		if err != nil {
			t.Fatal(err)
		}
		grow(t, d, l, 10)
		now, err := p.look(bg)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []state{now, before, now} {
			made, err := p.sign(bg, s)
			if err != nil || made.Size != 10 {
				t.Errorf("of %d entries: signed %d, %v", s.head.Size, made.Size, err)
			}
		}
		sound(t, d, 10)
		var sizes []int64
		view(t, d, func(c *db.Conn) error { return c.Select(&sizes, "SELECT size FROM log_checkpoint ORDER BY size") })
		if fmt.Sprint(sizes) != "[5 10]" {
			t.Errorf("stored are %v", sizes)
		}
	})
}

// A history that was rewritten under a running node is not signed.
func TestRewrittenTreeIsNotSigned(t *testing.T) {
	for name, rewrite := range map[string]string{
		"head":          "UPDATE log_head SET root = ?",
		"leaf below it": "UPDATE log_event SET leaf_hash = ? WHERE idx = 3",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWall()
			d, l := load(t, dbtest.SQLite(t), w)
			p := publisher(t, d, l, PublisherOptions{})
			grow(t, d, l, 5)
			checkpoint(t, p)
			grow(t, d, l, 6)
			w.set(noon + 2e6)
			dropTriggers(t, d)
			if _, err := d.Raw().Exec(rewrite, make([]byte, 32)); err != nil {
				t.Fatal(err)
			}
			if c, err := p.Checkpoint(bg); !fault.Is(err, fault.Internal) {
				t.Errorf("signed %d: %v", c.Size, err)
			}
			if got := storedSizes(t, d); fmt.Sprint(got) != "[5]" {
				t.Errorf("stored are %v", got)
			}
		})
	}
}

func TestWithoutKeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		grow(t, d, l, 3)
		p, err := OpenPublisher(bg, d, l, PublisherOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Checkpoint(bg)
		wantFault(t, err, fault.NotFound, "")
		_, err = p.Tile(bg, 0, 0, 1)
		wantFault(t, err, fault.NotFound, "")
		_, err = p.Receipt(bg, 0)
		wantFault(t, err, fault.NotFound, "")
		if origin, err := ReadOrigin(bg, d); origin != "" || err != nil {
			t.Errorf("a log without keys has the origin %q, %v", origin, err)
		}
	})
}

// Only what a checkpoint covers is shown.
func TestShownIsBelowACheckpoint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		p := publisher(t, d, l, PublisherOptions{})
		grow(t, d, l, 257)
		if _, err := p.Tile(bg, 0, 0, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("a tile before any checkpoint: %v", err)
		}
		checkpoint(t, p)
		grow(t, d, l, 600)
		for _, c := range []struct {
			level, n int64
			width    int
			shown    bool
		}{
			{0, 0, 256, true}, {0, 0, 17, true}, {0, 1, 1, true}, {1, 0, 1, true},
			{0, 1, 2, false}, {0, 1, 256, false}, {1, 0, 2, false}, {1, 1, 1, false}, {2, 0, 1, false}, {0, 2, 1, false},
			{0, 0, 0, false}, {0, 0, 257, false}, {-1, 0, 1, false}, {8, 0, 1, false}, {0, -1, 1, false}, {0, 1 << 62, 1, false},
		} {
			data, err := p.Tile(bg, c.level, c.n, c.width)
			if c.shown && (err != nil || len(data) != c.width*32) || !c.shown && !fault.Is(err, fault.NotFound) {
				t.Errorf("tile %d/%d of width %d: %d bytes, %v", c.level, c.n, c.width, len(data), err)
			}
			if c.level != 0 {
				continue
			}
			bundle, err := p.Entries(bg, c.n, c.width)
			if c.shown && (err != nil || len(bundle) != c.width*(2+68)) || !c.shown && !fault.Is(err, fault.NotFound) {
				t.Errorf("bundle %d of width %d: %d bytes, %v", c.n, c.width, len(bundle), err)
			}
		}
	})
}

// What was not committed is not published; what was, and nobody was told so, is.
func TestPublishIsAfterCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		var fail atomic.Value
		fail.Store("")
		d := dbtest.Open(t, dsn, db.Options{Inject: func(point string) error {
			if fail.CompareAndSwap(point, "") {
				return errors.New("injected")
			}
			return nil
		}})
		l := New(w.read, nil)
		if err := l.Load(bg, d); err != nil {
			t.Fatal(err)
		}
		var s shelf
		p := publisher(t, d, l, PublisherOptions{Keep: s.keep})
		grow(t, d, l, 3)
		fail.Store(db.BeforeCommit)
		if c, err := p.Checkpoint(bg); err == nil || len(storedSizes(t, d)) != 0 || len(s.notes) != 0 {
			t.Errorf("not committed: %s, %v, kept %q", c.Note, err, s.notes)
		}
		fail.Store(db.AfterCommit)
		if c, err := p.Checkpoint(bg); !fault.Is(err, fault.Timeout) || len(s.notes) != 0 {
			t.Errorf("in doubt: %s, %v, kept %q", c.Note, err, s.notes)
		}
		if c := checkpoint(t, p); c.Size != 3 || fmt.Sprint(storedSizes(t, d)) != "[3]" || string(s.last()) != string(c.Note) {
			t.Errorf("afterwards: %s, stored %v, kept %q", c.Note, storedSizes(t, d), s.notes)
		}
		sound(t, d, 3)
	})
}

func TestConsistency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		p := publisher(t, d, l, PublisherOptions{})
		grow(t, d, l, 600)
		_, reference := leaves(t, d)
		for _, old := range []int64{0, 1, 255, 256, 257, 599, 600} {
			proof, root, newest, err := p.Consistency(bg, old)
			want, wrong := tlog.TreeHash(old, reference)
			if err != nil || wrong != nil || newest.Size != 600 || root != want {
				t.Errorf("from %d: root %v of %d, %v", old, root, newest.Size, err)
			}
			if old == 0 {
				continue
			}
			if err := tlog.CheckTree(proof, 600, newest.Root, old, root); err != nil {
				t.Errorf("from %d: %v", old, err)
			}
		}
		for _, old := range []int64{-1, 601} {
			if _, _, _, err := p.Consistency(bg, old); !fault.Is(err, fault.NotFound) {
				t.Errorf("from %d: %v", old, err)
			}
		}
	})
}

func TestReceipt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWall()
		d, l := load(t, dsn, w)
		p := publisher(t, d, l, PublisherOptions{})
		grow(t, d, l, 300)
		known := verifiers(t, keysOf(t, 1), testOrigin)
		rows := events(t, d)
		for _, idx := range []int64{0, 1, 255, 256, 299} {
			text, err := p.Receipt(bg, idx)
			if err != nil {
				t.Fatal(err)
			}
			entry := PublicEntry([32]byte(rows[idx].Commitment))
			got, c, err := openReceipt(text, known, entry)
			if err != nil || got != idx || c.Size != 300 {
				t.Errorf("receipt of %d: %d in %d, %v\n%s", idx, got, c.Size, err, text)
			}
			if _, _, err := openReceipt(text, known, append(entry, 'x')); err == nil {
				t.Error("a receipt holds for another entry")
			}
			if _, _, err := openReceipt(text, verifiers(t, keysOf(t, 2), testOrigin), entry); err == nil {
				t.Error("a receipt holds with another key")
			}
			lines := strings.Split(string(text), "\n")
			for i := 1; i < slices.Index(lines, ""); i++ { // the index and every hash
				wrong := slices.Clone(lines)
				if wrong[i] = lines[i][:6] + "1" + lines[i][7:]; wrong[i] == lines[i] {
					wrong[i] = lines[i][:6] + "2" + lines[i][7:]
				}
				if _, _, err := openReceipt([]byte(strings.Join(wrong, "\n")), known, entry); err == nil {
					t.Errorf("a receipt holds with line %d changed to %s", i, wrong[i])
				}
			}
			var theirs proof.TLogProof
			if err := theirs.Unmarshal(text); err != nil || theirs.Index != uint64(idx) || string(theirs.Checkpoint) != string(c.Note) {
				t.Errorf("formats/proof reads %v, %v", theirs, err)
			}
		}
		// What no checkpoint covers yet has a receipt a second later.
		grow(t, d, l, 301)
		_, err := p.Receipt(bg, 300)
		wantFault(t, err, fault.Unavailable, "")
		w.set(noon + 2e6)
		if _, err := p.Receipt(bg, 300); err != nil {
			t.Error(err)
		}
		if _, err := p.Receipt(bg, -1); err == nil {
			t.Error("there is a receipt of the entry -1")
		}
	})
}

// openReceipt verifies a receipt for a public entry as somebody without the
// database does: the checkpoint's signature, and the path from the entry to its
// root.
func openReceipt(text []byte, known note.Verifiers, entry []byte) (idx int64, c Checkpoint, err error) {
	var p proof.TLogProof
	if err := p.Unmarshal(text); err != nil {
		return 0, c, err
	}
	if c, err = OpenCheckpoint(p.Checkpoint, known); err != nil {
		return 0, c, err
	}
	path := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		path[i] = h
	}
	if p.Index >= uint64(c.Size) {
		return 0, c, errors.New("the entry is behind the checkpoint")
	}
	return int64(p.Index), c, tlog.CheckRecord(path, c.Size, c.Root, int64(p.Index), LeafHash(entry))
}
