package history

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// dropTriggers takes away what keeps rows from being altered.
func dropTriggers(t *testing.T, d *db.DB) {
	t.Helper()
	query := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
	if d.Dialect == db.Postgres {
		query = "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_catalog.pg_trigger WHERE NOT tgisinternal"
	}
	var drops []string
	if err := d.Raw().Select(&drops, query); err != nil || len(drops) == 0 {
		t.Fatalf("triggers %v: %v", drops, err)
	}
	for _, drop := range drops {
		if _, err := d.Raw().Exec(drop); err != nil {
			t.Fatalf("%s: %v", drop, err)
		}
	}
}

// tamper changes the log behind its back. It panics where it cannot: it runs on
// the committer's goroutine, which a t.Fatal would end.
type tamper struct{ tx *db.Tx }

func (x tamper) exec(query string, args ...any) {
	if n, err := x.tx.Exec(query, args...); err != nil || n == 0 {
		panic(fmt.Sprintf("%s: %d rows (%v)", query, n, err))
	}
}

func (x tamper) row(idx int64) (r eventRow) {
	if err := x.tx.Get(&r, "SELECT "+eventColumns+" FROM log_event WHERE idx = ?", idx); err != nil {
		panic(err)
	}
	return r
}

// flip turns one bit over in the middle of one value.
func (x tamper) flip(table, column, where string) {
	var b []byte
	if err := x.tx.Get(&b, "SELECT "+column+" FROM "+table+" WHERE "+where); err != nil {
		panic(err)
	}
	b[len(b)/2] ^= 1
	x.exec("UPDATE "+table+" SET "+column+" = ? WHERE "+where, b)
}

// envelope replaces text in the envelope of an entry, and nothing besides.
func (x tamper) envelope(idx int64, old, new string) {
	r := x.row(idx)
	if strings.Count(r.Envelope, old) != 1 {
		panic(fmt.Sprintf("%q is not once in %s", old, r.Envelope))
	}
	x.exec("UPDATE log_event SET envelope = ? WHERE idx = ?", strings.Replace(r.Envelope, old, new, 1), idx)
}

// reseal makes commitment and leaf of an entry fit its envelope again.
func (x tamper) reseal(idx int64) {
	r := x.row(idx)
	c := Commitment(r.Salt, []byte(r.Envelope))
	leaf := LeafHash(PublicEntry(c))
	x.exec("UPDATE log_event SET commitment = ?, leaf_hash = ? WHERE idx = ?", c[:], leaf[:], idx)
}

// Entries of the log under test: 300, each a change of its own, of five objects
// in turn; every tenth has a detail.
const (
	entries = 300
	objects = 5
)

// What Check says of the entry 17 (of o2, without a detail), of the tile
// that holds it, and of the head.
const (
	badCommitment = "log entry 17: the commitment does not match the envelope"
	badLeaf       = "log entry 17: the leaf hash does not match the entry"
	badColumns    = "log entry 17: its columns differ from its envelope"
	badChain      = "log entry 22: the chain of client o2 is broken" // the object's next
	badTile       = "log: tile 0/0 does not match its entries"
	badRoot       = "log: the root of the head is not the root of its entries"
	badFrontier   = "log: the frontier of the head is not that of its entries"
)

