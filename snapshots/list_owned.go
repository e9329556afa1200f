package snapshots

import (
	"context"
	"fmt"

	"tenure/snapshots/candidates"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
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

// OwnedElements renders the clients of the acting organization that are in force at an
// instant, in the order in which they were registered, as Elements does, and tells how
// many there are in all. Its cost grows with their number, not with that of other clients.
func (s *Store) OwnedElements(ctx context.Context, scope tenancy.Scope, q OwnedQuery, form Form) (list []Element, total int64, err error) {
	total, err = s.owned(ctx, scope, q, &form, func(o *owned, hits []hit) (err error) {
		list, err = o.elements(hits, &form, false)
		return err
	})
	return list, total, err
}

func (s *Store) owned(ctx context.Context, scope tenancy.Scope, q OwnedQuery, form *Form, use func(*owned, []hit) error) (total int64, err error) {
	if err := scope.Check(q.In.need(s.log.Now().Millis())); err != nil {
		return 0, err
	}
	err = s.db.View(ctx, func(c *db.Conn) error {
		o := owned{newLister(ctx, s, scope, q.In, c), q}
		if q.Setup != "" {
			if _, err := o.listable(q.Module, q.Setup); err != nil {
				return err
			}
		}
		var page []candidates.Client
		if page, total, err = o.count(); err != nil {
			return err
		}
		hits, err := o.hits(page, want{form: form, page: len(page)})
		if err != nil {
			return err
		}
		return use(&o, hits)
	})
	return total, err
}

type owned struct {
	lister
	query OwnedQuery
}

// count goes over all clients that are in force, and keeps the page's. Once they were
// counted, it goes only as far as the page while the total stays the same.
func (o *owned) count() (page []candidates.Client, total int64, err error) {
	var until history.Millis
	list := fmt.Sprint(o.scope.Acting(), " ", o.query.Setup, " ", o.query.Descendants)
	held, known := o.s.cache.totals.Of(list, o.at, o.size)
	ours := !o.past && o.s.cache.fresh() && o.scope.CoversObject("", o.scope.Acting()) // no grant's, which is for one client
	known = known && ours
	all := candidates.All{Kind: string(KindClient), Setup: string(o.query.Setup), Moment: o.listed(), Next: ours && !known, Owners: []tenancy.OrgID{o.scope.Acting()}}
	if o.query.Descendants && !o.ownedBelow(&all) {
		return nil, 0, nil
	}
	there := func(t candidates.Thing) (bool, error) {
		setup, err := o.setup(EntityID(t.Setup))
		if err != nil || !setup.inForce() || !o.past {
			if setup != nil {
				until = earlier(until, setup.next)
			}
			return err == nil && setup.inForce(), err
		}
		return o.shows(Entity{Kind: KindClient, Owner: t.Owner})
	}
	err = all.Visit(o.view, there, func() { page, total = nil, 0 }, func(t candidates.Thing) bool {
		until = earlier(until, t.Next)
		if t.State != candidates.There || !o.past && !visible(&o.scope, &Entity{ID: EntityID(t.ID), Kind: KindClient, Owner: t.Owner}, true) {
			return true
		}
		if total++; total > int64(o.query.Offset) && len(page) < o.query.Limit {
			page = append(page, candidates.Client{ID: t.ID, Owner: t.Owner})
		}
		return !known || len(page) < o.query.Limit
	})
	if known {
		total = held
	} else if err == nil && ours {
		o.s.cache.totals.Keep(list, total, o.size, o.at, until)
	}
	return page, total, err
}
