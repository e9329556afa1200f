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
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && e.Kind != kind:
		err = unknown(kind)
	case err == nil && !may:
		if err = unknown(kind); visible(&scope, &e, true) {
			err = errHistory()
		}
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

// OfEntity runs a read about an entity, deleted or not, in one view, if the scope may see its past. NotFound for others;
// Forbidden for a setup and its resource servers if the scope may only use them.
func (s *Store) OfEntity(ctx context.Context, scope tenancy.Scope, kind Kind, id EntityID, read func(*db.Conn, Entity) error) error {
	return s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.past(c, scope, kind, id)
		if err != nil {
			return err
		}
		return read(c, e)
	})
}

// Audited finds an entity whose past the scope may see, as OfEntity does.
func (s *Store) Audited(ctx context.Context, scope tenancy.Scope, kind Kind, id EntityID) (found Entity, err error) {
	err = s.OfEntity(ctx, scope, kind, id, func(_ *db.Conn, e Entity) error { found = e; return nil })
	return found, err
}

// Series lists an entity's snapshots up to an instant, or all, without their content.
func Series[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, id EntityID, in Instant) (list []Version[T], err error) {
	err = s.OfEntity(ctx, scope, kindOf[T](), id, func(c *db.Conn, e Entity) error {
		var rows []snapshotRow
		m := in.moment(history.Millis(forever))
		err := c.Select(&rows, "SELECT "+snapshotColumns+upTo, e.Module, e.Setup, e.ID, m.at, m.known, m.known)
		for i := range rows {
			list = append(list, versionOf[T](e, &rows[i]))
		}
		return err
	})
	return list, err
}

// Versions goes over the snapshots in force up to an instant of an entity of the kind, or over those of its setup,
// oldest first, as far as that knew. Erased ones and the end have no Content.
func Versions[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, kind Kind, id EntityID, in Instant, each func(Version[T]) error) error {
	return s.OfEntity(ctx, scope, kind, id, func(c *db.Conn, e Entity) (err error) {
		if kind != KindSetup && kindOf[T]() == KindSetup {
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
		}, "SELECT "+snapshotColumns+`, COALESCE((SELECT b.content FROM snapshot_body b WHERE b.snapshot_id = s.snapshot_id), '')`+upTo,
			e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	})
}

// LeafOf reads the event that made a snapshot of an entity of the kind, as the log has it.
func (s *Store) LeafOf(ctx context.Context, scope tenancy.Scope, kind Kind, id EntityID, snapshot SnapshotID) (leaf history.Leaf, err error) {
	err = s.OfEntity(ctx, scope, kind, id, func(c *db.Conn, e Entity) (err error) {
		if db.Storable(string(snapshot)) {
			leaf, err = history.LeafOf(c, string(id), string(snapshot))
		}
		return err
	})
	if err == nil && leaf.Envelope == nil {
		err = unknownSnapshot()
	}
	return leaf, err
}
