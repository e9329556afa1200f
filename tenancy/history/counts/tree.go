package counts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"github.com/Masterminds/squirrel"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
)

const orgsAtOnce = 400 // in one statement

// Organization is what is counted of one.
type Organization struct {
	ID      string
	Objects int64
	Digest  [32]byte // SHA-256 of the objects' ids in the order of their bytes, a line feed behind each
}

// Leaf is the hash of its leaf.
func (o Organization) Leaf() tlog.Hash {
	return tlog.RecordHash(fmt.Appendf(nil, "tenure count v1\n%s\n%d\n%s\n", o.ID, o.Objects, hex.EncodeToString(o.Digest[:])))
}

// Objects gathers an organization's objects, whose ids come in the order of their bytes.
type Objects struct {
	n    int64
	hash hash.Hash
}

// Add adds the next id.
func (o *Objects) Add(id string) {
	if o.hash == nil {
		o.hash = sha256.New()
	}
	o.n++
	o.hash.Write([]byte(id + "\n"))
}

// Of is the organization that has them.
func (o *Objects) Of(org string) Organization {
	made := Organization{ID: org, Objects: o.n, Digest: sha256.Sum256(nil)}
	if o.hash != nil {
		o.hash.Sum(made.Digest[:0])
	}
	return made
}

// Tree is a tree over organizations, in the order of their ids' bytes.
type Tree struct {
	Organizations []Organization
	hashes        stored
}

// stored are hashes as package tlog stores them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		list[i] = s[at]
	}
	return list, nil
}

// NewTree makes the tree of organizations, which are in order.
func NewTree(list []Organization) (t Tree, err error) {
	t.Organizations = list
	for i, o := range list {
		made, err := tlog.StoredHashesForRecordHash(int64(i), o.Leaf(), t.hashes)
		if err != nil {
			return t, err
		}
		t.hashes = append(t.hashes, made...)
	}
	return t, nil
}

// Root is the tree's root.
func (t Tree) Root() (tlog.Hash, error) {
	return tlog.TreeHash(int64(len(t.Organizations)), t.hashes)
}

// Prove is the path from a leaf to the root.
func (t Tree) Prove(leaf int) (tlog.RecordProof, error) {
	return tlog.ProveRecord(int64(len(t.Organizations)), int64(leaf), t.hashes)
}

// Find is the place of an organization's leaf; -1 for none.
func (t Tree) Find(org string) int {
	at, ok := slices.BinarySearchFunc(t.Organizations, org, func(o Organization, id string) int {
		switch {
		case o.ID < id:
			return -1
		case o.ID > id:
			return 1
		}
		return 0
	})
	if !ok {
		return -1
	}
	return at
}

// Read counts organizations in the entries below a size: those that are given, or all that
// there are for nil. One without an object has no leaf.
func Read(c *db.Conn, size int64, orgs []string) (Tree, error) {
	if orgs == nil {
		if err := c.Select(&orgs, "SELECT DISTINCT org_id FROM log_event WHERE idx < ?", size); err != nil {
			return Tree{}, err
		}
	}
	var list []Organization
	var org string
	var objects Objects
	end := func() {
		if objects.n > 0 {
			list = append(list, objects.Of(org))
		}
		objects = Objects{}
	}
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(orgs))), orgsAtOnce) {
		query, args, err := db.Builder().Select("org_id, object_id").From("log_event").
			Where(squirrel.Eq{"org_id": part}).Where("idx < ?", size).GroupBy("org_id, object_id").OrderBy(c.Bytewise("org_id"), c.Bytewise("object_id")).ToSql()
		if err != nil {
			return Tree{}, err
		}
		if err := c.Each(func(scan func(...any) error) error {
			var owner, object string
			if err := scan(&owner, &object); err != nil {
				return err
			}
			if owner != org {
				end()
				org = owner
			}
			objects.Add(object)
			return nil
		}, query, args...); err != nil {
			return Tree{}, err
		}
	}
	end()
	return NewTree(list)
}
