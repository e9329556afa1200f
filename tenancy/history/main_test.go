package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var bg = context.Background()

// wall is a wall clock that stands still until it is set.
type wall struct{ micros atomic.Int64 }

// noon is where every wall starts; its last digits are not zero.
const noon = Micros(1_764_590_400_123_456)

func newWall() *wall {
	w := &wall{}
	w.set(noon)
	return w
}

func (w *wall) set(at Micros)   { w.micros.Store(int64(at)) }
func (w *wall) read() time.Time { return time.UnixMicro(w.micros.Load()) }

// load opens dsn with a log that goes by w.
func load(t testing.TB, dsn string, w *wall) (*db.DB, *Log) {
	t.Helper()
	d := dbtest.Open(t, dsn, db.Options{})
	l := New(w.read, nil)
	if err := l.Load(bg, d); err != nil {
		t.Fatalf("load: %v", err)
	}
	return d, l
}

// event is an event of an object with every member filled.
func event(object string) Event {
	return Event{Kind: "client.changed", ObjectKind: ObjectClient, Object: object, Ref: "ref of " + object, Org: "org of " + object,
		Actor: "key:" + object, ActingOrg: "acting", Surface: "api", Reason: "because", Effective: noon.Millis() + 5,
		Commitment: []byte(strings.Repeat("c", 32))}
}

// record makes one change with an event of each object and returns its instant.
func record(t testing.TB, d *db.DB, objects ...string) (at Micros) {
	t.Helper()
	if err := d.Write(bg, func(tx *db.Tx) error {
		for _, o := range objects {
			Record(tx, event(o))
		}
		at = At(tx)
		return nil
	}); err != nil {
		t.Fatalf("record: %v", err)
	}
	return at
}

func view(t testing.TB, d *db.DB, fn func(c *db.Conn) error) {
	t.Helper()
	if err := d.View(bg, fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func head(t testing.TB, d *db.DB) (h Head) {
	t.Helper()
	view(t, d, func(c *db.Conn) (err error) { h, err = ReadHead(c); return err })
	return h
}

func events(t testing.TB, d *db.DB) (rows []eventRow) {
	t.Helper()
	view(t, d, func(c *db.Conn) error { return c.Select(&rows, "SELECT "+eventColumns+" FROM log_event ORDER BY idx") })
	return rows
}

// sound fails the test unless the log holds together, with size entries.
func sound(t testing.TB, d *db.DB, size int64) {
	t.Helper()
	view(t, d, func(c *db.Conn) error {
		problems, err := Check(c)
		if len(problems) > 0 {
			t.Errorf("the log is not sound:\n%s", strings.Join(problems, "\n"))
		}
		return err
	})
	if h := head(t, d); h.Size != size {
		t.Errorf("the log has %d entries, want %d", h.Size, size)
	}
}

// hashes is the reference: every hash of a tree as tlog stores them.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		out[i] = h[at]
	}
	return out, nil
}

func (h *hashes) add(t testing.TB, n int64, leaf tlog.Hash) {
	t.Helper()
	more, err := tlog.StoredHashesForRecordHash(n, leaf, *h)
	if err != nil {
		t.Fatal(err)
	}
	*h = append(*h, more...)
}

// likeTlog compares head and tiles of d with those that tlog makes of the same
// leaves, all tiles and no other.
func likeTlog(t testing.TB, d *db.DB) {
	t.Helper()
	var reference hashes
	rows := events(t, d)
	size := int64(len(rows))
	for n, r := range rows {
		if r.Idx != int64(n) {
			t.Fatalf("entry %d stands at %d", r.Idx, n)
		}
		reference.add(t, r.Idx, tlog.Hash(r.LeafHash))
	}
	root, err := tlog.TreeHash(size, reference)
	if err != nil {
		t.Fatal(err)
	}
	if h := head(t, d); h.Size != size || tlog.Hash(h.Root) != root {
		t.Errorf("head of %d entries, root %x; tlog has %d, %x", h.Size, h.Root, size, root[:])
	}
	var want, got []string
	for level, width := 0, int64(256); width <= size; level, width = level+1, width*256 {
		for n := range size / width {
			data, err := tlog.ReadTileData(tlog.Tile{H: 8, L: level, N: n, W: 256}, reference)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf("%d/%d %x", level, n, data))
		}
	}
	view(t, d, func(c *db.Conn) error {
		return c.Each(func(scan func(...any) error) error {
			var level, n int64
			var data []byte
			err := scan(&level, &n, &data)
			got = append(got, fmt.Sprintf("%d/%d %x", level, n, data))
			return err
		}, "SELECT level, n, data FROM log_tile ORDER BY level, n")
	})
	if !slices.Equal(got, want) {
		t.Errorf("%d entries: %d tiles are stored, tlog makes %d; or their bytes differ", size, len(got), len(want))
	}
}

// wantFault fails the test unless err is a fault of the kind and code.
func wantFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != kind || f.Code != code {
		t.Fatalf("error %v, want a fault of kind %s with code %q", err, kind, code)
	}
}
