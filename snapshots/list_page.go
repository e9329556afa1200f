package snapshots

import (
	"context"

	"tenure/snapshots/candidates"
	"tenure/snapshots/document"
	"tenure/snapshots/policy"
	"tenure/tenancy"
	"tenure/tenancy/db"
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
	Next   bool           // tell when each one changes
}

// Page reads the clients of the acting organization's subtree in a setup that
// are in force at an instant, Limit of them at most, and whether there are more.
// Of the setup it answers as Resolve does.
func (s *Store) Page(ctx context.Context, scope tenancy.Scope, setup EntityID, q PageQuery) (found []Resolved[document.Client], more bool, err error) {
	err = s.paged(ctx, scope, setup, q, nil, func(p *paging) (err error) {
		found, err = p.resolved(p.found, q.Next)
		more = p.more
		return err
	})
	return found, more, err
}

// Element is a client in a list as a surface renders it.
type Element struct {
	Entity   EntityID
	ClientID string
	Snapshot SnapshotID
	Until    history.Millis // when it changes, where that is asked for; 0 if that is not known
	*Rendering
}

// Fill makes a surface's rendering of a client; see Render.
type Fill func(Resolved[document.Client]) (*Rendering, error)

// Form is how a surface renders clients. Copy, which may be nil, makes the same body from
// the bytes that are stored; the client has no Content then. It returns nil where it cannot.
type Form struct {
	Name string // see RenderKey
	Fill Fill
	Copy func(*Resolved[document.Client], *document.Places) *Rendering
}

// Elements is Page in a surface's form. What is kept of that form is not read
// again, and what it reads is kept only as it is rendered, so that a walk over all
// pages leaves the contents that others use in memory.
func (s *Store) Elements(ctx context.Context, scope tenancy.Scope, setup EntityID, q PageQuery, form Form) (list []Element, more bool, err error) {
	err = s.paged(ctx, scope, setup, q, &form, func(p *paging) (err error) {
		list, err = p.elements(p.found, &form, q.Next)
		more = p.more
		return err
	})
	return list, more, err
}

// paged collects a page, and has it used while its view is open. Now the caches
// answer first, and each statement is consistent by itself: the moment does not
// move, and what is committed later takes effect after it.
func (s *Store) paged(ctx context.Context, scope tenancy.Scope, setup EntityID, q PageQuery, form *Form, use func(*paging) error) error {
	if err := scope.Check(q.In.need(s.log.Now().Millis())); err != nil {
		return err
	}
	read := func(c *db.Conn) (err error) {
		p := paging{lister: newLister(ctx, s, scope, q.In, c), query: q}
		p.want = want{form, Filter{Name: q.Name, Owner: q.Owner}.terms(), q.Limit}
		if p.in, err = p.listable(q.Module, setup); err != nil {
			return err
		}
		if err := p.collect(); err != nil {
			return err
		}
		return use(&p)
	}
	if q.In.Given() {
		return s.db.View(ctx, read)
	}
	return read(s.db.Single(ctx))
}

type paging struct {
	lister
	in    *timeline // the setup
	query PageQuery
	want  want
	found []hit
	more  bool
}

// mostCandidates is how many candidates are looked at together, at most.
const mostCandidates = 2048

// collect looks at candidates until the page and one more are found: a candidate may
// turn out not to be in force, or to have another name at the moment.
func (p *paging) collect() error {
	walk, err := p.walk()
	if err != nil || walk == nil {
		return err
	}
	for n := p.query.Limit + 1; ; n = min(2*n, mostCandidates) {
		list, last, err := walk.Next(p.view, n)
		if err != nil {
			return err
		}
		hits, err := p.hits(list, p.want)
		if err != nil {
			return err
		}
		if p.found = append(p.found, hits...); len(p.found) > p.query.Limit {
			p.found, p.more = p.found[:p.query.Limit], true
			return nil
		}
		if last {
			return nil
		}
	}
}

// walk goes over what may be on the page; nil for nothing.
func (p *paging) walk() (*candidates.Walk, error) {
	q := candidates.Question{Setup: string(p.in.entity.ID), Before: p.query.Before, Unused: p.query.Unused}
	if p.query.Itself {
		q.Surfaces = policy.Surfaces()
	}
	for _, t := range p.want.terms {
		if !db.Storable(t.Value) {
			return nil, nil
		}
		q.Terms = append(q.Terms, t.Cut())
	}
	return p.s.cache.matches.Walk(p.view, q, p.query.After, p.size, p.s.cache.fresh(), p.owners)
}

// owners are the organizations whose clients the scope covers; all is true if
// those are the clients of the whole setup. At another instant they may be deleted,
// which memory does not list.
func (p *paging) owners() (list []tenancy.OrgID, all bool, err error) {
	switch {
	case p.scope.Covers(p.in.entity.Owner):
		return nil, true, nil
	case !p.past:
		return p.scope.Subtree(), false, nil
	}
	return list, false, p.view.Select(&list, candidates.Below, p.scope.Acting())
}
