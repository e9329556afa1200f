package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Client resolves the client's snapshot in force now.
func (s *Store) Client(ctx context.Context, scope tenancy.Scope, ref Ref) (Resolved[document.Client], error) {
	return resolve[document.Client](ctx, s, scope, ref)
}

// Setup resolves the setup's snapshot in force now.
func (s *Store) Setup(ctx context.Context, scope tenancy.Scope, module string, id EntityID) (Resolved[document.Setup], error) {
	return resolve[document.Setup](ctx, s, scope, SetupRef(module, id))
}

// ResourceServer resolves the resource server's snapshot in force now.
func (s *Store) ResourceServer(ctx context.Context, scope tenancy.Scope, ref Ref) (Resolved[document.ResourceServer], error) {
	return resolve[document.ResourceServer](ctx, s, scope, ref)
}

// resolve finds what is in force now. NotFound, for the setup first, if the
// scope may not see it, nothing is in force, or it is deleted.
func resolve[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref) (Resolved[T], error) {
	var found Resolved[T]
	if err := scope.Check(tenancy.Resolve); err != nil {
		return found, err
	}
	now := s.log.Now().Millis()
	setup, err := s.timeline(ctx, ref.Setup, now)
	if fault.Is(err, fault.NotFound) || err == nil && !inUse(scope, setup, ref) {
		return found, unknown(KindSetup)
	}
	if err != nil {
		return found, err
	}
	own := setup
	if kindOf[T]() != KindSetup {
		own, err = s.timeline(ctx, ref.Entity, now)
		if fault.Is(err, fault.NotFound) || err == nil && !there(scope, own, kindOf[T](), ref) {
			return found, unknown(kindOf[T]())
		}
		if err != nil {
			return found, err
		}
	}
	return assemble[T](ctx, s, own, setup)
}

// inUse reports whether the setup is in force and the scope may use it.
func inUse(scope tenancy.Scope, t *timeline, ref Ref) bool {
	return there(scope, t, KindSetup, SetupRef(ref.Module, ref.Setup))
}

func there(scope tenancy.Scope, t *timeline, kind Kind, ref Ref) bool {
	return t.active != nil && !t.active.tombstone() && t.entity.Kind == kind && t.entity.Module == ref.Module &&
		t.entity.Setup == ref.Setup && visible(scope, t.entity, true)
}

func assemble[T document.Content](ctx context.Context, s *Store, own, setup *timeline) (Resolved[T], error) {
	found := Resolved[T]{NextValidFrom: own.next, SetupNext: setup.next}
	fromCache := func() (ok bool) {
		found.Version, ok = held[T](s, own)
		if ok {
			found.Setup, ok = held[document.Setup](s, setup)
		}
		return ok
	}
	if fromCache() {
		return found, nil
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		if found.Version, err = version[T](s, c, own.entity, own.active); err != nil {
			return err
		}
		found.Setup, err = version[document.Setup](s, c, setup.entity, setup.active)
		return err
	})
	return found, err
}

// held assembles a version from the cache alone.
func held[T document.Content](s *Store, t *timeline) (Version[T], bool) {
	c, ok := s.cache.contents.GetIfPresent(t.active.ID)
	if !ok {
		return Version[T]{}, false
	}
	doc, ok := c.doc.(*T)
	v := versionOf[T](t.entity, t.active)
	v.Content = doc
	return v, ok
}

// timeline reads an entity around now, from the cache if that still answers.
func (s *Store) timeline(ctx context.Context, id EntityID, now history.Millis) (*timeline, error) {
	if t := s.cache.held(id, now); t != nil {
		return t, nil
	}
	t, err := s.fill(ctx, id, now)
	if err != nil {
		return nil, err
	}
	s.cache.keep(t)
	return t, nil
}

// fill reads an entity around now in one view, with the log's size then.
func (s *Store) fill(ctx context.Context, id EntityID, now history.Millis) (*timeline, error) {
	t := &timeline{}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		if err = c.Get(&t.size, "SELECT size FROM log_head WHERE log_id = 1"); err != nil {
			return err
		}
		if t.entity, err = s.entity(c, id); err != nil {
			return err
		}
		if t.active, err = inForce(c, t.entity, now); err != nil {
			return err
		}
		if t.next, err = nextAfter(c, t.entity, now); err != nil || t.active == nil || t.active.tombstone() {
			return err
		}
		return s.warm(c, t)
	})
	return t, err
}

// warm decodes the content in force within the same view.
func (s *Store) warm(c *db.Conn, t *timeline) (err error) {
	switch t.entity.Kind {
	case KindSetup:
		_, _, err = body[document.Setup](s, c, t.active.ID)
	case KindResourceServer:
		_, _, err = body[document.ResourceServer](s, c, t.active.ID)
	case KindClient:
		_, _, err = body[document.Client](s, c, t.active.ID)
	}
	return err
}

// Snapshot reads one snapshot of an entity, past, active or future, by its id.
func Snapshot[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, id SnapshotID) (Resolved[T], error) {
	var found Resolved[T]
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return found, err
	}
	err := s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.audited(c, scope, kindOf[T](), ref)
		if err != nil {
			return err
		}
		found, err = snapshotOf[T](s, c, e, id)
		return err
	})
	return found, err
}

// snapshotOf reads one snapshot of an entity that was not withdrawn. Its cost
// does not grow with the number of the others.
func snapshotOf[T document.Content](s *Store, c *db.Conn, e Entity, id SnapshotID) (Resolved[T], error) {
	var found Resolved[T]
	var row snapshotRow
	err := errNoRow()
	if storable(string(id)) {
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
	found.Setup, err = s.setupAt(c, SetupRef(e.Module, e.Setup), row.ValidFrom)
	return found, err
}

// setupAt is the setup's snapshot in force at an instant; inherited values are
// resolved against it. Where there is none, or its content is erased, it is
// empty.
func (s *Store) setupAt(c *db.Conn, ref Ref, at history.Millis) (Version[document.Setup], error) {
	e, err := s.find(c, KindSetup, SetupRef(ref.Module, ref.Setup))
	if err != nil {
		return Version[document.Setup]{}, err
	}
	row, err := inForce(c, e, at)
	if err != nil || row == nil {
		return Version[document.Setup]{Entity: e, Content: &document.Setup{}}, err
	}
	v, err := version[document.Setup](s, c, e, row)
	if v.Tombstone || fault.Is(err, fault.Gone) {
		v.Content, err = &document.Setup{}, nil
	}
	return v, err
}

// audited finds an entity whose past and future the scope may see: the
// acting organization owns it or stands above. It must not be deleted, and
// its setup neither; it may be only planned.
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
	case kind == KindClient && !visible(scope, e, false):
		return e, unknown(kind)
	case !scope.Covers(e.Owner):
		return e, fault.New(fault.Forbidden, "", "the history of a setup is for the organization that owns it and those above it")
	}
	return e, nil
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
