package snapshots

import (
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// OwnedQuery asks for clients by who owns them.
type OwnedQuery struct {
	Module      string   // that the setup must be in; empty for any
	Setup       EntityID // empty for any
	Descendants bool     // those of organizations below the acting one too
	In          Instant
	Offset      int
	Limit       int
}

// Owned reads the clients of the acting organization that are in force at an
// instant, in the order in which they were registered, and how many there are
// in all. Its cost grows with their number, not with that of other clients.
func (s *Store) Owned(ctx context.Context, scope tenancy.Scope, q OwnedQuery) ([]Resolved[document.Client], int64, error) {
	if err := scope.Check(q.In.need(s.log.Now().Millis())); err != nil {
		return nil, 0, err
	}
	page, total := []Resolved[document.Client]{}, int64(0)
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		o := owned{newLister(ctx, s, scope, q.In, c), q}
		if q.Setup != "" {
			if _, err := o.listable(q.Module, q.Setup); err != nil {
				return err
			}
		}
		var ids []EntityID
		if ids, total, err = o.count(); err == nil {
			page, err = o.read(ids)
		}
		return err
	})
	return page, total, err
}

type owned struct {
	lister
	query OwnedQuery
}

// count goes over all clients that are in force, and keeps the page's ids.
func (o *owned) count() (ids []EntityID, total int64, err error) {
	if err := o.owners(); err != nil {
		return nil, 0, err
	}
	snapshot, known := o.present()
	b := o.mine("e.entity_id, e.org_id").OrderBy("e.recorded_at", "e.entity_id").
		Where("NOT"+holdings.EndedAsOf, o.at, o.known, o.at, o.known, o.known).
		Where("EXISTS (SELECT 1 FROM snapshot s WHERE s.module = e.module AND s.setup_id = e.setup_id"+
			" AND s.entity_id = e.entity_id AND s.valid_from <= ?"+snapshot+")", append([]any{o.at}, known...)...)
	if o.past {
		b = b.Where("NOT EXISTS (SELECT 1 FROM erasure r WHERE r.ref = e.entity_id)")
	}
	query, args, err := b.ToSql()
	if err != nil {
		return nil, 0, err
	}
	err = o.view.Each(func(scan func(...any) error) error {
		var e Entity
		e.Kind = KindClient
		if err := scan(&e.ID, &e.Owner); err != nil {
			return err
		}
		shown, err := o.shows(e) // owners has found out what it asks
		if shown {
			if total++; total > int64(o.query.Offset) && len(ids) < o.query.Limit {
				ids = append(ids, e.ID)
			}
		}
		return err
	}, query, args...)
	return ids, total, err
}

// mine selects from the clients of the acting organization, or of those below
// it too.
func (o *owned) mine(columns string) squirrel.SelectBuilder {
	b := db.Builder().Select(columns).From("entity e").Where("e.kind = 'client'")
	if o.query.Setup != "" {
		b = b.Where(squirrel.Eq{"e.setup_id": o.query.Setup})
	}
	if !o.query.Descendants {
		return b.Where(squirrel.Eq{"e.org_id": o.scope.Acting()})
	}
	return o.ownedBelow(b)
}

// owners finds out when the owners ended, before the rows are gone over: while
// they are, the view can be asked nothing else.
func (o *owned) owners() error {
	if !o.past {
		return nil
	}
	var list []tenancy.OrgID
	if err := o.view.SelectBuilt(&list, o.mine("DISTINCT e.org_id")); err != nil {
		return err
	}
	for _, owner := range list {
		if _, err := o.ownerEnded(owner); err != nil {
			return err
		}
	}
	return nil
}

// read reads clients by their ids, in that order.
func (o *owned) read(ids []EntityID) ([]Resolved[document.Client], error) {
	page := make([]Resolved[document.Client], 0, len(ids))
	for chunk := range slices.Chunk(ids, maxOwners) {
		var rows []pageRow
		q := o.withSnapshot(db.Builder().Select(pageColumns).From("entity e")).Where(squirrel.Eq{"e.entity_id": chunk}).
			OrderBy("e.recorded_at", "e.entity_id")
		if err := o.view.SelectBuilt(&rows, q); err != nil {
			return nil, err
		}
		for _, r := range rows {
			client, shown, err := o.client(r, Filter{})
			if err != nil {
				return nil, err
			}
			if shown {
				page = append(page, client)
			}
		}
	}
	return page, nil
}
