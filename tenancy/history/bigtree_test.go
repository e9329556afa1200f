//go:build !race

// Under the race detector this takes half a minute, and has nothing concurrent
// that TestStoredTiles has not.

package history

import (
	"fmt"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// Past 65,536 entries there is a tile of tiles.
func TestTileOfTiles(t *testing.T) {
	path := dbtest.SQLite(t)
	d, _ := load(t, path, newWall())
	const size, step = 66_000, 6_600
	for from := 0; from < size; from += step {
		if err := d.Write(bg, func(tx *db.Tx) error {
			for i := range step {
				Record(tx, Event{Kind: "x", Object: fmt.Sprint(i % 7)})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	likeTlog(t, d)
	sound(t, d, size)
	all, reference := leaves(t, d)
	view(t, d, func(c *db.Conn) error {
		provable(t, NewTiles(c), all, reference, edgesOf(size))
		return nil
	})
}
