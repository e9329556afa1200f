package snapshots

import (
	"context"
	"slices"

	"tenure/snapshots/candidates"
	"tenure/snapshots/document"
	"tenure/snapshots/modules"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Filter narrows a list. All parts must hold.
type Filter struct {
	Name, Owner    *string
	Metadata       []document.Localized // name and value; the locale is not compared
	At             *history.Millis      // nil for now
	Known          *history.Micros      // counting only what had been recorded by then; nil for all
	AnyTime        bool                 // whatever is in force when; any snapshot may match
	IncludeDeleted bool
	Named          bool // tell the names too
}

// Listed is one entry of a list: an entity and, in named and filtered lists, the
// name it has at the instant asked for.
type Listed struct {
	ID   EntityID
	Name string
}

// need is what a list at that instant takes: the past and the future are not
// for everybody.
func (f Filter) need(now history.Millis) tenancy.Permission {
	if f.AnyTime || f.IncludeDeleted {
		return tenancy.Resolve | tenancy.History | tenancy.Plans
	}
	return f.instant().need(now)
}

// instant is what the list is about.
func (f Filter) instant() Instant { return Instant{f.At, f.Known} }

// List lists the ids of a kind that the scope sees, oldest first: the setups of in's module, or what is in its
// setup. A scope that may use a setup or a resource server sees it; it sees the clients that it covers. At
// another instant, or with what is not in force, it sees only what it covers. A setup that it may not use is the
// same fault as in Resolve; before the setup began the list is empty.
func List[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, in Ref, f Filter) ([]Listed, error) {
	l := listing[T]{in: in, filter: f}
	return l.run(ctx, s, scope)
}

// listing is a list of ids in the making.
type listing[T document.Content] struct {
	lister
	in        Ref
	filter    Filter
	snapshots []SnapshotID // in force of each, where contents are asked for; empty for none
}

func (l *listing[T]) run(ctx context.Context, s *Store, scope tenancy.Scope) ([]Listed, error) {
	now := s.log.Now().Millis()
	if err := scope.Check(l.filter.need(now)); err != nil {
		return nil, err
	}
	var found []Listed
	err := s.db.View(ctx, func(c *db.Conn) error {
		l.lister = newLister(ctx, s, scope, l.filter.instant(), c)
		all, err := l.all()
		if err != nil || all == nil {
			found = []Listed{}
			return err
		}
		if found, err = l.shown(*all); err != nil || !l.filter.Named && !l.filter.asks() {
			return err
		}
		return l.confirm(&found)
	})
	return found, err
}

// all is what may be listed: what the scope may see and whose index has every value asked
// for. It is nil for nothing.
func (l *listing[T]) all() (*candidates.All, error) {
	kind := kindOf[T]()
	q := &candidates.All{Kind: string(kind), Moment: l.listed()}
	if kind == KindSetup {
		if err := modules.Exists(l.view, l.in.Module); err != nil {
			return nil, err
		}
		q.Module = l.in.Module
	} else {
		setup, err := l.listable(l.in.Module, l.in.Setup)
		if err != nil {
			return nil, err
		}
		q.Setup = string(l.in.Setup)
		if kind == KindClient && !l.scope.Covers(setup.entity.Owner) && !l.ownedBelow(q) {
			return nil, nil
		}
	}
	for _, t := range l.filter.terms() {
		if !db.Storable(t.Field) || !db.Storable(t.Value) {
			return nil, nil
		}
		q.Terms = append(q.Terms, t.Cut())
	}
	return q, nil
}

// shown reads what the scope sees of them and the filter's states let through.
func (l *listing[T]) shown(all candidates.All) (list []Listed, err error) {
	owned := func(t candidates.Thing) (bool, error) {
		if !l.past {
			return true, nil
		}
		return l.shows(Entity{Kind: KindClient, Owner: t.Owner})
	}
	err = all.Visit(l.view, owned, func() { list, l.snapshots = []Listed{}, nil }, func(t candidates.Thing) bool {
		e := l.entity(EntityID(t.ID))
		e.Owner = t.Owner
		if t.State == candidates.Erased || t.State == candidates.Ended && !l.filter.IncludeDeleted || t.State == candidates.Planned && !l.filter.AnyTime ||
			!l.past && !visible(&l.scope, &e, !l.filter.AnyTime && !l.filter.IncludeDeleted) {
			return true
		}
		if list = append(list, Listed{ID: e.ID}); l.filter.Named || l.filter.asks() {
			l.snapshots = append(l.snapshots, SnapshotID(t.Snapshot))
		}
		return true
	})
	return list, err
}

// entity is what a thing on the list is.
func (l *listing[T]) entity(id EntityID) Entity {
	e := Entity{ID: id, Kind: kindOf[T](), Module: l.in.Module, Setup: l.in.Setup}
	if e.Kind == KindSetup {
		e.Setup = id
	}
	return e
}

// atOnce is how many contents a list has in memory to confirm names.
const atOnce = 128

// confirm tells the names, and leaves out what the filter does not hold for. A list of
// many leaves the contents that others use in memory.
func (l *listing[T]) confirm(list *[]Listed) error {
	few, kept := len(*list) <= atOnce, (*list)[:0]
	for from := 0; from < len(*list); from += atOnce {
		to := min(from+atOnce, len(*list))
		docs, err := l.contents(l.snapshots[from:to], few)
		if err != nil {
			return err
		}
		for i, one := range (*list)[from:to] {
			ids := l.snapshots[from+i : from+i+1]
			if l.filter.AnyTime || ids[0] == "" { // any snapshot may match; the newest that does gives the name
				if ids, err = l.ever(one.ID); err != nil {
					return err
				}
				if docs, err = l.contents(ids, few); err != nil {
					return err
				}
			}
			at := slices.IndexFunc(ids, func(id SnapshotID) bool { return docs[id] != nil && holds(terms(docs[id]), l.filter.terms()) })
			if at >= 0 {
				kept = append(kept, Listed{one.ID, terms(docs[ids[at]])[0].Value})
			}
		}
	}
	*list = kept
	return nil
}

// ever are an entity's snapshots that the moment knew, the newest first.
func (l *listing[T]) ever(id EntityID) (ids []SnapshotID, err error) {
	rows, err := series(l.view, l.entity(id), false)
	for _, row := range slices.Backward(rows) {
		if !row.tombstone() && row.RecordedAt <= l.known {
			ids = append(ids, row.ID)
		}
	}
	return ids, err
}

// contents decodes snapshots, from memory where it has them; erased ones have none.
func (l *listing[T]) contents(ids []SnapshotID, keep bool) (map[SnapshotID]*T, error) {
	docs, missing := make(map[SnapshotID]*T, len(ids)), []string(nil)
	for _, id := range ids {
		if held, ok := l.s.cache.contents.GetIfPresent(id); ok {
			docs[id], _ = held.doc.(*T)
		} else if id != "" {
			missing = append(missing, string(id))
		}
	}
	read, err := candidates.Contents(l.view, missing)
	for id, content := range read {
		if err == nil {
			docs[SnapshotID(id)], err = decode[T](l.s, SnapshotID(id), []byte(content), l.erased, keep)
		}
	}
	return docs, err
}

// asks reports whether the filter asks for a value.
func (f Filter) asks() bool { return f.Name != nil || f.Owner != nil || len(f.Metadata) > 0 }

func (f Filter) terms() (list []candidates.Term) {
	if f.Name != nil {
		list = append(list, candidates.ByName(*f.Name))
	}
	if f.Owner != nil {
		list = append(list, candidates.ByOwner(*f.Owner))
	}
	for _, m := range f.Metadata {
		list = append(list, candidates.ByMetadata(m.Name, m.Value))
	}
	return list
}

// holds reports whether terms hold everything that is wanted.
func holds(has, wanted []candidates.Term) bool {
	return !slices.ContainsFunc(wanted, func(want candidates.Term) bool { return !slices.Contains(has, want) })
}

const softwareTerm = candidates.Software

// terms are what a document can be found by, its name first; nil for no document.
func terms[T document.Content](doc *T) []candidates.Term { return candidates.Terms(doc) }

// addTerms indexes what the base did not have yet.
func addTerms(tx *db.Tx, e Entity, next, base []candidates.Term) {
	candidates.Add(tx, candidates.Bucket(string(e.Kind), e.Module, string(e.Setup)), string(e.ID), next, base)
}

// lister is what all lists share: who looks at which moment, and what was found
// out on the way about setups and owners, so that it is asked once.
type lister struct {
	look
	size      int64                  // of the log before the first statement
	erased    int64                  // clients erased before it
	timelines map[EntityID]*timeline // of setups
	setups    map[EntityID]Version[document.Setup]
	setupsEnd map[EntityID]history.Millis
	ownersEnd map[tenancy.OrgID]history.Millis
}

func newLister(ctx context.Context, s *Store, scope tenancy.Scope, in Instant, view *db.Conn) lister {
	return lister{lookIn(ctx, s, scope, in, view), s.log.Size(), s.cache.erased.Load(), map[EntityID]*timeline{}, map[EntityID]Version[document.Setup]{},
		map[EntityID]history.Millis{}, map[tenancy.OrgID]history.Millis{}}
}

// setup reads a setup around the moment, now as the caches have it.
func (l *lister) setup(id EntityID) (*timeline, error) {
	return once(l.timelines, id, func() (*timeline, error) {
		look := l.look
		if !l.past {
			look.view = nil
		}
		return look.timelineOf(id)
	})
}

// listable finds a setup whose clients the scope may list at the moment: before
// the setup there were none, after its end it is Gone.
func (l *lister) listable(module string, id EntityID) (*timeline, error) {
	t, err := l.setup(id)
	if err != nil {
		return nil, err
	}
	if !t.is(KindSetup, module, id) || !l.uses(t) {
		return nil, unknown(KindSetup)
	}
	if l.past && t.active != nil {
		err = l.ended(place{t, t})
	}
	return t, err
}

// shows reports whether the scope sees a client, and whether its owner was there
// at the moment; its own end and its setup's are for the query to leave out.
func (l *lister) shows(e Entity) (bool, error) {
	if !l.past {
		return visible(&l.scope, &e, true), nil
	}
	if !l.scope.Covers(e.Owner) {
		return false, nil
	}
	ended, err := l.ownerEnded(e.Owner)
	return ended == 0, err
}

// inherited is the setup's version of the moment.
func (l *lister) inherited(id EntityID) (Version[document.Setup], error) {
	return once(l.setups, id, func() (Version[document.Setup], error) {
		t, err := l.setup(id)
		if err != nil {
			return Version[document.Setup]{}, err
		}
		return inherited(l.s, l.view, t.entity, t.active)
	})
}

// once asks for what is not known yet.
func once[K comparable, V any](known map[K]V, k K, ask func() (V, error)) (V, error) {
	v, ok := known[k]
	if ok {
		return v, nil
	}
	v, err := ask()
	if err == nil {
		known[k] = v
	}
	return v, err
}

// listed is the moment as package candidates has it.
func (l *lister) listed() candidates.Moment {
	m := candidates.Moment{At: l.at}
	if l.moment.known != forever {
		m.Known = l.moment.known
	}
	return m
}

// ownedBelow keeps what the acting organization or one under it owns; false if that can
// be nothing. At another instant deleted ones count too, which memory does not list.
func (l *lister) ownedBelow(q *candidates.All) bool {
	owners := l.scope.Subtree()
	if l.past || len(owners) > candidates.MostOwners {
		q.Owners, q.Below = nil, l.scope.Acting()
		return true
	}
	q.Owners = owners
	return len(owners) > 0
}
