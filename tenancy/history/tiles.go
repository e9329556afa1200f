package history

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

const (
	tileHeight = 8
	maxLevel   = 7 // a tile above would stand for more entries than an int64 counts
)

// Tiles reads the tree's hashes and entries within one view. What it reads is
// as good as the database: who hands a proof on checks it against a root. It is
// not for use by several goroutines.
type Tiles struct {
	conn  *db.Conn
	edges *edges
	known map[tlog.Tile][]byte
}

// NewTiles reads by c, and remembers nothing beyond it.
func NewTiles(c *db.Conn) *Tiles { return newTiles(c, new(edges)) }

func newTiles(c *db.Conn, e *edges) *Tiles {
	return &Tiles{conn: c, edges: e, known: make(map[tlog.Tile][]byte)}
}

// Tile is the first width hashes (1 to 256, 32 bytes each) of tile n at a
// level (C2SP tlog-tiles). The log must be long enough to have them.
func (t *Tiles) Tile(level, n int64, width int) ([]byte, error) {
	if level < 0 || level > maxLevel || n < 0 || width < 1 || width > tileWidth {
		return nil, fmt.Errorf("there is no tile %d/%d of width %d", level, n, width)
	}
	var data []byte
	err := t.conn.Get(&data, "SELECT data FROM log_tile WHERE level = ? AND n = ?", level, n)
	switch {
	case err == nil:
	case !fault.Is(err, fault.NotFound):
		return nil, err
	case level == 0 && width < tileWidth:
		data, err = t.leaves(n, width)
	case width < tileWidth:
		data, err = t.edge(level, n, width)
	}
	if err == nil && len(data) < width*hashSize {
		err = fmt.Errorf("the log has no tile %d/%d of width %d", level, n, width)
	}
	if err != nil {
		return nil, err
	}
	return data[:width*hashSize], nil
}

// leaves is the tile of leaf hashes that is not full yet.
func (t *Tiles) leaves(n int64, width int) ([]byte, error) {
	data := make([]byte, 0, width*hashSize)
	err := t.conn.Each(func(scan func(...any) error) error {
		var leaf []byte
		err := scan(&leaf)
		data = append(data, leaf...)
		return err
	}, "SELECT leaf_hash FROM log_event WHERE idx >= ? AND idx < ? ORDER BY idx", n*tileWidth, n*tileWidth+int64(width))
	return data, err
}

// edge is a tile above the leaves that is not full yet: a hash for each full
// tile below it.
func (t *Tiles) edge(level, n int64, width int) ([]byte, error) {
	data := t.edges.get(level, n)
	from := len(data) / hashSize
	if from >= width {
		return data, nil
	}
	err := t.conn.Each(func(scan func(...any) error) error {
		var below []byte
		if err := scan(&below); err != nil {
			return err
		}
		root, err := tileRoot(below)
		data = append(data, root...)
		return err
	}, "SELECT data FROM log_tile WHERE level = ? AND n >= ? AND n < ? ORDER BY n",
		level-1, n*tileWidth+int64(from), n*tileWidth+int64(width))
	if err == nil && len(data) == width*hashSize {
		t.edges.put(level, n, data)
	}
	return data, err
}

// edges remembers the one tile of each level above the leaves that is not full
// yet, so that its hashes are computed once: 8 kB a level. What it remembers
// never changes, it only becomes more.
type edges struct {
	mu    sync.Mutex
	tiles [maxLevel + 1]struct {
		n    int64
		data []byte
	}
}

func (e *edges) get(level, n int64) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if tile := e.tiles[level]; tile.n == n {
		return slices.Clip(tile.data) // the caller's append makes its own
	}
	return nil
}

func (e *edges) put(level, n int64, data []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if tile := &e.tiles[level]; n > tile.n || n == tile.n && len(data) > len(tile.data) {
		tile.n, tile.data = n, data
	}
}

// Entries is the entry bundle (C2SP tlog-tiles) of the first width entries of
// tile n: each public entry behind its length in two bytes.
func (t *Tiles) Entries(n int64, width int) ([]byte, error) {
	if n < 0 || width < 1 || width > tileWidth {
		return nil, fmt.Errorf("there is no entry bundle %d of width %d", n, width)
	}
	var bundle []byte
	count := 0
	err := t.conn.Each(func(scan func(...any) error) error {
		var commitment []byte
		if err := scan(&commitment); err != nil {
			return err
		}
		entry := PublicEntry([32]byte(commitment))
		bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry...)
		count++
		return nil
	}, "SELECT commitment FROM log_event WHERE idx >= ? AND idx < ? ORDER BY idx", n*tileWidth, n*tileWidth+int64(width))
	if err == nil && count != width {
		err = fmt.Errorf("the log has no entry bundle %d of width %d", n, width)
	}
	return bundle, err
}

// Hashes is what tlog reads the tree of size entries by.
func (t *Tiles) Hashes(size int64) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			tile := tlog.TileForIndex(tileHeight, x)
			tile.W = int(min(tileWidth, size>>(tileHeight*tile.L)-tile.N*tileWidth))
			data, ok := t.known[tile]
			if !ok {
				var err error
				if data, err = t.Tile(int64(tile.L), tile.N, tile.W); err != nil {
					return nil, err
				}
				t.known[tile] = data
			}
			var err error
			if hashes[i], err = tlog.HashFromTile(tile, data, x); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

// Root is the Merkle tree hash of the first size entries (RFC 6962 section 2.1).
func (t *Tiles) Root(size int64) (tlog.Hash, error) { return tlog.TreeHash(size, t.Hashes(size)) }

// Inclusion proves that the entry idx is in the tree of size entries (RFC 6962
// section 2.1.1): at most 63 hashes, from the leaf's sibling upwards.
func (t *Tiles) Inclusion(idx, size int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(size, idx, t.Hashes(size))
}

// Consistency proves that the tree of size entries begins with that of old
// entries (RFC 6962 section 2.1.2). Every tree begins with the empty one: that
// needs no proof, and has an empty one.
func (t *Tiles) Consistency(old, size int64) (tlog.TreeProof, error) {
	if old == 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(size, old, t.Hashes(size))
}
