package history

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxReceipt bounds a receipt that comes from outside, in bytes.
const MaxReceipt = MaxNote + 8<<10

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

// OpenReceipt verifies a receipt for a public entry, with no server and no
// database: the checkpoint's signature and the path from the entry to its root.
func OpenReceipt(text []byte, known note.Verifiers, entry []byte) (idx int64, c Checkpoint, err error) {
	if len(text) > MaxReceipt {
		return 0, c, fmt.Errorf("receipt: more than %d bytes", MaxReceipt)
	}
	var p proof.TLogProof
	if err := p.Unmarshal(text); err != nil {
		return 0, c, fmt.Errorf("receipt: %w", err)
	}
	if c, err = OpenCheckpoint(p.Checkpoint, known); err != nil {
		return 0, c, fmt.Errorf("receipt: %w", err)
	}
	if p.Index >= uint64(c.Size) {
		return 0, c, errors.New("receipt: the entry is behind the checkpoint")
	}
	path := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		path[i] = h
	}
	if err := tlog.CheckRecord(path, c.Size, c.Root, int64(p.Index), LeafHash(entry)); err != nil {
		return 0, c, fmt.Errorf("receipt: %w", err)
	}
	return int64(p.Index), c, nil
}
