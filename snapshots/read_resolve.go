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

// Resolve reads the snapshot of the named entity that was in force at an
// instant, with the setup's snapshot of the same instant. The zero Instant is
// now.
//
// It returns NotFound if the scope may not see the entity; if the name has a setup that the scope may not use,
// the code is the setup's. With Anywhere it returns Forbidden with CodeOutside for a client of another subtree,
// and Conflict if several setups have the client_id and none of them is preferred.
//
// Now, a deleted or only planned entity is NotFound. At another instant it is NotFound with CodeNotYetEffective
// and the first instant of its own before it was in force, and Gone with CodeDeleted and the time after it, its
// setup or its organization was deleted. Erased content is Gone with CodeErased. Another instant takes the
// permission for the past or the future; of setups and resource servers it is Forbidden to those who may only
// use them.
func Resolve[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, name Name, in Instant) (found Resolved[T], err error) {
	ctx, end := s.db.Span(ctx, "resolve")
	defer end()
	if in.Given() {
		return resolveThen[T](ctx, s, scope, name, in)
	}
	if err := scope.Check(tenancy.Resolve); err != nil {
		return found, err
	}
	l := look{ctx: ctx, s: s, scope: scope, moment: in.moment(s.log.Now().Millis())}
	at, err := l.find(kindOf[T](), name)
	if err != nil {
		return found, err
	}
	// Documents are large to copy, so the caches fill the result in place.
	found.NextValidFrom, found.SetupNext = at.own.next, at.setup.next
	if held(s, at.own, &found.Version) && held(s, at.setup, &found.Setup) {
		return found, nil
	}
	return resolveStored(ctx, s, at, found)
}

// look is one read on its way: who looks, and at which moment.
type look struct {
	ctx   context.Context
	s     *Store
	scope tenancy.Scope
	moment
	past   bool                             // an instant was given
	view   *db.Conn                         // in which it reads; nil where the caches answer
	owners map[tenancy.OrgID]history.Micros // when the owners of what was looked at ended
}

// lookIn is a look that reads in a view.
func lookIn(ctx context.Context, s *Store, scope tenancy.Scope, in Instant, view *db.Conn) look {
	return look{ctx: ctx, s: s, scope: scope, moment: in.moment(s.log.Now().Millis()), past: in.Given(), view: view}
}

// place is an entity with its setup, as a look found them. A setup's is itself.
type place struct{ own, setup *timeline }

// find finds what a name means at the moment, if the scope may see it.
func (l *look) find(kind Kind, n Name) (place, error) {
	switch n.how {
	case byRef, byEntity:
		return l.byRef(kind, n.ref, n.manner())
	case byClientID, anywhere, within, registered:
		if kind == KindClient {
			return l.byClientID(n)
		}
	}
	return place{}, unknown(kind)
}

