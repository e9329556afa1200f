package snapshots

import (
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/snapshots/modules"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
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

// List lists the ids of a kind that the scope sees, oldest first: the setups of
// in's module, or what is in its setup. A scope that
// may use a setup or a resource server sees it; it sees the clients that it covers.
// At another instant, or with what is not in force, it sees only what it covers.
// A setup that it may not use is the same fault as in Resolve; before the setup
// began the list is empty.
func List[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, in Ref, f Filter) ([]Listed, error) {
	l := listing[T]{in: in, filter: f}
	return l.run(ctx, s, scope)
}

// listing is a list of ids in the making.
type listing[T document.Content] struct {
	lister
	in     Ref
	filter Filter
}

func (l *listing[T]) run(ctx context.Context, s *Store, scope tenancy.Scope) ([]Listed, error) {
	now := s.log.Now().Millis()
	if err := scope.Check(l.filter.need(now)); err != nil {
		return nil, err
	}
	found := []Listed{}
	err := s.db.View(ctx, func(c *db.Conn) error {
		l.lister = newLister(ctx, s, scope, l.filter.instant(), c)
		candidates, err := l.candidates()
		if err != nil {
			return err
		}
		for _, r := range candidates {
			name, ok, err := l.confirm(r)
			if err != nil {
				return err
			}
			if ok {
				found = append(found, Listed{r.ID, name})
			}
		}
		return nil
	})
	return found, err
}

// candidate is an entity with its snapshot in force at the list's instant;
// the snapshot's members are empty if there is none.
type candidate struct {
	entityRow
	Snapshot SnapshotID `db:"snapshot_id"`
	Content  string     `db:"content_kind"`
}

const candidateColumns = `e.entity_id, e.kind, e.module, e.setup_id, e.client_id, e.incarnation, e.org_id, e.surface, e.recorded_at,
	COALESCE(f.snapshot_id, '') AS snapshot_id, COALESCE(f.kind, '') AS content_kind`

// candidates reads the entities that the scope may see and whose index holds
// every value asked for; whether they have it at the instant is not said yet.
func (l *listing[T]) candidates() ([]candidate, error) {
	kind := kindOf[T]()
	snapshot, known := l.present()
	q := db.Builder().Select(candidateColumns).From("entity e").
		LeftJoin(`snapshot f ON f.snapshot_id = (SELECT s.snapshot_id FROM snapshot s WHERE s.module = e.module
			AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id AND s.valid_from <= ?`+snapshot+`
			ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1)`, append([]any{l.at}, known...)...).
		Where("NOT EXISTS (SELECT 1 FROM erasure x WHERE x.ref = f.snapshot_id AND f.kind <> 'tombstone')").
		OrderBy("e.recorded_at", "e.entity_id")
	bucket := string(l.in.Setup)
	if kind == KindSetup {
		if err := modules.Exists(l.view, l.in.Module); err != nil {
			return nil, err
		}
		bucket, q = l.in.Module, q.Where("e.kind = ? AND e.module = ?", kind, l.in.Module)
	} else {
		setup, err := l.listable(l.in.Module, l.in.Setup)
		if err != nil {
			return nil, err
		}
		q = q.Where("e.setup_id = ? AND e.kind = ?", l.in.Setup, kind)
		if kind == KindClient && !l.scope.Covers(setup.entity.Owner) {
			q = l.ownedBelow(q)
		}
	}
	for _, t := range l.filter.terms() {
		if !storable(t.field) || !storable(t.value) {
			return nil, nil
		}
		q = q.Where("e.entity_id IN (SELECT entity_id FROM entity_term WHERE bucket = ? AND field = ? AND value = ?)",
			bucket, cut(t.field), cut(t.value))
	}
	var rows, seen []candidate
	if err := l.view.SelectBuilt(&rows, q); err != nil {
		return nil, err
	}
	for _, r := range rows {
		shown, err := l.lists(r.entity())
		if err != nil {
			return nil, err
		}
		if shown {
			seen = append(seen, r)
		}
	}
	return seen, nil
}

// lists reports whether the scope sees an entity in this list.
func (l *listing[T]) lists(e Entity) (bool, error) {
	if l.past {
		return l.shows(e)
	}
	return visible(&l.scope, &e, !l.filter.AnyTime && !l.filter.IncludeDeleted), nil
}

func (f Filter) terms() []term {
	var list []term
	if f.Name != nil {
		list = append(list, term{"name", *f.Name})
	}
	if f.Owner != nil {
		list = append(list, term{"owner", *f.Owner})
	}
	for _, m := range f.Metadata {
		list = append(list, term{metadataTerm + m.Name, m.Value})
	}
	return list
}

// confirm tells a candidate's name and whether it belongs in the list.
func (l *listing[T]) confirm(r candidate) (string, bool, error) {
	ended := r.Content == rowTombstone
	if ended && !l.filter.IncludeDeleted || r.Snapshot == "" && !l.filter.AnyTime {
		return "", false, nil
	}
	if !l.filter.Named && len(l.filter.terms()) == 0 {
		return "", true, nil
	}
	ids := []SnapshotID{r.Snapshot}
	if l.filter.AnyTime || ended { // any snapshot may match; the newest that does gives the name
		rows, err := series(l.view, r.entity(), false)
		if err != nil {
			return "", false, err
		}
		ids = ids[:0]
		for _, row := range slices.Backward(rows) {
			if !row.tombstone() && row.RecordedAt <= l.known {
				ids = append(ids, row.ID)
			}
		}
	}
	for _, id := range ids {
		doc, _, err := body[T](l.s, l.view, id)
		if fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return "", false, err
		}
		if has := terms(doc); l.filter.holds(has) {
			return has[0].value, true, nil
		}
	}
	return "", false, nil
}

