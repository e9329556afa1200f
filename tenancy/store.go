package tenancy

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Store persists organizations and keys, and holds what is current of both in
// memory. Every write appends to history in the same transaction.
type Store struct {
	db   *db.DB
	log  *history.Log
	ids  *IDs
	tree *tree
	keys *keyring

	// apply makes reading rows and putting them into memory one step: what was
	// read before a revocation must not be put there after it.
	apply sync.Mutex
	stale atomic.Bool // a reload after a commit failed
}

// Open loads every organization and key.
func Open(ctx context.Context, d *db.DB, log *history.Log, ids *IDs) (*Store, error) {
	s := &Store{db: d, log: log, ids: ids,
		tree: &tree{nodes: make(map[OrgID]*node), children: make(map[OrgID][]OrgID)},
		keys: &keyring{byHash: make(map[[32]byte]*heldKey), hashes: make(map[string][32]byte)}}
	log.OnCommit(s.follow)
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("load organizations: %w", err)
	}
	return s, nil
}

func (s *Store) load(ctx context.Context) error {
	s.apply.Lock()
	defer s.apply.Unlock()
	return s.db.View(ctx, func(c *db.Conn) error {
		var orgs []orgVersion
		if err := c.Select(&orgs, currentOrg); err != nil {
			return err
		}
		s.tree.fill(orgs)
		var keys []keyRow
		if err := c.Select(&keys, liveKeys); err != nil {
			return err
		}
		live := make(map[string]bool, len(keys))
		for _, k := range keys {
			s.keys.add([32]byte(k.Hash), k.key())
			live[k.ID] = true
		}
		s.keys.keep(live)
		return nil
	})
}

// fill puts all organizations, each after its parent.
func (t *tree) fill(orgs []orgVersion) {
	below := make(map[OrgID][]orgVersion)
	for _, v := range orgs {
		below[v.Parent] = append(below[v.Parent], v)
	}
	queue := []OrgID{""}
	for len(queue) > 0 {
		for _, v := range below[queue[0]] {
			t.put(v)
			queue = append(queue, v.ID)
		}
		queue = queue[1:]
	}
}

// follow brings memory up to date with committed events, before the writer
// is answered.
func (s *Store) follow(events []history.Applied, _ int64) {
	s.apply.Lock()
	defer s.apply.Unlock()
	for _, e := range events {
		var err error
		switch e.ObjectKind {
		case history.ObjectOrganization:
			err = s.refreshOrg(OrgID(e.Object))
		case history.ObjectKey:
			err = s.refreshKey(e.Object)
		}
		if err != nil {
			s.stale.Store(true)
		}
	}
}

// Refresh repairs memory after a failed follow; it is called off the request path.
func (s *Store) Refresh(ctx context.Context) error {
	if !s.stale.Load() {
		return nil
	}
	s.stale.Store(false)
	err := s.load(ctx)
	if err != nil {
		s.stale.Store(true)
	}
	return err
}

func (s *Store) refreshOrg(id OrgID) error {
	return s.db.View(context.Background(), func(c *db.Conn) error {
		v, err := readOrg(c, id)
		if err == nil {
			s.tree.put(v)
		}
		return err
	})
}

func (s *Store) refreshKey(id string) error {
	return s.db.View(context.Background(), func(c *db.Conn) error {
		var k keyRow
		err := c.Get(&k, liveKeys+" AND k.key_id = ?", id)
		if fault.Is(err, fault.NotFound) {
			s.keys.remove(id)
			return nil
		}
		if err == nil {
			s.keys.add([32]byte(k.Hash), k.key())
		}
		return err
	})
}

// Root is the id of the root organization; empty before Bootstrap.
func (s *Store) Root() OrgID {
	s.tree.mu.RLock()
	defer s.tree.mu.RUnlock()
	return s.tree.root
}

// Now is the node's clock.
func (s *Store) Now() history.Micros { return s.log.Now() }

// IDs is the source of identifiers.
func (s *Store) IDs() *IDs { return s.ids }

// DefaultSetup is the setup that an organization's requests mean when they
// name none: its own, or the nearest ancestor's; empty if there is none.
func (s *Store) DefaultSetup(org OrgID) string { return s.tree.defaultSetup(org) }

// Bootstrap makes the root organization of an empty database; it changes
// nothing in any other. It returns the root's id and whether it was made.
func (s *Store) Bootstrap(ctx context.Context, operator Scope, name string) (OrgID, bool, error) {
	if err := operator.Check(Administer); err != nil {
		return "", false, err
	}
	if root := s.Root(); root != "" {
		return root, false, nil
	}
	made, root := OrgID(s.ids.UUID()), OrgID("")
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		// Another node may have made the root since this one opened.
		var there []OrgID
		if err := tx.Select(&there, "SELECT org_id FROM org_version WHERE parent_id = '' AND seq = 1"); err != nil {
			return err
		}
		if len(there) > 0 {
			root = there[0]
			return nil
		}
		root = made
		return s.appendOrg(tx, operator, "organization.created",
			orgVersion{ID: made, Seq: 1, Name: name, MaxBelow: -1, RecordedAt: int64(history.At(tx))})
	})
	if err == nil && root != made {
		err = s.load(ctx)
	}
	return root, err == nil && root == made, err
}