// timelineOf reads an entity around the moment; nil if there is none.
func (l *look) timelineOf(id EntityID) (t *timeline, err error) {
	switch {
	case id == "":
		return nil, nil
	case l.view != nil:
		t = &timeline{}
		if t.entity, err = l.s.entity(l.view, id); err == nil {
			t.active, err = inForceAsOf(l.view, t.entity, l.moment)
		}
	default:
		t, err = l.s.timeline(l.ctx, id, l.at)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return t, err
}

// pair reads an entity and its setup, and reports whether the entity is of the
// kind and where ref says. Without a setup in it, ref names the entity alone.
func (l *look) pair(kind Kind, ref Ref, m manner) (p place, fits bool, err error) {
	if ref.Setup == "" && !m.setup {
		if p.own, err = l.timelineOf(ref.Entity); err != nil || p.own == nil {
			return p, false, err
		}
		ref.Setup = p.own.entity.Setup
	}
	if p.setup, err = l.timelineOf(ref.Setup); err != nil {
		return p, false, err
	}
	if kind == KindSetup && ref.Entity == ref.Setup {
		p.own = p.setup
	} else if p.own == nil {
		p.own, err = l.timelineOf(ref.Entity)
	}
	if !p.setup.is(KindSetup, ref.Module, ref.Setup) {
		p.setup = nil
	}
	return p, p.setup != nil && p.own.is(kind, ref.Module, ref.Setup), err
}

// byRef finds an entity by its id.
func (l *look) byRef(kind Kind, ref Ref, m manner) (place, error) {
	p, fits, err := l.pair(kind, ref, m)
	if err != nil {
		return p, err
	}
	usable := p.setup != nil && l.uses(p.setup)
	if !l.past && fits && usable && l.sees(p.own) {
		return p, nil
	}
	covered := fits && l.scope.CoversObject(string(p.own.entity.ID), p.own.entity.Owner)
	if fits && l.past && !covered {
		if covered, err = holdings.Audits(l.view, l.scope, string(kind), string(p.own.entity.ID), p.own.entity.Owner); err != nil {
			return p, err
		}
	}
	switch {
	case covered && l.past:
		return p, l.standing(p)
	case !usable && m.setup:
		return p, unknown(KindSetup)
	case fits && m.outside && !covered && l.standing(p) == nil:
		return p, errOutside()
	case fits && usable && l.past && kind != KindClient:
		return p, errHistory()
	}
	return p, unknown(kind)
}

// uses reports whether the scope may use a setup: now it must be in force, at
// another instant it may be deleted.
func (l *look) uses(setup *timeline) bool {
	if l.past {
		return l.scope.UsesSetup(string(setup.entity.ID), setup.entity.Owner)
	}
	return l.sees(setup)
}

// sees reports whether an entity is in force now and the scope may see it.
func (l *look) sees(t *timeline) bool { return t.inForce() && visible(&l.scope, &t.entity, true) }

// standing is the fault that says why a place was not in force at the moment;
// nil if it was.
func (l *look) standing(p place) error {
	if !l.past {
		if p.own.inForce() && p.setup.inForce() && l.scope.Alive(p.own.entity.Owner) {
			return nil
		}
		return unknown(p.own.entity.Kind)
	}
	if p.own.active == nil {
		return l.notYet(p.own.entity)
	}
	return l.ended(p)
}

// byClientID finds the client that has a client_id at the moment: of each setup the incarnation of then that the
// scope covers, of several setups the preferred one's. Of the clients outside the scope it looks only until one
// is in force, so that nobody makes another's look-up slow with many clients.
func (l *look) byClientID(n Name) (place, error) {
	m := n.manner()
	if n.how == byClientID && l.view == nil {
		e, err := l.s.current(l.ctx, n.ref.Setup, n.clientID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return place{}, err
		}
		return l.byRef(KindClient, Ref{n.ref.Module, n.ref.Setup, e.ID}, m)
	}
	candidates, err := l.candidates(n)
	if err != nil {
		return place{}, err
	}
	var found place
	count, failed := 0, error(nil)
	for _, e := range candidates {
		if n.ref.Setup != "" && e.Setup != n.ref.Setup || rank(failed) >= rankOutside && !l.scope.CoversObject(string(e.ID), e.Owner) {
			continue
		}
		p, err := l.byRef(KindClient, Ref{n.ref.Module, e.Setup, e.ID}, m)
		switch r := rank(err); {
		case err == nil && e.Setup == n.preferred:
			return p, nil
		case err == nil:
			found, count = p, count+1
		case r == rankFailed:
			return p, err
		case r > rank(failed) || r == rankNotYet && r == rank(failed): // of several beginnings the first one's
			failed = err
		}
	}
	switch {
	case count == 1:
		return found, nil
	case count > 1:
		return found, errSeveral()
	case failed == nil:
		return l.byRef(KindClient, Ref{Module: n.ref.Module, Setup: n.ref.Setup}, m)
	}
	return found, failed
}

// candidates are the clients that have, or had, a client_id, the newest first.
func (l *look) candidates(n Name) ([]Entity, error) {
	if l.view == nil {
		return l.s.bearers(l.ctx, n.clientID, l.at)
	}
	if !db.Storable(n.clientID) || !db.Storable(string(n.ref.Setup)) {
		return nil, nil
	}
	query, args := " WHERE kind = 'client' AND client_id = "+asText+" ORDER BY recorded_at DESC, entity_id", []any{n.clientID}
	if n.ref.Setup != "" {
		query, args = " WHERE setup_id = "+asText+" AND kind = 'client' AND client_id = "+asText+" ORDER BY incarnation DESC", []any{n.ref.Setup, n.clientID}
	}
	var rows []entityRow
	if err := l.view.Select(&rows, "SELECT "+entityColumns+" FROM entity"+query, args...); err != nil {
		return nil, err
	}
	list := make([]Entity, len(rows))
	for i, r := range rows {
		list[i] = r.entity()
	}
	return list, nil
}

// The order in which the faults of several candidates are worth telling.
const (
	rankNone = iota // no fault
	rankUnknown
	rankOutside
	rankNotYet
	rankGone
	rankFailed // not an answer: the look itself failed
)

func rank(err error) int {
	switch {
	case err == nil:
		return rankNone
	case fault.HasCode(err, fault.CodeOutside):
		return rankOutside
	case fault.HasCode(err, fault.CodeNotYetEffective):
		return rankNotYet
	case fault.Is(err, fault.NotFound):
		return rankUnknown
	case fault.Is(err, fault.Gone):
		return rankGone
	}
	return rankFailed
}

func errOutside() error {
	return fault.New(fault.Forbidden, fault.CodeOutside, "the client is not below the acting organization")
}

func errSeveral() error {
	return fault.New(fault.Conflict, "", "clients of several setups have this client_id: name the setup")
}

func errHistory() error {
	return fault.New(fault.Forbidden, "", "only the setup's owner and the organizations above it may read its history; the setup's own is also for owners of its clients")
}

// is reports whether t is a timeline of that kind of entity, in that setup; an
// empty module is any.
func (t *timeline) is(kind Kind, module string, setup EntityID) bool {
	return t != nil && t.entity.Kind == kind && t.entity.Setup == setup && (module == "" || t.entity.Module == module)
}

// inForce reports whether a snapshot with content is in force.
func (t *timeline) inForce() bool { return t != nil && t.active != nil && !t.active.tombstone() }

// resolveStored reads what a look found now from the database.
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

// held assembles a version from the cache alone, if it is there.
func held[T document.Content](s *Store, t *timeline, into *Version[T]) bool {
	c, ok := s.cache.contents.GetIfPresent(t.active.ID)
	if !ok {
		return false
	}
	doc, ok := c.doc.(*T)
	into.fill(&t.entity, t.active)
	into.Content = doc
	return ok
}

// timeline reads an entity around now, from the cache if that still answers.
func (s *Store) timeline(ctx context.Context, id EntityID, now history.Millis) (*timeline, error) {
	if t := s.cache.held(ctx, id, now); t != nil {
		return t, nil
	}
	t, err := s.fill(ctx, now, ofID, string(id))
	if err == nil && len(t) == 0 {
		err = errNoRow()
	}
	if err != nil {
		return nil, err
	}
	return t[0].timeline, t[0].keep(s)
}

// filled is a timeline as it was read, or why it is of no use.
type filled struct {
	*timeline
	err error
}

// keep remembers it, or says why not.
func (f filled) keep(s *Store) error {
	if f.err == nil {
		s.cache.keep(f.timeline)
	}
	return f.err
}

// fill reads entities around now by one statement. Their size is what
// this node had seen of the log before: what has come since drops them, or is in them.
func (s *Store) fill(ctx context.Context, now history.Millis, which string, args ...any) ([]filled, error) {
	size, erased := s.log.Size(), s.cache.erased.Load()
	rows, err := db.Lookup[aroundRow]{Query: around + which, Args: append([]any{now, now}, args...)}.Rows(s.db.Single(ctx))
	list := make([]filled, len(rows))
	for i, r := range rows {
		list[i] = filled{timeline: &timeline{entity: r.entity(), next: r.Next, size: size}}
		if r.Active.ID != "" {
			active := r.Active // apart from the row, which has the content
			list[i].active = &active
			list[i].err = s.keepActive(&list[i], r, erased)
		}
	}
	return list, err
}

// keepActive remembers the content that is in force.
func (s *Store) keepActive(t *filled, r aroundRow, erased int64) (err error) {
	switch raw := []byte(r.Content); {
	case t.active.tombstone():
	case r.HasBody == 0:
		return errErased()
	case t.entity.Kind == KindSetup:
		_, err = keepBody[document.Setup](s, t.active.ID, raw, erased)
	case t.entity.Kind == KindResourceServer:
		_, err = keepBody[document.ResourceServer](s, t.active.ID, raw, erased)
	case t.entity.Kind == KindClient:
		_, err = keepBody[document.Client](s, t.active.ID, raw, erased)
	}
	return err
}
