package inheriting

import (
	"cmp"
	"context"
	"math"
	"slices"

	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Page is a page of the journal, in which the events of one client have the changes of
// its setup among them.
type Page struct {
	tenancy.Page
	Members map[int64][]string // of the client, that a setup's event changed, by log index
}

// Journal is tenancy.Store.Journal. Where the query names a client that the scope
// covers, the setup's changes that changed it are on the page, too, by the same
// filters; that takes two statements more.
func (r Reader) Journal(ctx context.Context, scope tenancy.Scope, q tenancy.Query) (Page, error) {
	page, err := r.Tenancy.Journal(ctx, scope, q)
	made := Page{Page: page}
	if err != nil || q.Object == "" {
		return made, err
	}
	err = r.Snapshots.OfEntity(ctx, scope, snapshots.KindClient, snapshots.EntityID(q.Object), func(c *db.Conn, e snapshots.Entity) error {
		return made.join(c, scope, q, e)
	})
	if fault.Is(err, fault.NotFound) { // not a client, or one that only was the scope's
		err = nil
	}
	return made, err
}

// join puts the changes of the client's setup among its events.
func (p *Page) join(c *db.Conn, scope tenancy.Scope, q tenancy.Query, client snapshots.Entity) error {
	look := p.span(q)
	events, cut, err := look.candidates(c, client, mostPaged)
	if err != nil || len(events) == 0 {
		return err
	}
	if cut { // what is further on is for the next page
		p.cut(events[len(events)-1].Index, q.Newest)
	}
	changes, err := changed(c, client, look.known, slices.DeleteFunc(events, func(e history.Entry) bool { return !wanted(scope, q, e) }))
	if err != nil {
		return err
	}
	p.Members = make(map[int64][]string, len(changes))
	for _, change := range changes {
		p.Members[change.Index] = change.Members
		p.Events = append(p.Events, change.Entry)
	}
	slices.SortFunc(p.Events, func(a, b history.Entry) int {
		if q.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.Index, b.Index)
	})
	if len(p.Events) > q.Limit {
		p.Events = p.Events[:q.Limit]
		p.More, p.Next = true, p.Events[q.Limit-1].Index
	}
	return nil
}

// span is the part of the log that the page is about.
func (p *Page) span(q tenancy.Query) span {
	look := span{first: q.After + 1, before: q.Before, newest: q.Newest, known: forever}
	if look.before == 0 {
		look.before = math.MaxInt64
	}
	switch {
	case q.Newest:
		if look.first = 0; q.After >= 0 {
			look.before = min(look.before, q.After)
		}
		if p.More {
			look.first = p.Next
		}
	case p.More:
		look.before = min(look.before, p.Next+1)
	}
	if q.To != 0 { // what was recorded later is not known
		look.known = q.To - 1
	}
	return look
}

// cut takes away the events behind a place in the log, for the next page.
func (p *Page) cut(last int64, newest bool) {
	p.Events = slices.DeleteFunc(p.Events, func(e history.Entry) bool { return newest && e.Index < last || !newest && e.Index > last })
	p.More, p.Next = true, last
}

// wanted reports whether the query asks for an event. The client is covered, and so what
// its setup did to it, unless the events of one organization are asked for.
func wanted(scope tenancy.Scope, q tenancy.Query, e history.Entry) bool {
	if q.Org != "" && q.Org != scope.Acting() && !slices.Contains(scope.Path(tenancy.OrgID(e.Org)), q.Org) {
		return false
	}
	return (q.Actor == "" || e.Actor == q.Actor || e.Actor == tenancy.ActorKey+q.Actor) && (q.Surface == "" || e.Surface == q.Surface) &&
		(len(q.Kinds) == 0 || slices.Contains(q.Kinds, e.Kind)) && e.RecordedAt >= q.From && (q.To == 0 || e.RecordedAt < q.To)
}