// holds reports whether a document's terms hold everything the filter asks.
func (f Filter) holds(has []term) bool {
	for _, want := range f.terms() {
		if !slices.Contains(has, want) {
			return false
		}
	}
	return true
}

// lister is what all lists share: who looks at which moment, and what was found
// out on the way about setups and owners, so that it is asked once.
type lister struct {
	look
	setups map[EntityID]Version[document.Setup]
}

func newLister(ctx context.Context, s *Store, scope tenancy.Scope, in Instant, view *db.Conn) lister {
	return lister{lookIn(ctx, s, scope, in, view), map[EntityID]Version[document.Setup]{}}
}

// listable finds a setup whose clients the scope may list at the moment: before
// the setup there were none, after its end it is Gone.
func (l *lister) listable(module string, id EntityID) (*timeline, error) {
	t, err := l.timelineOf(id)
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
	if v, ok := l.setups[id]; ok {
		return v, nil
	}
	t, err := l.timelineOf(id)
	if err != nil {
		return Version[document.Setup]{}, err
	}
	v, err := inherited(l.s, l.view, t.entity, t.active)
	l.setups[id] = v
	return v, err
}

// withSnapshot joins entity e with f, its snapshot in force at the moment.
func (l *lister) withSnapshot(q squirrel.SelectBuilder) squirrel.SelectBuilder {
	query, args := l.present()
	return q.Join(`snapshot f ON f.snapshot_id = (SELECT s.snapshot_id FROM snapshot s WHERE s.module = e.module
			AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id AND s.valid_from <= ?`+query+`
			ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1)`, append([]any{l.at}, args...)...)
}

// present is what holds for a snapshot s that had been recorded and not been
// withdrawn, as far as the moment knew.
func (l *lister) present() (string, []any) {
	if l.known == forever {
		return notWithdrawn, nil
	}
	return asOfPresent, []any{l.known, l.known}
}

// maxOwners is how many owners a list names in its statement.
const maxOwners = 500

// below is an organization and everything under it today, deleted ones too.
const below = `WITH RECURSIVE below (org_id) AS (SELECT CAST(? AS TEXT) UNION
	SELECT v.org_id FROM below JOIN org_version v ON v.parent_id = below.org_id
		WHERE NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)) SELECT org_id FROM below`

// ownedBelow keeps what the acting organization or one under it owns. At another
// instant deleted ones count too, which memory does not list.
func (l *lister) ownedBelow(q squirrel.SelectBuilder) squirrel.SelectBuilder {
	if owners := l.scope.Subtree(); !l.past && len(owners) <= maxOwners {
		return q.Where(squirrel.Eq{"e.org_id": owners})
	}
	return q.Where("e.org_id IN ("+below+")", l.scope.Acting())
}
