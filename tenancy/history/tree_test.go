package history

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// The tree has the root that tlog computes from all hashes, and goes on from
// its stored frontier as from itself.
func TestTreeIsTlogs(t *testing.T) {
	var reference hashes
	grown := &tree{ranges.NewEmptyRange(0)}
	for n := int64(0); n <= 66_100; n++ {
		if n <= 600 || n >= 65_530 && n <= 65_550 || n%9973 == 0 || n == 65_792 || n == 66_100 {
			want, err := tlog.TreeHash(n, reference)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := loadTree(n, grown.frontier())
			if err != nil {
				t.Fatalf("size %d: %v", n, err)
			}
			for name, tr := range map[string]*tree{"grown": grown, "stored": stored} {
				root, err := tr.root()
				if err != nil || !bytes.Equal(root, want[:]) || tr.size() != n {
					t.Fatalf("%s tree of %d: size %d, root %x (%v), tlog has %x", name, n, tr.size(), root, err, want[:])
				}
			}
			grown = stored
		}
		leaf := tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(n)))
		if mine := LeafHash(binary.BigEndian.AppendUint64(nil, uint64(n))); mine != leaf {
			t.Fatalf("leaf %d: %x, tlog has %x", n, mine, leaf[:])
		}
		if err := grown.append(leaf); err != nil {
			t.Fatal(err)
		}
		reference.add(t, n, leaf)
	}
}

func TestLoadTreeRefuses(t *testing.T) {
	for _, c := range []struct {
		size     int64
		frontier int
	}{{0, 32}, {1, 0}, {1, 31}, {1, 33}, {1, 64}, {3, 32}, {-1, 0}, {-1, 32}} {
		if tr, err := loadTree(c.size, make([]byte, c.frontier)); err == nil {
			t.Errorf("a frontier of %d bytes for %d entries makes %v", c.frontier, c.size, tr)
		}
	}
}

// The log grows in batches and changes of random sizes, over tile borders.
func TestStoredTiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		random := rand.New(rand.NewPCG(1, 2))
		likeTlog(t, d)
		size := int64(0)
		for _, n := range []int{1, 254, 1, 1, 255, 256, 300} { // 255, 256, 257, 512, 768 and 1068
			var wg sync.WaitGroup
			for left := n; left > 0; {
				k := 1 + random.IntN(min(left, 40))
				left -= k
				wg.Go(func() {
					if err := d.Write(bg, func(tx *db.Tx) error {
						for i := range k {
							Record(tx, event(fmt.Sprint(i)))
						}
						return nil
					}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			size += int64(n)
			likeTlog(t, d)
		}
		sound(t, d, size)
		if l.Size() != size {
			t.Errorf("the log knows of %d entries, want %d", l.Size(), size)
		}
	})
}
