package counts

import (
	"sync"

	"tenure/tenancy/db"
)

// Kept keeps the tree of the last count of all organizations that was asked for: it is read
// from the whole log.
type Kept struct {
	mu    sync.Mutex
	index int64
	tree  *Tree
}

// Read is the tree of a count of all organizations.
func (k *Kept) Read(c *db.Conn, of Counted) (Tree, error) {
	if k == nil {
		return Read(c, of.Size, nil)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tree == nil || k.index != of.Index {
		tree, err := Read(c, of.Size, nil)
		if err != nil {
			return tree, err
		}
		k.tree, k.index = &tree, of.Index
	}
	return *k.tree, nil
}
