package snapshots

import (
	"context"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// PageQuery asks for clients in the order of their client_id (bytewise).
type PageQuery struct {
	After string // client_id that the page before ended with; empty for the first
	Limit int
	Name  *string // exact
	Owner *string // owner label, exact
	In    Instant
}

// Page reads the clients of the acting organization's subtree in a setup that
// are in force at an instant, Limit of them at most, and whether there are more.
func (s *Store) Page(ctx context.Context, scope tenancy.Scope, setup EntityID, q PageQuery) ([]Resolved[document.Client], bool, error) {
	now := s.log.Now().Millis()
	if err := scope.Check(q.In.need(now)); err != nil {
		return nil, false, err
	}
	found, more := []Resolved[document.Client]{}, false
	err := s.db.View(ctx, func(c *db.Conn) error {
		p := paging{s: s, conn: c, scope: scope, query: q, moment: q.In.moment(now)}
		e, err := s.entity(c, setup)
		if fault.Is(err, fault.NotFound) || err == nil && !p.listable(e) {
			return unknown(KindSetup)
		}
		if err != nil {
			return err
		}
		p.setup = e
		if err := p.inherit(); err != nil {
			return err
		}
		found, more, err = p.collect()
		return err
	})
	return found, more, err
}

type paging struct {
	s         *Store
	conn      *db.Conn
	scope     tenancy.Scope
	setup     Entity
	inherited Version[document.Setup]
	query     PageQuery
	moment
}

// listable reports whether the setup's clients may be listed: of one that is
// deleted, as they were by those above.
func (p *paging) listable(setup Entity) bool {
	return setup.Kind == KindSetup && (visible(p.scope, setup, true) || p.query.In.Given() && p.scope.Covers(setup.Owner))
}

// inherit reads the setup's snapshot, from which its clients inherit.
func (p *paging) inherit() (err error) {
	if !p.query.In.Given() {
		p.inherited, err = p.s.setupAt(p.conn, SetupRef(p.setup.Module, p.setup.ID), p.at)
		return err
	}
	p.inherited = Version[document.Setup]{Entity: p.setup, Content: &document.Setup{}}
	row, err := inForceAsOf(p.conn, p.setup, p.moment)
	if err != nil || row == nil || row.tombstone() {
		return err
	}
	v, err := version[document.Setup](p.s, p.conn, p.setup, row)
	if fault.Is(err, fault.Gone) {
		return nil
	}
	p.inherited = v
	return err
}

// shows reports whether the scope may see a candidate, and it was there.
func (p *paging) shows(e Entity, row *snapshotRow) (bool, error) {
	if !p.query.In.Given() {
		return visible(p.scope, e, true), nil
	}
	if !p.scope.Covers(e.Owner) {
		return false, nil
	}
	setup, err := inForceAsOf(p.conn, p.setup, p.moment)
	if err == nil {
		err = endedAsOf(p.conn, e, row, setup, p.moment)
	}
	if fault.Is(err, fault.Gone) {
		return false, nil
	}
	return err == nil, err
}

// collect reads candidates in steps until the page and one more are found: a
// candidate may turn out not to be in force, or to have another name now.
func (p *paging) collect() ([]Resolved[document.Client], bool, error) {
	found := make([]Resolved[document.Client], 0, p.query.Limit)
	filter := Filter{Name: p.query.Name, Owner: p.query.Owner}
	after := p.query.After
	for {
		rows, err := p.step(after, filter)
		if err != nil {
			return nil, false, err
		}
		for _, r := range rows {
			after = r.ClientID
			row := r.row()
			if shown, err := p.shows(r.entity(), &row); err != nil || !shown {
				if err != nil {
					return nil, false, err
				}
				continue
			}
			v, err := version[document.Client](p.s, p.conn, r.entity(), &row)
			if fault.Is(err, fault.Gone) {
				continue // its content is erased
			}
			if err != nil {
				return nil, false, err
			}
			if !filter.holds(terms(v.Content)) {
				continue
			}
			if len(found) == p.query.Limit {
				return found, true, nil
			}
			found = append(found, Resolved[document.Client]{Version: v, Setup: p.inherited})
		}
		if len(rows) < p.query.Limit+1 {
			return found, false, nil
		}
	}
}

// pageRow is a client with its snapshot in force.
type pageRow struct {
	entityRow
	Snapshot   SnapshotID     `db:"snapshot_id"`
	ValidFrom  history.Millis `db:"valid_from"`
	Attempt    int64          `db:"attempt"`
	Base       SnapshotID     `db:"base_id"`
	Commitment []byte         `db:"commitment"`
	Imported   int            `db:"imported"`
	At         history.Micros `db:"snapshot_recorded_at"`
}

func (r pageRow) row() snapshotRow {
	return snapshotRow{Entity: r.ID, ID: r.Snapshot, Kind: rowContent, ValidFrom: r.ValidFrom, Attempt: r.Attempt,
		Base: r.Base, Commitment: r.Commitment, Imported: r.Imported, RecordedAt: r.At}
}

const pageColumns = `e.entity_id, e.kind, e.module, e.setup_id, e.client_id, e.incarnation, e.org_id, e.surface, e.recorded_at,
	f.snapshot_id, f.valid_from, f.attempt, f.base_id, f.commitment, f.imported, f.recorded_at AS snapshot_recorded_at`

// fewMatches is up to how many entities with a value a filter starts from
// them, to be sorted for each page; beyond that a walk in the order of the
// client_id finds a page sooner.
const fewMatches = 2000

// start is where step looks for candidates: the entities with a filter's first
// value where they are few, else all of the setup's.
func (p *paging) start(filters []term) (squirrel.SelectBuilder, []term, error) {
	all := db.Builder().Select(pageColumns).From("entity e")
	if len(filters) == 0 {
		return all, nil, nil
	}
	first := squirrel.Eq{"m.bucket": string(p.setup.ID), "m.field": filters[0].field, "m.value": cut(filters[0].value)}
	var n int
	if err := p.conn.Get(&n, "SELECT count(*) FROM (SELECT 1 FROM entity_term WHERE bucket = ? AND field = ? AND value = ? LIMIT ?) few",
		string(p.setup.ID), filters[0].field, cut(filters[0].value), fewMatches+1); err != nil || n > fewMatches {
		return all, filters, err
	}
	// CROSS JOIN fixes the order of a join in SQLite, which has no statistics.
	matches := db.Builder().Select(pageColumns).From("entity_term m").CrossJoin("entity e")
	return matches.Where(first).Where("e.entity_id = m.entity_id"), filters[1:], nil
}

// step reads the next candidates after a client_id.
func (p *paging) step(after string, filter Filter) ([]pageRow, error) {
	q, filters, err := p.start(filter.terms())
	if err != nil {
		return nil, err
	}
	present, args := notWithdrawn, []any{p.at}
	if p.query.In.Known != nil {
		present, args = asOfPresent, []any{p.at, p.known, p.known}
	}
	q = q.Join(`snapshot f ON f.snapshot_id = (SELECT s.snapshot_id FROM snapshot s WHERE s.module = e.module
			AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id AND s.valid_from <= ?`+present+`
			ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1)`, args...).
		Where("e.setup_id = ? AND e.kind = 'client' AND e.client_id > ? AND f.kind = 'content'", p.setup.ID, after).
		OrderBy("e.client_id").Limit(uint64(p.query.Limit + 1))
	if owners := p.scope.Subtree(); !p.query.In.Given() && !p.scope.Covers(p.setup.Owner) && len(owners) <= maxOwners {
		q = q.Where(squirrel.Eq{"e.org_id": owners})
	}
	for _, t := range filters {
		q = q.Where("e.entity_id IN (SELECT entity_id FROM entity_term WHERE bucket = ? AND field = ? AND value = ?)",
			string(p.setup.ID), t.field, cut(t.value))
	}
	var rows []pageRow
	return rows, p.conn.SelectBuilt(&rows, q)
}
