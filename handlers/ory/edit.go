package ory

import (
	"context"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/registry"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Want says what a caller wants of a client: the client object that it shall be,
// given what a read shows of it, nil for a new one. A Want changes nothing of what
// it is given, and may run again for another version of the client.
type Want func(shown *Client) (*Client, error)

// Replace wants the client to be what a body says.
func Replace(body *Client) Want { return func(*Client) (*Client, error) { return body, nil } }

// Edit is a Want that was worked out for the version that was read. The
// transaction takes it as it is, and works it out again only if another version is
// in force by then.
type Edit struct {
	Body  *Client // what the caller wants
	Shown *Client // what a read shows; nil for a new client
	// Level says who wants it, and Allowed which rules the setup's policy allows
	// there. Who does not know the policy leaves all that one could allow to the
	// transaction.
	Level   document.Level
	Allowed []string

	want    Want
	base    *document.Client
	setup   *document.Setup
	next    *document.Client
	faults  []fault.Field
	checked bool
	give    func() // gives back the memory that is counted for it; nil for none
}

// NewEdit works out what is wanted of base, nil for a new client. The error is
// the Want's.
func NewEdit(base *document.Client, setup *document.Setup, want Want) (*Edit, error) {
	e := &Edit{want: want, base: base, setup: setup, Allowed: document.Waivable()}
	if base != nil {
		shown := FromDomain(base, setup)
		e.Shown = &shown
	}
	var err error
	if e.Body, err = want(e.Shown); err != nil {
		return nil, err
	}
	e.next, e.faults = e.Body.toDomain(base, e.Shown)
	return e, nil
}

// WorkOut is NewEdit for a client that was found, in the caller's turn. What the edit
// holds is counted until Done.
func WorkOut(ctx context.Context, store *snapshots.Store, scope tenancy.Scope, found snapshots.Resolved[document.Client], want Want) (edit *Edit, err error) {
	err = store.Work(ctx, scope, func() (err error) {
		if edit, err = NewEdit(found.Content, found.Setup.Content, want); err != nil {
			return err
		}
		edit.give, err = store.Hold(scope, weight*len(document.Encode(edit.next)))
		return err
	})
	return edit, err
}

// weight is how many bytes an edit takes for each byte of its document: the body and
// the document that it becomes.
const weight = 3

// Done ends the edit.
func (e *Edit) Done() {
	if e.give != nil {
		e.give()
	}
}

// Name puts the names that localized texts have on the wire into the paths of a fault.
func (e *Edit) Name(err error) error { return registry.NameLocalized(err, e.next.Localized) }

// Check reports every rule that the client would break, except those that need
// something fetched or stored, and those that the setup's policy may let pass.
func (e *Edit) Check() error {
	e.checked = true
	in := input{Next: document.Settled(e.next, e.base, e.Level), Base: e.base, Setup: e.setup, Level: e.Level, Unread: e.faults}
	shared := slices.DeleteFunc(document.Validate(document.ClientRules(), in), document.Relaxable)
	broken := document.Waive(shared, e.Allowed)
	if document.HasLongList(broken) {
		return fault.Rules(broken)
	}
	return fault.Rules(slices.Concat(CheckSecret(e.Body.ClientSecret), e.faults, broken, document.Validate(Rules(), in)))
}

// Prepare returns the change for the store. What is slow is done here and not in
// the transaction: a chosen secret is hashed, and a new sector_identifier_uri is
// fetched, once the client keeps all other rules. Without either only the
// transaction checks the rules.
func (e *Edit) Prepare(ctx context.Context, store *snapshots.Store, fetch web.Fetch) (snapshots.Change[document.Client], error) {
	var none snapshots.Change[document.Client]
	if slow := e.Body.ClientSecret != "" || e.Body.hasNewSector(e.base); slow && !e.checked {
		if err := e.Check(); err != nil {
			return none, err
		}
	}
	sector := e.Body.Sector(ctx, fetch, e.base)
	change := snapshots.Change[document.Client]{Apply: e.apply, Level: e.Level, RulesFirst: e.base == nil, Rules: append(Rules(), sector.Rule())}
	if e.Body.ClientSecret != "" {
		var err error
		if change.Secret, err = store.ChosenSecret(ctx, e.Body.ClientSecret); err != nil {
			return none, err
		}
	}
	return change, nil
}

// apply makes the new document, in the transaction. It returns NotFound for a
// client that was deleted since it was read, or is only planned now.
func (e *Edit) apply(base *document.Client, setup *document.Setup) (*document.Client, error) {
	if base == nil && e.base != nil {
		return nil, fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
	}
	if base != e.base || base != nil && setup != e.setup {
		again, err := NewEdit(base, setup, e.want)
		if err != nil {
			return nil, err
		}
		e = again
	}
	return e.next, fault.Rules(e.faults)
}

// Check is Edit.Check for a client that shall be what the body says; base is nil
// for a new client.
func (b *Client) Check(base *document.Client, setup *document.Setup) error {
	e, err := NewEdit(base, setup, Replace(b))
	if err != nil {
		return err
	}
	return e.Check()
}
