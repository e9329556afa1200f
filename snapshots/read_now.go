package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// is reports whether t is a timeline of that kind of entity, in that setup; an
// empty module is any.
func (t *timeline) is(kind Kind, module string, setup EntityID) bool {
	return t != nil && t.entity.Kind == kind && t.entity.Setup == setup && (module == "" || t.entity.Module == module)
}

// inForce reports whether a snapshot with content is in force.
func (t *timeline) inForce() bool { return t != nil && t.active != nil && !t.active.tombstone() }

// resolveNow shows what a look found now, from the caches where they have it.
func resolveNow[T document.Content](ctx context.Context, s *Store, p place) (Resolved[T], error) {
	found := Resolved[T]{NextValidFrom: p.own.next, SetupNext: p.setup.next}
	var own, setup bool
	if found.Version, own = held[T](s, p.own); own {
		found.Setup, setup = held[document.Setup](s, p.setup)
	}
	if own && setup {
		return found, nil
	}
	return resolveStored(ctx, s, p, found)
}

// resolveStored is resolveNow from the database.
func resolveStored[T document.Content](ctx context.Context, s *Store, p place, found Resolved[T]) (Resolved[T], error) {
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		if found.Version, err = version[T](s, c, p.own.entity, p.own.active); err != nil {
			return err
		}
		found.Setup, err = version[document.Setup](s, c, p.setup.entity, p.setup.active)
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
