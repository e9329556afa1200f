package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Store persists organizations and keys, and has the current ones of both in
// memory. Every write appends to history in the same transaction.
//
// Memory gets this node's own changes from the commit itself, and those of
// other nodes from the log's polls. Before a request is answered from memory,
// Current must have returned nil for it, or the request may be answered in an Outage.
type Store struct {
	db   *db.DB
	log  *history.Log
	ids  *IDs
	tree *tree
	keys *keyring
	uses *LastUsed[string] // of keys, by id
}

// Open loads every organization and key.
func Open(ctx context.Context, d *db.DB, log *history.Log, ids *IDs) (*Store, error) {
	s := &Store{db: d, log: log, ids: ids,
		tree: &tree{nodes: make(map[OrgID]*node), children: make(map[OrgID][]OrgID)},
		keys: newKeyring(d.Dialect == db.Postgres), uses: NewLastUsed[string]("key_use", "key_id")}
	log.Mirror(s.follow)
	log.OwnedBy(func() string { return string(s.Root()) })
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("load organizations: %w", err)
	}
	return s, nil
}

func (s *Store) load(ctx context.Context) error {
	return s.db.View(ctx, func(c *db.Conn) error {
		var orgs []orgVersion
		if err := c.Select(&orgs, currentOrg); err != nil {
			return err
		}
		s.tree.fill(orgs)
		var once []OrgID
		if err := c.Select(&once, onceEnded); err != nil {
			return err
		}
		s.tree.mark(once)
		var keys []keyRow
		err := c.Select(&keys, liveKeys)
		for _, k := range keys {
			s.keys.add(k)
		}
		return err
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

// mark notes organizations that were deleted or moved once.
func (t *tree) mark(once []OrgID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range once {
		if n := t.nodes[id]; n != nil && !n.once {
			marked := *n
			marked.once = true
			t.nodes[id] = &marked
		}
	}
}

// Current returns nil when memory has every change that was committed a moment
// ago, also by other nodes; Unavailable if this node cannot find out.
func (s *Store) Current(ctx context.Context) error { return s.log.Current(ctx) }

// Outage reports whether this node may answer from memory that is not current, and how
// old that is (history.Log.Outage).
func (s *Store) Outage(ctx context.Context, most time.Duration) (age time.Duration, out bool) {
	return s.log.Outage(ctx, most)
}

// AtLeast returns nil once memory has every change up to a revision (history.Log.AtLeast).
func (s *Store) AtLeast(ctx context.Context, r history.Revision) error { return s.log.AtLeast(ctx, r) }

// Revision is what this node has seen (history.Log.Revision).
func (s *Store) Revision() history.Revision { return s.log.Revision() }

// Gone is nil, or why nothing that this node knows may be told any more
// (history.Log.Gone).
func (s *Store) Gone() error { return s.log.Gone() }

// follow brings memory up to date with committed changes (history.Log.Mirror).
// It may run for the committer and for a poll at the same time: a version or a
// revocation replaces only what is older.
func (s *Store) follow(c *db.Conn, changes []history.Change, size int64) error {
	if c != nil {
		return s.followOthers(c, changes, size)
	}
	for _, e := range changes {
		switch row := e.Row.(type) {
		case orgVersion:
			s.tree.put(row)
		case keyRow:
			s.keys.add(row)
		case revokedKey:
			s.keys.remove(e.Object, e.Idx)
		default:
			if !e.Kind.IsAccess() && (e.ObjectKind == history.ObjectOrganization || e.ObjectKind == history.ObjectKey) {
				return fmt.Errorf("event %d (%s) came without its row", e.Idx, e.Kind)
			}
		}
	}
	return nil
}

// followOthers reads in a poll's view the rows that the changes are about and
// memory does not have yet.
func (s *Store) followOthers(c *db.Conn, changes []history.Change, size int64) error {
	var orgs, keys []string
	for _, e := range changes {
		switch e.ObjectKind {
		case history.ObjectOrganization:
			if n := s.tree.get(OrgID(e.Object)); n == nil || n.Seq < e.Seq {
				orgs = append(orgs, e.Object)
			}
		case history.ObjectKey:
			if e.Kind == keyRevoked {
				s.keys.remove(e.Object, e.Idx)
			} else if !e.Kind.IsAccess() && !s.keys.has(e.Object) {
				keys = append(keys, e.Object)
			}
		}
	}
	for some := range slices.Chunk(orgs, readAtOnce) {
		var versions []orgVersion
		if err := c.Select(&versions, currentOrg+" AND v.org_id IN ("+marks(some)+")", args(some)...); err != nil {
			return err
		}
		for _, v := range versions {
			s.tree.put(v)
		}
		var once []OrgID
		if err := c.Select(&once, onceEnded+" AND v.org_id IN ("+marks(some)+")", args(some)...); err != nil {
			return err
		}
		s.tree.mark(once)
	}
	for some := range slices.Chunk(keys, readAtOnce) {
		var rows []keyRow
		if err := c.Select(&rows, liveKeys+" AND k.key_id IN ("+marks(some)+")", args(some)...); err != nil {
			return err
		}
		for _, k := range rows {
			s.keys.add(k)
		}
	}
	s.keys.forget(size)
	return nil
}

// readAtOnce is how many rows one statement reads by their ids.
const readAtOnce = 200

// marks are the placeholders of a list of values.
func marks[T any](list []T) string { return strings.Repeat(", ?", len(list))[2:] }

func args[T any](list []T) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = v
	}
	return all
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
	err := s.db.WriteFor(ctx, operator.Lane(), func(tx *db.Tx) error {
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
		return s.appendOrg(tx, operator, "organization.created", nil,
			orgVersion{ID: made, Seq: 1, Name: name, MaxBelow: -1, RecordedAt: int64(history.At(tx))})
	})
	if err == nil && root != made {
		err = s.log.Poll(ctx, s.db)
	}
	return root, err == nil && root == made, err
}
