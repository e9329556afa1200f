package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Snapshot reads one snapshot of an entity by its id, past, in force or
// planned. Named ByEntity the entity may be deleted, otherwise it is then
// NotFound. So is a withdrawn snapshot.
func Snapshot[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, name Name, id SnapshotID) (Resolved[T], error) {
	var found Resolved[T]
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return found, err
	}
	err := s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.subject(c, scope, kindOf[T](), name)
		if err == nil {
			found, err = snapshotOf[T](s, c, scope, e, id)
		}
		return err
	})
	return found, err
}

// subject finds the entity whose single snapshots are asked for.
func (s *Store) subject(c *db.Conn, scope tenancy.Scope, kind Kind, name Name) (Entity, error) {
	if name.manner().ended {
		return s.past(c, scope, kind, name.ref.Entity)
	}
	return s.audited(c, scope, kind, name.ref)
}

// snapshotOf reads one snapshot of an entity that was not withdrawn. Its cost
// does not grow with the number of the others.
func snapshotOf[T document.Content](s *Store, c *db.Conn, scope tenancy.Scope, e Entity, id SnapshotID) (Resolved[T], error) {
	var found Resolved[T]
	var row snapshotRow
	err := errNoRow()
	if db.Storable(string(id)) {
		err = c.Get(&row, "SELECT "+snapshotColumns+" FROM snapshot s WHERE s.snapshot_id = ?"+notWithdrawn, id)
	}
	if fault.Is(err, fault.NotFound) || err == nil && (row.Entity != e.ID || row.tombstone()) {
		return found, unknownSnapshot()
	}
	if err != nil {
		return found, err
	}
	if found.NextValidFrom, err = nextAfter(c, e, row.ValidFrom); err != nil {
		return found, err
	}
	if found.Version, err = version[T](s, c, e, &row); err != nil {
		return found, err
	}
	if found.Setup, err = s.setupAt(c, SetupRef(e.Module, e.Setup), row.ValidFrom); err != nil {
		return found, err
	}
	m := moment{row.ValidFrom, forever}
	if found.Ends, err = setupEnds(c, found.Setup.Entity, m); err != nil {
		return found, err
	}
	org, err := ownerEnds(c, scope, e.Owner, m)
	found.Ends = earlier(found.Ends, org)
	return found, err
}

// setupAt is the setup's snapshot in force at an instant, for inheriting.
func (s *Store) setupAt(c *db.Conn, ref Ref, at history.Millis) (Version[document.Setup], error) {
	e, err := s.find(c, KindSetup, SetupRef(ref.Module, ref.Setup))
	if err != nil {
		return Version[document.Setup]{}, err
	}
	row, err := inForce(c, e, at)
	if err != nil {
		return Version[document.Setup]{}, err
	}
	return inherited(s, c, e, row)
}

// audited finds an entity whose past and future the scope may see: the acting
// organization is its owner or above. Neither the entity nor its setup is
// deleted; it may be only planned.
func (s *Store) audited(c *db.Conn, scope tenancy.Scope, kind Kind, ref Ref) (Entity, error) {
	setup, err := s.usableSetup(c, scope, ref.Module, ref.Setup)
	if err != nil {
		return Entity{}, err
	}
	now := s.log.Now().Millis()
	if _, err := s.alive(c, setup, now); err != nil {
		return Entity{}, err
	}
	e := setup
	if kind != KindSetup {
		if e, err = s.find(c, kind, ref); err == nil {
			_, err = s.alive(c, e, now)
		}
	}
	switch {
	case err != nil:
		return e, err
	case kind == KindClient && !visible(&scope, &e, false):
		return e, unknown(kind)
	}
	may, err := holdings.Audits(c, scope, string(e.Kind), string(e.ID), e.Owner)
	if err == nil && !may {
		err = errHistory()
	}
	return e, err
}

// alive is the snapshot of an entity in force now, nil if none is; an entity
// that is deleted is unknown.
func (s *Store) alive(c *db.Conn, e Entity, now history.Millis) (*snapshotRow, error) {
	row, err := inForce(c, e, now)
	if err == nil && row != nil && row.tombstone() {
		err = unknown(e.Kind)
	}
	return row, err
}

