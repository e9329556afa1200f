package snapshots

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"tenure/snapshots/caches"
	"tenure/snapshots/consistency"
	"tenure/snapshots/credential"
	"tenure/snapshots/disclosures"
	"tenure/snapshots/document"
	"tenure/snapshots/lastuse"
	"tenure/snapshots/readlog"
	"tenure/snapshots/turns"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Options of Open.
type Options struct {
	Sealer     *credential.Sealer // nil: secrets cannot be shown again
	CacheBytes uint64             // of decoded snapshots and rendered answers together; 0 for 64 MiB
	ReadLog    readlog.Mode       // which reads of clients are kept; empty for readlog.Off
	// FailureTime is how long it takes to refuse a client's secret, at least; 0 for as
	// long as the comparison takes.
	FailureTime time.Duration
}

// Store keeps setups, resource servers and clients as series of snapshots.
// Every method takes the Scope in which it acts and refuses the zero one.
type Store struct {
	db     *db.DB
	log    *history.Log
	ids    *tenancy.IDs
	sealer *credential.Sealer
	cache  *cache
	uses   *lastuse.Uses[EntityID]
	reads  *readlog.Log // nil where none are kept

	pageKey     [32]byte
	turns       turns.Turns
	failureTime time.Duration

	disclosures *disclosures.Log
}

// Open makes a store over an open database. It refuses (Conflict) a sealing
// key other than the one that this database's secrets were sealed with.
func Open(ctx context.Context, d *db.DB, log *history.Log, ids *tenancy.IDs, opts Options) (*Store, error) {
	if opts.CacheBytes == 0 {
		opts.CacheBytes = 64 << 20
	}
	s := &Store{db: d, log: log, ids: ids, sealer: opts.Sealer, cache: newCache(opts.CacheBytes, log.Fresh), uses: lastuse.New[EntityID](), reads: readlog.New(opts.ReadLog), turns: turns.New(), failureTime: opts.FailureTime,
		disclosures: disclosures.New(d, log.Now)}
	log.OnCommit(s.cache.follow)
	if err := s.bindSealer(ctx); err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	if err := s.bindPageKey(ctx); err != nil {
		return nil, fmt.Errorf("page key: %w", err)
	}
	return s, nil
}

// Check is the consistency check of a database; see package consistency.
func Check(ctx context.Context, d *db.DB) ([]string, error) { return consistency.Check(ctx, d) }

// Caches tells how each cache fares since Open.
func (s *Store) Caches() []caches.Stats { return s.cache.set.Stats() }

// Disclosed is how often secrets were shown since Open.
func (s *Store) Disclosed() uint64 { return s.disclosures.Count() }

// Now is the node's clock.
func (s *Store) Now() history.Micros { return s.log.Now() }

// entity reads what an id names. Entities never change, so a committed one
// may be remembered.
func (s *Store) entity(c *db.Conn, id EntityID) (Entity, error) {
	if e, ok := s.cache.entities.GetIfPresent(id); ok {
		return e, nil
	}
	r, err := entityBy(id).One(c)
	if err != nil {
		return Entity{}, err
	}
	if r == nil {
		return Entity{}, errNoRow()
	}
	e := r.entity()
	if e.RecordedAt <= s.log.Committed() {
		s.cache.entities.Set(id, e)
	}
	return e, nil
}

// newID is an id for a new row, by the log's clock: those of one node do not run
// ahead of another's.
func (s *Store) newID() string { return s.ids.Ordered(s.log.Committed()) }

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
func visible(scope *tenancy.Scope, e *Entity, activeOnly bool) bool {
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
	doc, err := keepBody[T](s, id, raw, erased)
	return doc, raw, err
}

// keepBody decodes a content that was read after so many erasures, and remembers it.
func keepBody[T document.Content](s *Store, id SnapshotID, raw []byte, erased int64) (*T, error) {
	return decode[T](s, id, raw, erased, true)
}

// decode is keepBody where it is said whether the content is remembered.
func decode[T document.Content](s *Store, id SnapshotID, raw []byte, erased int64, keep bool) (*T, error) {
	doc, err := document.Decode[T](raw)
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", id, err)
	}
	if keep {
		s.cache.contents.Set(id, content{doc, raw})
		if s.cache.erased.Load() != erased {
			s.cache.contents.Invalidate(id)
		}
	}
	return doc, nil
}

// versionOf joins a row with its entity, without its content.
func versionOf[T document.Content](e Entity, r *snapshotRow) (v Version[T]) {
	v.fill(&e, r)
	return v
}

// fill is versionOf in place.
func (v *Version[T]) fill(e *Entity, r *snapshotRow) {
	v.Entity, v.ID, v.ValidFrom, v.RecordedAt, v.Attempt = *e, r.ID, r.ValidFrom, r.RecordedAt, r.Attempt
	v.Base, v.Commitment, v.Tombstone, v.Imported = r.Base, r.Commitment, r.tombstone(), r.Imported != 0
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

// bindPageKey makes ready what all nodes seal page tokens with. It guards
// where a page ended, no secret, and so may be in the database.
func (s *Store) bindPageKey(ctx context.Context) error {
	held, err := s.db.Installed(ctx, "page-key", s.ids.Token(""))
	s.pageKey = sha256.Sum256([]byte(held))
	return err
}

// PageKey is what page tokens are sealed with, the same at every node.
func (s *Store) PageKey() [32]byte { return s.pageKey }

// Sealed reports whether the database's secrets are sealed with some key.
func Sealed(ctx context.Context, d *db.DB) (bool, error) {
	_, stored, err := d.Stored(ctx, "sealing-key")
	return stored, err
}

// bindSealer notes the sealing key's public id in a new database and refuses
// another key in any other.
func (s *Store) bindSealer(ctx context.Context) error {
	if s.sealer == nil {
		return nil
	}
	bound, err := s.db.Installed(ctx, "sealing-key", s.sealer.KeyID())
	if err != nil {
		return err
	}
	if bound != s.sealer.KeyID() {
		return fault.New(fault.Conflict, "", "the database's secrets are sealed with key %s, the key given is %s", bound, s.sealer.KeyID())
	}
	return nil
}
