package history

import (
	"crypto/sha256"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	hashSize  = sha256.Size
	tileWidth = 256 // hashes in a full tile (C2SP tlog-tiles)
)

var ranges = &compact.RangeFactory{Hash: func(left, right []byte) []byte {
	h := tlog.NodeHash(tlog.Hash(left), tlog.Hash(right))
	return h[:]
}}

// tree is the frontier of the log: enough to append and to know the root.
type tree struct{ r *compact.Range }

// loadTree restores a tree of size leaves from its stored frontier.
func loadTree(size int64, frontier []byte) (*tree, error) {
	if len(frontier)%hashSize != 0 {
		return nil, fmt.Errorf("frontier of %d bytes", len(frontier))
	}
	hashes := make([][]byte, 0, len(frontier)/hashSize)
	for i := 0; i < len(frontier); i += hashSize {
		hashes = append(hashes, frontier[i:i+hashSize])
	}
	r, err := ranges.NewRange(0, uint64(size), hashes)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	return &tree{r}, nil
}

func (t *tree) size() int64 { return int64(t.r.End()) }

func (t *tree) append(leaf [32]byte) error { return t.r.Append(leaf[:], nil) }

func (t *tree) frontier() []byte {
	out := make([]byte, 0, len(t.r.Hashes())*hashSize)
	for _, h := range t.r.Hashes() {
		out = append(out, h...)
	}
	return out
}

// root is the Merkle tree hash (RFC 6962 section 2.1).
func (t *tree) root() ([]byte, error) {
	if t.size() == 0 {
		empty := sha256.Sum256(nil)
		return empty[:], nil
	}
	return t.r.GetRootHash(nil)
}

// tileRoot is the hash that a full tile stands for in the level above.
func tileRoot(data []byte) ([]byte, error) {
	t := &tree{ranges.NewEmptyRange(0)}
	for i := 0; i < len(data); i += hashSize {
		if err := t.append([32]byte(data[i : i+hashSize])); err != nil {
			return nil, err
		}
	}
	return t.root()
}
