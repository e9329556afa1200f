package snapshots

import (
	"context"
	"fmt"

	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Options of Open.
type Options struct {
	Sealer     *credential.Sealer // nil: secrets cannot be shown again
	CacheBytes uint64             // of decoded snapshots and rendered answers together; 0 for 64 MiB
	ReadLog    ReadLog            // which reads of clients are kept; empty for ReadsOff
}

// Store keeps setups, resource servers and clients as series of snapshots.
// Every method takes the Scope in which it acts and refuses the zero one.
type Store struct {
	db     *db.DB
	log    *history.Log
	ids    *tenancy.IDs
	sealer *credential.Sealer
	cache  *cache
	uses   *uses
	reads  *reads // nil where none are kept

	pageKey   [32]byte
	hashSlots chan struct{}
}

// Open makes a store over an open database. It refuses (Conflict) a sealing
// key other than the one that this database's secrets were sealed with.
func Open(ctx context.Context, d *db.DB, log *history.Log, ids *tenancy.IDs, opts Options) (*Store, error) {
	if opts.CacheBytes == 0 {
		opts.CacheBytes = 64 << 20
	}
	s := &Store{db: d, log: log, ids: ids, sealer: opts.Sealer, cache: newCache(opts.CacheBytes, log.Fresh), uses: newUses(), reads: newReads(opts.ReadLog), hashSlots: newHashSlots()}
	log.OnCommit(s.cache.follow)
	if err := s.bindSealer(ctx); err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	if err := s.bindPageKey(ctx); err != nil {
		return nil, fmt.Errorf("page key: %w", err)
	}
	return s, nil
}

// Now is the node's clock.
func (s *Store) Now() history.Micros { return s.log.Now() }

// entity reads what an id names. Entities never change, so a committed one
// may be remembered.
func (s *Store) entity(c *db.Conn, id EntityID) (Entity, error) {
	if e, ok := s.cache.entities.GetIfPresent(id); ok {
		return e, nil
	}
	if !storable(string(id)) {
		return Entity{}, errNoRow()
	}
	var r entityRow
	if err := c.Get(&r, "SELECT "+entityColumns+" FROM entity WHERE entity_id = ?", id); err != nil {
		return Entity{}, err
	}
	e := r.entity()
	if e.RecordedAt <= s.log.Committed() {
		s.cache.entities.Set(id, e)
	}
	return e, nil
}

// find reads the entity that ref names and checks that it is of the kind and
// where ref says; NotFound otherwise.
func (s *Store) find(c *db.Conn, kind Kind, ref Ref) (Entity, error) {
	e, err := s.entity(c, ref.Entity)
	if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != kind || e.Module != ref.Module || e.Setup != ref.Setup) {
		return Entity{}, unknown(kind)
	}
	return e, err
}

// usableSetup finds the setup that a request works in: the acting
// organization must be its owner, above or below it.
func (s *Store) usableSetup(c *db.Conn, scope tenancy.Scope, module string, id EntityID) (Entity, error) {
	e, err := s.find(c, KindSetup, SetupRef(module, id))
	if err == nil && (!scope.UsesSetup(string(e.ID), e.Owner) || !scope.Alive(e.Owner)) {
		return Entity{}, unknown(KindSetup)
	}
	return e, err
}

// visible reports whether the scope may see the entity: clients by the
// parent rule, setups and resource servers by use, or by the parent rule
// where more than what is active is asked for.
func visible(scope tenancy.Scope, e Entity, activeOnly bool) bool {
	if !scope.Alive(e.Owner) {
		return false
	}
	if e.Kind == KindClient || !activeOnly {
		return scope.CoversObject(string(e.ID), e.Owner)
	}
	return scope.UsesSetup(string(e.Setup), e.Owner)
}

// body reads and decodes a snapshot's content, once: it never changes.
func body[T document.Content](s *Store, c *db.Conn, id SnapshotID) (*T, []byte, error) {
	if held, ok := s.cache.contents.GetIfPresent(id); ok {
		if doc, ok := held.doc.(*T); ok {
			return doc, held.raw, nil
		}
	}
	erased := s.cache.erased.Load()
	raw, err := readBody(c, id)
	if err != nil {
		return nil, nil, err
	}
	doc, err := document.Decode[T](raw)
	if err != nil {
		return nil, nil, fmt.Errorf("snapshot %s: %w", id, err)
	}
	s.cache.contents.Set(id, content{doc, raw})
	if s.cache.erased.Load() != erased {
		s.cache.contents.Invalidate(id)
	}
	return doc, raw, nil
}

// versionOf joins a row with its entity, without its content.
func versionOf[T document.Content](e Entity, r *snapshotRow) Version[T] {
	return Version[T]{Entity: e, ID: r.ID, ValidFrom: r.ValidFrom, RecordedAt: r.RecordedAt, Attempt: r.Attempt,
		Base: r.Base, Commitment: r.Commitment, Tombstone: r.tombstone(), Imported: r.Imported != 0}
}

// version joins a row with its entity and content.
func version[T document.Content](s *Store, c *db.Conn, e Entity, r *snapshotRow) (Version[T], error) {
	v := versionOf[T](e, r)
	if v.Tombstone {
		return v, nil
	}
	doc, _, err := body[T](s, c, r.ID)
	v.Content = doc
	return v, err
}
