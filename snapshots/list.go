package snapshots

import (
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
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
	AnyTime        bool                 // whatever is in force when; any snapshot may match
	IncludeDeleted bool
}

// Listed is one entry of a list: an entity and, in Names and filtered lists,
// the name it bears at the instant asked for.
type Listed struct {
	ID   EntityID
	Name string
}

// need is what a list at that instant takes: the past and the future are not
// for everybody.
func (f Filter) need(now history.Millis) tenancy.Permission {
	switch {
	case f.AnyTime || f.IncludeDeleted:
		return tenancy.Resolve | tenancy.History | tenancy.Plans
	case f.At == nil || *f.At == now:
		return tenancy.Resolve
	case *f.At > now:
		return tenancy.Resolve | tenancy.Plans
	}
	return tenancy.Resolve | tenancy.History
}

// Setups lists the setups of a module that the acting organization may use,
// oldest first. Filtered by what its own subtree may see of them.
func (s *Store) Setups(ctx context.Context, scope tenancy.Scope, module string, f Filter) ([]Listed, error) {
	return list[document.Setup](ctx, s, scope, Ref{Module: module}, f)
}

// ResourceServers lists the resource servers of a setup, oldest first.
func (s *Store) ResourceServers(ctx context.Context, scope tenancy.Scope, module string, setup EntityID, f Filter) ([]Listed, error) {
	return list[document.ResourceServer](ctx, s, scope, Ref{Module: module, Setup: setup}, f)
}

// Clients lists the clients of the acting organization's subtree in a setup,
// oldest first.
func (s *Store) Clients(ctx context.Context, scope tenancy.Scope, module string, setup EntityID, f Filter) ([]Listed, error) {
	return list[document.Client](ctx, s, scope, Ref{Module: module, Setup: setup}, f)
}

// Names is Clients with the name that each bears.
func (s *Store) Names(ctx context.Context, scope tenancy.Scope, module string, setup EntityID) ([]Listed, error) {
	l := listing[document.Client]{s: s, scope: scope, in: Ref{Module: module, Setup: setup}, named: true}
	return l.run(ctx)
}

func list[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, in Ref, f Filter) ([]Listed, error) {
	l := listing[T]{s: s, scope: scope, in: in, filter: f}
	return l.run(ctx)
}

// listing is one list in the making.
type listing[T document.Content] struct {
	s      *Store
	scope  tenancy.Scope
	in     Ref
	filter Filter
	named  bool

	now  history.Millis
	conn *db.Conn
}

func (l *listing[T]) run(ctx context.Context) ([]Listed, error) {
	l.now = l.s.log.Now().Millis()
	if err := l.scope.Check(l.filter.need(l.now)); err != nil {
		return nil, err
	}
	found := []Listed{}
	err := l.s.db.View(ctx, func(c *db.Conn) error {
		l.conn = c
		setup, err := l.s.listable(c, l.scope, kindOf[T](), l.in, l.now)
		if err != nil {
			return err
		}
		candidates, err := l.candidates(setup)
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

// listable refuses a module or setup that is not there for the scope.
func (s *Store) listable(c *db.Conn, scope tenancy.Scope, kind Kind, in Ref, now history.Millis) (Entity, error) {
	if kind == KindSetup {
		return Entity{}, moduleExists(c, in.Module)
	}
	setup, err := s.usableSetup(c, scope, in.Module, in.Setup)
	if err != nil {
		return setup, err
	}
	row, err := inForce(c, setup, now)
	if err == nil && (row == nil || row.tombstone()) {
		err = unknown(KindSetup)
	}
	return setup, err
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

// maxOwners is how many owners a list names in its statement; with more it
// reads the whole setup and leaves out what is not visible.
const maxOwners = 500

// candidates reads the entities that the scope may see and whose index holds
// every value asked for; whether they bear it at the instant is not said yet.
func (l *listing[T]) candidates(setup Entity) ([]candidate, error) {
	kind, at := kindOf[T](), l.now
	if l.filter.At != nil {
		at = *l.filter.At
	}
	q := db.Builder().Select(candidateColumns).From("entity e").
		LeftJoin(`snapshot f ON f.snapshot_id = (SELECT s.snapshot_id FROM snapshot s WHERE s.module = e.module
			AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id AND s.valid_from <= ?`+notWithdrawn+`
			ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1)`, at).
		OrderBy("e.recorded_at", "e.entity_id")
	within := string(l.in.Setup)
	if kind == KindSetup {
		within = l.in.Module
		q = q.Where("e.kind = ? AND e.module = ?", kind, l.in.Module)
	} else {
		q = q.Where("e.setup_id = ? AND e.kind = ?", l.in.Setup, kind)
		if owners := l.scope.Subtree(); kind == KindClient && !l.scope.Covers(setup.Owner) && len(owners) <= maxOwners {
			q = q.Where(squirrel.Eq{"e.org_id": owners})
		}
	}
	for _, t := range l.filter.terms() {
		if !storable(t.field) || !storable(t.value) {
			return nil, nil
		}
		q = q.Where("e.entity_id IN (SELECT entity_id FROM entity_term WHERE bucket = ? AND field = ? AND value = ?)",
			within, cut(t.field), cut(t.value))
	}
	var rows []candidate
	if err := l.conn.SelectBuilt(&rows, q); err != nil {
		return nil, err
	}
	activeOnly := !l.filter.AnyTime && !l.filter.IncludeDeleted && l.filter.At == nil
	return slices.DeleteFunc(rows, func(r candidate) bool { return !visible(l.scope, r.entity(), activeOnly) }), nil
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
	if !l.named && len(l.filter.terms()) == 0 {
		return "", true, nil
	}
	ids := []SnapshotID{r.Snapshot}
	if l.filter.AnyTime || ended { // any snapshot may match; the newest that does gives the name
		rows, err := series(l.conn, r.entity(), false)
		if err != nil {
			return "", false, err
		}
		ids = ids[:0]
		for _, row := range slices.Backward(rows) {
			if !row.tombstone() {
				ids = append(ids, row.ID)
			}
		}
	}
	for _, id := range ids {
		doc, _, err := body[T](l.s, l.conn, id)
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

// EntityID finds the client that bears client_id in a setup. One that is only
// planned is found by those who may see plans.
func (s *Store) EntityID(ctx context.Context, scope tenancy.Scope, module string, setup EntityID, clientID string) (EntityID, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return "", err
	}
	var id EntityID
	err := s.db.View(ctx, func(c *db.Conn) error {
		now := s.log.Now().Millis()
		if _, err := s.listable(c, scope, KindClient, Ref{Module: module, Setup: setup}, now); err != nil {
			return err
		}
		var r entityRow
		err := errNoRow()
		if storable(clientID) {
			err = c.Get(&r, "SELECT "+entityColumns+" FROM entity WHERE setup_id = "+asText+" AND kind = 'client'"+
				" AND client_id = "+asText+" ORDER BY incarnation DESC LIMIT 1", setup, clientID)
		}
		if fault.Is(err, fault.NotFound) || err == nil && !visible(scope, r.entity(), true) {
			return unknown(KindClient)
		}
		if err != nil {
			return err
		}
		row, err := inForce(c, r.entity(), now)
		if err == nil && (row == nil && !scope.Allows(tenancy.Plans) || row != nil && row.tombstone()) {
			return unknown(KindClient)
		}
		id = r.ID
		return err
	})
	return id, err
}
