package history

import (
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"
)

// Receipt is the offline proof (C2SP tlog-proof, c2sp.org/tlog-proof@v1) that
// the entry idx is in the tree of a checkpoint. It is made only if it holds.
func Receipt(t *Tiles, idx int64, c Checkpoint) ([]byte, error) {
	p, err := t.Inclusion(idx, c.Size)
	if err != nil {
		return nil, err
	}
	leaf, err := t.Hashes(c.Size).ReadHashes([]int64{tlog.StoredHashIndex(0, idx)})
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(p, c.Size, c.Root, idx, leaf[0]); err != nil {
		return nil, fmt.Errorf("entry %d is not in the tree of its checkpoint: %w", idx, err)
	}
	text := proof.TLogProof{Index: uint64(idx), Checkpoint: c.Note}
	for _, h := range p {
		text.Hashes = append(text.Hashes, h)
	}
	return text.Marshal(), nil
}