// past finds an entity whose past the scope may see, deleted or not.
func (s *Store) past(c *db.Conn, scope tenancy.Scope, kind Kind, id EntityID) (Entity, error) {
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return Entity{}, err
	}
	e, err := s.entity(c, id)
	may := err == nil && e.Kind == kind
	if may {
		may, err = holdings.Audits(c, scope, string(e.Kind), string(e.ID), e.Owner)
	}
	if fault.Is(err, fault.NotFound) || err == nil && !may {
		err = unknown(kind)
	}
	return e, err
}

// Snapshots lists the ids of an entity's snapshots that are not withdrawn,
// oldest valid_from first; at an instant the one then in force, or none. With
// withdrawn, withdrawn ones are listed too.
func Snapshots[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, at *history.Millis, withdrawn bool) ([]SnapshotID, error) {
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return nil, err
	}
	ids := []SnapshotID{}
	err := s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.audited(c, scope, kindOf[T](), ref)
		if err != nil {
			return err
		}
		if at != nil {
			row, err := inForce(c, e, *at)
			if row != nil {
				ids = append(ids, row.ID)
			}
			return err
		}
		rows, err := series(c, e, withdrawn)
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return err
	})
	return ids, err
}

// OfClient runs a read about a client, deleted or not, in one view, if the scope may see its past. NotFound otherwise.
func (s *Store) OfClient(ctx context.Context, scope tenancy.Scope, client EntityID, read func(*db.Conn, Entity) error) error {
	return s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.past(c, scope, KindClient, client)
		if err != nil {
			return err
		}
		return read(c, e)
	})
}

// Versions goes over a client's snapshots in force up to an instant, or over those of its setup, oldest first, as
// far as that knew. Erased ones and the end have no Content.
func Versions[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, client EntityID, in Instant, each func(Version[T]) error) error {
	return s.OfClient(ctx, scope, client, func(c *db.Conn, e Entity) (err error) {
		if kindOf[T]() == KindSetup {
			if e, err = s.entity(c, e.Setup); err != nil {
				return err
			}
		}
		m := in.moment(s.log.Now().Millis())
		return c.Each(func(scan func(...any) error) error {
			var r snapshotRow
			var content string
			if err := scan(&r.Entity, &r.ID, &r.Kind, &r.ValidFrom, &r.Attempt, &r.Base, &r.Commitment, &r.Imported, &r.RecordedAt, &content); err != nil {
				return err
			}
			v := versionOf[T](e, &r)
			if content != "" {
				if v.Content, err = document.Decode[T]([]byte(content)); err != nil {
					return err
				}
			}
			return each(v)
		}, "SELECT "+snapshotColumns+`, COALESCE((SELECT b.content FROM snapshot_body b WHERE b.snapshot_id = s.snapshot_id), '')`+
			ofEntity+" AND s.valid_from <= ?"+asOfPresent+" ORDER BY s.valid_from, s.attempt",
			e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	})
}

// Leaf is a client's event as the log has it: what it takes to prove it.
type Leaf struct {
	Index    int64
	Envelope []byte // exact bytes
	Salt     []byte // entry is the commitment of salt and envelope
}

// LeafOf reads the event that made a snapshot of a client.
func (s *Store) LeafOf(ctx context.Context, scope tenancy.Scope, client EntityID, id SnapshotID) (Leaf, error) {
	var row struct {
		Index    int64  `db:"idx"`
		Envelope string `db:"envelope"`
		Salt     []byte `db:"salt"`
	}
	err := s.OfClient(ctx, scope, client, func(c *db.Conn, e Entity) error {
		err := errNoRow()
		if db.Storable(string(id)) {
			err = c.Get(&row, "SELECT idx, envelope, salt FROM log_event WHERE object_id = "+asText+" AND ref = "+asText+" ORDER BY object_seq LIMIT 1", e.ID, id)
		}
		if fault.Is(err, fault.NotFound) {
			err = unknownSnapshot()
		}
		return err
	})
	return Leaf{row.Index, []byte(row.Envelope), row.Salt}, err
}