var checkCases = []struct {
	name  string
	do    func(x tamper)
	want  []string // these sentences and no other
	among bool     // others may be beside them
}{
	{"nothing", func(x tamper) {}, nil, false},
	{"flipped bit in an envelope", func(x tamper) { x.envelope(17, `"because"`, `"becausd"`) },
		[]string{badCommitment, badLeaf, badRoot}, false},
	{"flipped bit that breaks an envelope", func(x tamper) { x.envelope(17, `{"v"`, `zv"`) },
		[]string{badCommitment, badLeaf, badRoot}, true},
	{"flipped bit in a salt", func(x tamper) { x.flip("log_event", "salt", "idx = 17") },
		[]string{badCommitment, badLeaf, badRoot}, false},
	{"flipped bit in a commitment", func(x tamper) { x.flip("log_event", "commitment", "idx = 17") },
		[]string{badCommitment, badChain}, false},
	{"flipped bit in a leaf", func(x tamper) { x.flip("log_event", "leaf_hash", "idx = 17") },
		[]string{badLeaf, badTile}, false},
	{"rewritten entry", func(x tamper) { x.envelope(17, `"because"`, `"no reason"`); x.reseal(17) },
		[]string{badChain, badRoot, badTile}, false},
	{"rewritten instant", func(x tamper) {
		at := x.row(17).RecordedAt
		x.envelope(17, fmt.Sprint(at), fmt.Sprint(at-100))
		x.exec("UPDATE log_event SET recorded_at = ? WHERE idx = 17", at-100)
		x.reseal(17)
	}, []string{"log entry 17: recorded before the entry in front of it", badChain, badRoot, badTile}, false},
	{"envelope in another form", func(x tamper) { x.envelope(17, `{"v":2,`, `{"v":2, `); x.reseal(17) },
		[]string{"log entry 17: envelope: not in the one form", badRoot, badTile}, true},
	{"removed row", func(x tamper) { x.exec("DELETE FROM log_event WHERE idx = 17") },
		[]string{"log: entry 18 stands where 17 is expected", badChain, "log: the head says 300 entries, there are 299", badTile}, false},
	{"removed first row", func(x tamper) { x.exec("DELETE FROM log_event WHERE idx = 0") },
		[]string{"log: entry 1 stands where 0 is expected", "log: the head says 300 entries, there are 299"}, true},
	{"row in front of all", func(x tamper) { x.exec("UPDATE log_event SET idx = -1 WHERE idx = 299") },
		[]string{"log: entry -1 stands where 0 is expected"}, true},
	{"swapped rows", func(x tamper) {
		x.exec("UPDATE log_event SET idx = 1000 WHERE idx = 17")
		x.exec("UPDATE log_event SET idx = 17 WHERE idx = 18")
		x.exec("UPDATE log_event SET idx = 18 WHERE idx = 1000")
	}, []string{"log entry 18: recorded before the entry in front of it", badRoot, badTile}, false},
	{"changed kind", func(x tamper) { x.exec("UPDATE log_event SET kind = 'client.made' WHERE idx = 17") },
		[]string{badColumns}, false},
	{"changed object", func(x tamper) { x.exec("UPDATE log_event SET object_id = 'o9' WHERE idx = 17") },
		[]string{badColumns, "log entry 17: the chain of client o2 is broken", badChain}, false},
	{"changed number", func(x tamper) { x.exec("UPDATE log_event SET object_seq = 1000 WHERE idx = 17") },
		[]string{badColumns}, false},
	{"changed ref", func(x tamper) { x.exec("UPDATE log_event SET ref = 'x' WHERE idx = 17") }, []string{badColumns}, false},
	{"changed organization", func(x tamper) { x.exec("UPDATE log_event SET org_id = 'x' WHERE idx = 17") }, []string{badColumns}, false},
	{"changed actor", func(x tamper) { x.exec("UPDATE log_event SET actor = 'key:another' WHERE idx = 17") }, []string{badColumns}, false},
	{"changed instant", func(x tamper) { x.exec("UPDATE log_event SET recorded_at = recorded_at + 1 WHERE idx = 17") },
		[]string{badColumns}, false},
	{"truncated", func(x tamper) { x.exec("DELETE FROM log_event WHERE idx >= 290") },
		[]string{"log: the head says 300 entries, there are 290"}, true},
	{"truncated, with its head", func(x tamper) {
		x.exec("DELETE FROM log_event WHERE idx >= 291")
		x.exec("UPDATE log_head SET size = 291")
	}, []string{badRoot}, false},
	{"truncated below its tile", func(x tamper) {
		x.exec("DELETE FROM log_event WHERE idx >= 251")
		x.exec("UPDATE log_head SET size = 251")
	}, []string{badRoot, "log: 1 tiles, expected 0"}, true},
	{"emptied", func(x tamper) { x.exec("DELETE FROM log_event") },
		[]string{"log: the head says 300 entries, there are 0"}, true},
	{"wrong root", func(x tamper) { x.flip("log_head", "root", "log_id = 1") }, []string{badRoot}, false},
	{"wrong frontier", func(x tamper) { x.flip("log_head", "frontier", "log_id = 1") }, []string{badFrontier}, false},
	{"wrong size", func(x tamper) { x.exec("UPDATE log_head SET size = 299") },
		[]string{"log: the head says 299 entries, there are 300"}, false},
	{"vast size", func(x tamper) { x.exec("UPDATE log_head SET size = ?", int64(math.MaxInt64)) },
		[]string{"log: the head says 9223372036854775807 entries, there are 300"}, false},
	{"clock set back", func(x tamper) { x.exec("UPDATE log_head SET clock = clock - 1") },
		[]string{"log: the clock of the head is behind its last entry"}, false},
	{"missing tile", func(x tamper) { x.exec("DELETE FROM log_tile") },
		[]string{"log: tile 0/0 is missing", "log: 0 tiles, expected 1"}, false},
	{"flipped bit in a tile", func(x tamper) { x.flip("log_tile", "data", "level = 0 AND n = 0") }, []string{badTile}, false},
	{"tile too many", func(x tamper) {
		x.exec("INSERT INTO log_tile (level, n, data) SELECT 0, 1, data FROM log_tile")
	}, []string{"log: 2 tiles, expected 1"}, false},
	{"changed detail", func(x tamper) { x.exec(`UPDATE log_detail SET content = '{"n":2}' WHERE idx = 20`) },
		[]string{"log entry 20: its detail does not match the envelope"}, false},
	{"changed salt of a detail", func(x tamper) { x.flip("log_detail", "salt", "idx = 20") },
		[]string{"log entry 20: its detail does not match the envelope"}, false},
	{"swapped details", func(x tamper) {
		x.exec("UPDATE log_detail SET idx = 1000 WHERE idx = 20")
		x.exec("UPDATE log_detail SET idx = 20 WHERE idx = 30")
		x.exec("UPDATE log_detail SET idx = 30 WHERE idx = 1000")
	}, []string{"log entry 20: its detail does not match the envelope", "log entry 30: its detail does not match the envelope"}, false},
	{"missing detail", func(x tamper) { x.exec("DELETE FROM log_detail WHERE idx = 20") },
		[]string{"log entry 20: its detail is missing"}, false},
	{"erased detail", func(x tamper) {
		x.exec("DELETE FROM log_detail WHERE idx = 20")
		x.exec("INSERT INTO erasure (ref, recorded_at) VALUES ('20', 1)")
	}, []string{"erasure 20: no event of the log says that this row was written"}, false},
	{"invented detail", func(x tamper) {
		x.exec("INSERT INTO log_detail (idx, salt, content) VALUES (17, ?, '{}')", make([]byte, 32))
	}, []string{"log entry 17: its detail does not match the envelope"}, false},
}

func TestCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, newWall())
		for i := range entries {
			if err := d.Write(bg, func(tx *db.Tx) error {
				e := event(fmt.Sprint("o", i%objects))
				if i%10 == 0 {
					e.Detail = []byte(`{"n":1}`)
				}
				Record(tx, e)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		dropTriggers(t, d)
		sound(t, d, entries)
		undo := errors.New("undo")
		for _, c := range checkCases {
			t.Run(c.name, func(t *testing.T) {
				var problems []string
				err := d.Write(bg, func(tx *db.Tx) (err error) {
					c.do(tamper{tx})
					if problems, err = Check(&tx.Conn); err != nil {
						return err
					}
					return undo // a closure that fails leaves nothing behind for the next case
				})
				if !errors.Is(err, undo) {
					t.Fatal(err)
				}
				if !c.among {
					if !slices.Equal(problems, c.want) {
						t.Errorf("check says\n%s\nwant\n%s", strings.Join(problems, "\n"), strings.Join(c.want, "\n"))
					}
					return
				}
				for _, want := range c.want {
					if !slices.Contains(problems, want) {
						t.Errorf("check says\n%s\nwant among it\n%s", strings.Join(problems, "\n"), want)
					}
				}
			})
		}
		sound(t, d, entries)
	})
}

// More than a hundred things are wrong: a hundred are said.
func TestCheckSaysAHundred(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, newWall())
		record(t, d, slices.Repeat([]string{"a", "b"}, 60)...)
		dropTriggers(t, d)
		if _, err := d.Raw().Exec(d.Raw().Rebind("UPDATE log_event SET salt = ?"), bytes.Repeat([]byte{1}, 32)); err != nil {
			t.Fatal(err)
		}
		view(t, d, func(c *db.Conn) error {
			problems, err := Check(c)
			if len(problems) != 100 {
				t.Errorf("%d sentences, want 100", len(problems))
			}
			return err
		})
	})
}

func TestCheckOfNoLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		if err := d.View(bg, func(c *db.Conn) error { _, err := Check(c); return err }); err == nil {
			t.Error("a database without a head checks")
		}
		l := New(nil, nil)
		if err := l.Load(bg, d); err != nil {
			t.Fatal(err)
		}
		sound(t, d, 0)
	})
}

// What the check has in memory does not grow with the number of objects, nor of
// checkpoints.
func TestCheckNeedsLittleMemory(t *testing.T) {
	d, _ := load(t, dbtest.SQLite(t), newWall())
	const writes, each = 40, 1000
	for i := range writes {
		if err := d.Write(bg, func(tx *db.Tx) error {
			for j := range each {
				Record(tx, Event{Kind: "client.published", Object: fmt.Sprint("an object with a long id ", i, "-", j)})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	var problems []string
	peak := dbtest.PeakMemory(func() {
		view(t, d, func(c *db.Conn) (err error) { problems, err = Check(c); return err })
	})
	if len(problems) > 0 {
		t.Errorf("%d problems, the first is %s", len(problems), problems[0])
	}
	if most := int64(100 * writes * each); peak > most {
		t.Errorf("the check of %d objects had %d kB in memory, want at most %d kB", writes*each, peak>>10, most>>10)
	}
}
