package snapshots

import (
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/snapshots/policy"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// PageQuery asks for clients of a setup in the order of their client_id
// (bytewise).
type PageQuery struct {
	Module string // that the setup must be in; empty for any
	After  string // client_id that the page before ended with; empty for the first
	Limit  int
	Name   *string // exact
	Owner  *string // owner label, exact
	In     Instant
	Itself bool           // only those that registered themselves
	Before history.Micros // only those registered before; 0 for any
	Unused bool           // only those that never proved who they are
	Next   bool           // find out when each one changes, which takes a statement more
}

// Page reads the clients of the acting organization's subtree in a setup that
// are in force at an instant, Limit of them at most, and whether there are more.
// Of the setup it answers as Resolve does.
func (s *Store) Page(ctx context.Context, scope tenancy.Scope, setup EntityID, q PageQuery) ([]Resolved[document.Client], bool, error) {
	if err := scope.Check(q.In.need(s.log.Now().Millis())); err != nil {
		return nil, false, err
	}
	var found []Resolved[document.Client]
	more := false
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		p := paging{lister: newLister(ctx, s, scope, q.In, c), query: q}
		if p.setup, err = p.listable(q.Module, setup); err != nil {
			return err
		}
		if found, more, err = p.collect(); err == nil && q.Next {
			err = p.changes(found)
		}
		return err
	})
	return found, more, err
}

type paging struct {
	lister
	setup *timeline
	query PageQuery
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
			client, shown, err := p.client(r, filter)
			if err != nil {
				return nil, false, err
			}
			if !shown {
				continue
			}
			if len(found) == p.query.Limit {
				return found, true, nil
			}
			found = append(found, client)
		}
		if len(rows) < p.query.Limit+1 {
			return found, false, nil
		}
	}
}

// client is a candidate as a list shows it, if the scope may see it, its
// content is not erased, and the filter holds.
func (l *lister) client(r pageRow, filter Filter) (Resolved[document.Client], bool, error) {
	e, row := r.entity(), r.row()
	if shown, err := l.shows(e); err != nil || !shown {
		return Resolved[document.Client]{}, false, err
	}
	v, err := version[document.Client](l.s, l.view, e, &row)
	if fault.Is(err, fault.Gone) {
		return Resolved[document.Client]{}, false, nil
	}
	if err != nil || !filter.holds(terms(v.Content)) {
		return Resolved[document.Client]{}, false, err
	}
	setup, err := l.inherited(e.Setup)
	return Resolved[document.Client]{Version: v, Setup: setup}, true, err
}

// changes fills in when the clients of one setup change: with the next snapshot
// of their own, or with the end of their setup or organization.
func (p *paging) changes(found []Resolved[document.Client]) error {
	ends := history.Millis(0)
	if p.past {
		var err error
		if ends, err = setupEnds(p.view, p.setup.entity, p.moment); err != nil {
			return err
		}
	}
	place, orgs := make(map[EntityID]int, len(found)), map[tenancy.OrgID]history.Millis{}
	ids := make([]EntityID, len(found))
	for i, f := range found {
		place[f.Entity.ID], ids[i], found[i].Ends = i, f.Entity.ID, ends
		if p.past {
			org, known := orgs[f.Entity.Owner]
			if !known {
				var err error
				if org, err = ownerEnds(p.view, p.scope, f.Entity.Owner, p.moment); err != nil {
					return err
				}
				orgs[f.Entity.Owner] = org
			}
			found[i].Ends = earlier(ends, org)
		}
	}
	for chunk := range slices.Chunk(ids, maxOwners) {
		var rows []struct {
			ID   EntityID       `db:"entity_id"`
			Next history.Millis `db:"next"`
		}
		e := p.setup.entity
		q := db.Builder().Select("s.entity_id, min(s.valid_from) AS next").From("snapshot s").
			Where(squirrel.Eq{"s.module": e.Module, "s.setup_id": e.ID, "s.entity_id": chunk}).
			Where("s.valid_from > ?"+asOfPresent, p.at, p.known, p.known).GroupBy("s.entity_id")
		if err := p.view.SelectBuilt(&rows, q); err != nil {
			return err
		}
		for _, r := range rows {
			found[place[r.ID]].NextValidFrom = r.Next
		}
	}
	return nil
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
	bucket := string(p.setup.entity.ID)
	first := squirrel.Eq{"m.bucket": bucket, "m.field": filters[0].field, "m.value": cut(filters[0].value)}
	var n int
	if err := p.view.Get(&n, "SELECT count(*) FROM (SELECT 1 FROM entity_term WHERE bucket = ? AND field = ? AND value = ? LIMIT ?) few",
		bucket, filters[0].field, cut(filters[0].value), fewMatches+1); err != nil || n > fewMatches {
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
	q = p.withSnapshot(q).
		Where("e.setup_id = ? AND e.kind = 'client' AND e.client_id > ? AND f.kind = 'content'", p.setup.entity.ID, after).
		OrderBy("e.client_id").Limit(uint64(p.query.Limit + 1))
	if !p.scope.Covers(p.setup.entity.Owner) {
		q = p.ownedBelow(q)
	}
	for _, t := range filters {
		q = q.Where("e.entity_id IN (SELECT entity_id FROM entity_term WHERE bucket = ? AND field = ? AND value = ?)",
			string(p.setup.entity.ID), t.field, cut(t.value))
	}
	if p.query.Itself {
		q = q.Where(squirrel.Eq{"e.surface": policy.Surfaces()})
	}
	if p.query.Before != 0 {
		q = q.Where("e.recorded_at < ?", p.query.Before)
	}
	if p.query.Unused {
		q = q.Where("NOT EXISTS (SELECT 1 FROM client_use u WHERE u.entity_id = e.entity_id)")
	}
	var rows []pageRow
	return rows, p.view.SelectBuilt(&rows, q)
}
