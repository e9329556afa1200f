package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// inView runs a read of an instant in one view, for a scope that may see that
// instant.
func inView[R any](ctx context.Context, s *Store, scope tenancy.Scope, in Instant, read func(*look) (R, error)) (R, error) {
	var found R
	if err := scope.Check(in.need(s.log.Now().Millis())); err != nil {
		return found, err
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		l := lookIn(ctx, s, scope, in, c)
		found, err = read(&l)
		return err
	})
	return found, err
}

// resolveThen is Resolve at another instant than now.
func resolveThen[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, name Name, in Instant) (Resolved[T], error) {
	return inView(ctx, s, scope, in, func(l *look) (Resolved[T], error) {
		p, err := l.find(kindOf[T](), name)
		if err != nil {
			return Resolved[T]{}, err
		}
		return shown[T](l, p)
	})
}

// shown reads what a look found, and when that changes.
func shown[T document.Content](l *look, p place) (Resolved[T], error) {
	found := Resolved[T]{}
	var err error
	if found.Version, err = version[T](l.s, l.view, p.own.entity, p.own.active); err != nil {
		return found, err
	}
	if found.NextValidFrom, err = nextAsOf(l.view, p.own.entity, l.moment); err != nil {
		return found, err
	}
	if found.SetupNext, err = nextAsOf(l.view, p.setup.entity, l.moment); err != nil {
		return found, err
	}
	if found.Setup, err = inherited(l.s, l.view, p.setup.entity, p.setup.active); err != nil {
		return found, err
	}
	found.Ends, err = l.containersEnd(p, found.SetupNext)
	return found, err
}

// containersEnd is when a place's setup or organization was deleted, whichever
// was first; 0 if neither was. Without a next snapshot the setup was not.
func (l *look) containersEnd(p place, setupNext history.Millis) (ends history.Millis, err error) {
	if setupNext != 0 {
		if ends, err = setupEnds(l.view, p.setup.entity, l.moment); err != nil {
			return 0, err
		}
	}
	org, err := ownerEnds(l.view, l.scope, p.own.entity.Owner, l.moment)
	return earlier(ends, org), err
}

// inherited is the version of a setup that its clients inherit from. Without
// one, after its end, and with erased content it is empty.
func inherited(s *Store, c *db.Conn, setup Entity, row *snapshotRow) (Version[document.Setup], error) {
	v := Version[document.Setup]{Entity: setup}
	var err error
	if row != nil {
		if v, err = version[document.Setup](s, c, setup, row); fault.Is(err, fault.Gone) {
			err = nil
		}
	}
	if v.Content == nil {
		v.Content = &document.Setup{}
	}
	return v, err
}

const (
	asOfKnown   = " AND s.recorded_at <= ?"
	asOfPresent = asOfKnown + " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id AND w.recorded_at <= ?)"
	upTo        = ofEntity + " AND s.valid_from <= ?" + asOfPresent + " ORDER BY s.valid_from, s.attempt"
)

// inForceAsOf reads the snapshot of e in force at a moment; nil if none was.
func inForceAsOf(c *db.Conn, e Entity, m moment) (*snapshotRow, error) {
	var r snapshotRow
	err := c.Get(&r, "SELECT "+snapshotColumns+ofEntity+" AND s.valid_from <= ?"+asOfPresent+
		" ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1", e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &r, err
}

// nextAsOf is the instant of the first snapshot of e after a moment, as far as
// that knew; 0 if there was none.
func nextAsOf(c *db.Conn, e Entity, m moment) (history.Millis, error) {
	var next history.Millis
	err := c.Get(&next, "SELECT s.valid_from"+ofEntity+" AND s.valid_from > ?"+asOfPresent+" ORDER BY s.valid_from LIMIT 1",
		e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return next, err
}

// notYet is the fault of an entity of which no snapshot was in force. Its first
// instant is a plan, and told to those who may see plans.
func (l *look) notYet(e Entity) error {
	if !l.scope.Allows(tenancy.Plans) {
		return unknown(e.Kind)
	}
	first, err := nextAsOf(l.view, e, l.moment)
	if err != nil {
		return err
	}
	f := fault.New(fault.NotFound, fault.CodeNotYetEffective, "it was not in force yet")
	if first != 0 {
		f.Instant = first.Time()
		f.Message = "it was not in force yet; its first snapshot takes effect at " + first.Time().Format(instantLayout)
	}
	return f
}

const instantLayout = "2006-01-02T15:04:05.000Z"

// ended is the Gone of a place that was deleted by the moment: the entity
// itself, with its setup, or with its organization or one above that. It is nil
// if the entity was there.
func (l *look) ended(p place) error {
	at := history.Micros(0)
	what := ""
	for _, t := range []*timeline{p.own, p.setup} {
		if r := t.active; r != nil && r.tombstone() && (at == 0 || r.ValidFrom.Micros() < at) {
			at, what = r.ValidFrom.Micros(), "it was deleted at "
			if t != p.own {
				what = "its setup was deleted at "
			}
		}
	}
	org, err := l.ownerEnded(p.own.entity.Owner)
	if err != nil {
		return err
	}
	if org != 0 && (at == 0 || org < at) {
		at, what = org, "its organization was deleted at "
	}
	if at == 0 {
		return nil
	}
	f := fault.New(fault.Gone, fault.CodeDeleted, "%s", what+at.Time().Format(instantLayout))
	f.Instant = at.Time()
	return f
}

// ownerEnded is when an organization, or one above it, was deleted by the moment, as
// far as that knew; 0 if it was there. It is asked once a look.
func (l *look) ownerEnded(owner tenancy.OrgID) (history.Micros, error) {
	at, known := l.owners[owner]
	if known || l.scope.Steady(owner) {
		return at, nil
	}
	at, err := tenancy.EndedAt(l.view, owner, l.tree())
	if l.owners == nil {
		l.owners = map[tenancy.OrgID]history.Micros{}
	}
	l.owners[owner] = at
	return at, err
}

// ownerEnds is when an organization, or one above it, was deleted, by a moment or
// first after it, as far as was known; 0 if none was.
func ownerEnds(c *db.Conn, scope tenancy.Scope, owner tenancy.OrgID, m moment) (history.Millis, error) {
	if scope.Steady(owner) {
		return 0, nil
	}
	at, err := tenancy.EndedAt(c, owner, m.tree())
	if err == nil && at == 0 {
		at, err = tenancy.EndsAfter(c, owner, m.tree(), m.known)
	}
	return at.Millis(), err
}

// setupEnds is the instant at which a setup was deleted, by a moment or first after
// it, as far as was known; 0 if it was not. A deletion that was taken back by then
// does not count.
func setupEnds(c *db.Conn, setup Entity, m moment) (history.Millis, error) {
	var ends history.Millis
	err := c.Get(&ends, "SELECT COALESCE(min(s.valid_from), 0)"+ofEntity+" AND s.kind = 'tombstone'"+asOfKnown+
		` AND NOT EXISTS (SELECT 1 FROM snapshot r WHERE r.module = s.module AND r.setup_id = s.setup_id AND r.entity_id = s.entity_id
			AND r.valid_from > s.valid_from AND r.valid_from <= ? AND r.recorded_at <= ?
			AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = r.snapshot_id AND w.recorded_at <= ?))`,
		setup.Module, setup.ID, setup.ID, m.known, m.at, m.known, m.known)
	return ends, err
}

// earlier is the earlier of two instants, of which 0 is none.
func earlier(a, b history.Millis) history.Millis {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
