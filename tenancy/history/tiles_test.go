package history

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// grow makes the log of d longer, to size entries, in changes of at most 100.
func grow(t testing.TB, d *db.DB, l *Log, size int64) {
	t.Helper()
	for l.Size() < size {
		n := min(100, size-l.Size())
		if err := d.Write(bg, func(tx *db.Tx) error {
			for i := range n {
				Record(tx, Event{Kind: "x", Object: fmt.Sprint(i % 7)})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// leaves is every leaf of d and the reference tree of them.
func leaves(t testing.TB, d *db.DB) (leaves []tlog.Hash, reference hashes) {
	t.Helper()
	view(t, d, func(c *db.Conn) error {
		return c.Each(func(scan func(...any) error) error {
			var leaf []byte
			err := scan(&leaf)
			reference.add(t, int64(len(leaves)), tlog.Hash(leaf))
			leaves = append(leaves, tlog.Hash(leaf))
			return err
		}, "SELECT leaf_hash FROM log_event ORDER BY idx")
	})
	return leaves, reference
}

// slicesOf is a proof as the other library takes it.
func slicesOf[P ~[]tlog.Hash](p P) [][]byte {
	out := make([][]byte, len(p))
	for i := range p {
		out[i] = p[i][:]
	}
	return out
}

// provable compares roots and proofs of d at all sizes, from and to each other,
// with tlog's over all hashes, and has another library verify them.
func provable(t testing.TB, tiles *Tiles, all []tlog.Hash, reference hashes, sizes []int64) {
	t.Helper()
	hasher := rfc6962.DefaultHasher
	roots := map[int64]tlog.Hash{}
	for _, size := range sizes {
		want, err := tlog.TreeHash(size, reference)
		if err != nil {
			t.Fatal(err)
		}
		if roots[size], err = tiles.Root(size); err != nil || roots[size] != want {
			t.Fatalf("root at %d is %v (%v), tlog has %v", size, roots[size], err, want)
		}
	}
	for _, size := range sizes {
		root := roots[size]
		for _, idx := range append([]int64{0, 1, size / 2, size - 2, size - 1}, sizes...) {
			if idx < 0 || idx >= size {
				continue
			}
			p, err := tiles.Inclusion(idx, size)
			if err != nil {
				t.Fatalf("entry %d in %d: %v", idx, size, err)
			}
			leaf := all[idx]
			if err := proof.VerifyInclusion(hasher, uint64(idx), uint64(size), leaf[:], slicesOf(p), root[:]); err != nil {
				t.Errorf("entry %d in %d: %v", idx, size, err)
			}
		}
		for _, old := range sizes {
			if old > size {
				continue
			}
			p, err := tiles.Consistency(old, size)
			if err != nil {
				t.Fatalf("from %d to %d: %v", old, size, err)
			}
			before := roots[old]
			if err := proof.VerifyConsistency(hasher, uint64(old), uint64(size), slicesOf(p), before[:], root[:]); err != nil {
				t.Errorf("from %d to %d: %v", old, size, err)
			}
		}
	}
}

// edgesOf are the sizes around everything that happens in a tree.
func edgesOf(size int64) []int64 {
	sizes := []int64{0, 1, 2, 3, 4, 5, 7, 8, 127, 128, 129, 254, 255, 256, 257, 258, 300, 511, 512, 513, 767, 768, 769, 1000, 1024,
		65_535, 65_536, 65_537, 65_791, 65_792, 65_793, 65_999, 66_000, size}
	return slices.Compact(slices.DeleteFunc(sizes, func(n int64) bool { return n > size }))
}

func TestProofs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		shared := new(edges) // goes on over all sizes, as in a running node
		for _, size := range []int64{0, 1, 2, 255, 256, 257, 600, 1100} {
			grow(t, d, l, size)
			all, reference := leaves(t, d)
			view(t, d, func(c *db.Conn) error {
				provable(t, newTiles(c, shared), all, reference, edgesOf(size))
				provable(t, NewTiles(c), all, reference, edgesOf(size))
				return nil
			})
		}
	})
}

// Every tile of every width has tlog's bytes, and no other tile is there.
func TestTiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		const size = 700
		d, l := load(t, dsn, newWall())
		grow(t, d, l, size)
		_, reference := leaves(t, d)
		view(t, d, func(c *db.Conn) error {
			tiles := NewTiles(c)
			for level := range int64(3) {
				for n := range int64(4) {
					for width := 1; width <= tileWidth; width++ {
						got, err := tiles.Tile(level, n, width)
						if n*tileWidth+int64(width) > size>>(tileHeight*level) {
							if err == nil {
								t.Fatalf("there is a tile %d/%d of width %d", level, n, width)
							}
							continue
						}
						want, wrong := tlog.ReadTileData(tlog.Tile{H: 8, L: int(level), N: n, W: width}, reference)
						if err != nil || wrong != nil || !bytes.Equal(got, want) {
							t.Fatalf("tile %d/%d of width %d: %v, tlog %v; or the bytes differ", level, n, width, err, wrong)
						}
					}
				}
			}
			for _, bad := range [][3]int64{{-1, 0, 1}, {maxLevel + 1, 0, 1}, {0, -1, 1}, {0, 0, 0}, {0, 0, 257}, {0, 3, 256}, {1, 0, 256}, {0, 1 << 50, 1}} {
				if _, err := tiles.Tile(bad[0], bad[1], int(bad[2])); err == nil {
					t.Errorf("there is a tile %v", bad)
				}
			}
			for _, bad := range [][2]int64{{700, 700}, {-1, 700}, {0, 701}, {0, 1 << 50}} {
				if p, err := tiles.Inclusion(bad[0], bad[1]); err == nil {
					t.Errorf("entry %d is proved in a tree of %d: %v", bad[0], bad[1], p)
				}
			}
			if p, err := tiles.Consistency(700, 701); err == nil {
				t.Errorf("700 entries begin 701, of which one is not there: %v", p)
			}
			return nil
		})
	})
}

// A bundle's entries hash to the leaves, and are what an event's commitment says.
func TestEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		const size = 260
		d, l := load(t, dsn, newWall())
		grow(t, d, l, size)
		all, _ := leaves(t, d)
		view(t, d, func(c *db.Conn) error {
			for _, b := range []struct {
				n     int64
				width int
			}{{0, 1}, {0, 255}, {0, 256}, {1, 4}} {
				bundle, err := NewTiles(c).Entries(b.n, b.width)
				if err != nil {
					t.Fatal(err)
				}
				for i := range b.width {
					length := int(binary.BigEndian.Uint16(bundle))
					if leaf := tlog.RecordHash(bundle[2 : 2+length]); leaf != all[b.n*256+int64(i)] {
						t.Fatalf("bundle %d: entry %d does not hash to its leaf", b.n, i)
					}
					bundle = bundle[2+length:]
				}
				if len(bundle) > 0 {
					t.Errorf("bundle %d of width %d: %d bytes too many", b.n, b.width, len(bundle))
				}
			}
			for _, bad := range [][2]int64{{0, 0}, {0, 257}, {-1, 1}, {1, 5}, {2, 1}} {
				if _, err := NewTiles(c).Entries(bad[0], int(bad[1])); err == nil {
					t.Errorf("there is a bundle %v", bad)
				}
			}
			return nil
		})
	})
}
