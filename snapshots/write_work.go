package snapshots

import (
	"context"
	"errors"
	"slices"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// The work of a change (a patch, a conversion, the rules) is done before its
// transaction, in places that organizations take in turns: in the transaction all
// other writes would wait for it. The transaction compares what the work was done
// for with what it finds, and asks for it again where that moved.

// maxAttempts is how often a change is worked out before the transaction does it
// itself: others change the same object all the time.
const maxAttempts = 4

// Hold counts bytes that a caller keeps of what was worked out, until it calls give:
// Throttled or Unavailable if too many are kept.
func (s *Store) Hold(scope tenancy.Scope, bytes int) (give func(), err error) {
	lane, err := scope.Lane(), scope.Check(0)
	if err == nil {
		err = s.turns.Results.Take(lane, bytes)
	}
	if err != nil {
		return nil, err
	}
	return func() { s.turns.Results.Give(lane, bytes) }, nil
}

// decodedWeight is how many bytes a document takes with its encoded form, for each byte of that.
const decodedWeight = 3

// Work runs what may take long for a caller, in its turn: Throttled if too many of
// its organization wait.
func (s *Store) Work(ctx context.Context, scope tenancy.Scope, work func() error) error {
	if err := scope.Check(0); err != nil {
		return err
	}
	return s.turns.Changes.Do(ctx, scope.Lane(), work)
}

// ground is what a change is worked out for: what is in force at its instant, and
// its setup now and then. Ids are empty for none.
type ground[T document.Content] struct {
	base, present, then     SnapshotID
	doc                     *T
	presentSetup, thenSetup *document.Setup
}

func (g ground[T]) same(other ground[T]) bool {
	return g.base == other.base && g.present == other.present && g.then == other.then
}

// worked is what a change makes of its ground.
type worked[T document.Content] struct {
	ground[T]
	next   *T
	raw    []byte
	faults []fault.Field
	err    error
}

// workOut makes the new document and checks what needs no database.
func (ch *Change[T]) workOut(g ground[T]) *worked[T] {
	out := &worked[T]{ground: g}
	out.next, out.err = ch.Apply(g.doc, g.presentSetup)
	if out.err != nil {
		if out.next == nil || !fault.Is(out.err, fault.Invalid) {
			return out
		}
		out.faults, out.err = slices.Clone(fault.Of(out.err).Fields), nil
	}
	out.next = document.Settled(out.next, g.doc, ch.Level)
	out.raw = document.Encode(out.next)
	in := document.Input[T]{Next: out.next, Base: g.doc, Setup: g.thenSetup, Level: ch.Level, Raw: out.raw, Unread: out.faults}
	out.faults = append(out.faults, document.Validate(slices.Concat(universal[T](), ch.Rules), in)...)
	return out
}

// broken are the rules that no policy lets pass; nil if it breaks none.
func (w *worked[T]) broken() error {
	if w.err != nil {
		return nil // the transaction knows whether that is the answer
	}
	return fault.Rules(slices.DeleteFunc(document.Waive(slices.Clone(w.faults), document.Waivable()), document.Relaxable))
}

// attempt is a change between its work and its transaction. Only one of the two runs.
type attempt[T document.Content] struct {
	done *worked[T]
	last bool // the transaction is to do the work itself
}

// asksFor ends a transaction that wants the work for another ground.
type asksFor[T document.Content] struct{ ground[T] }

func (*asksFor[T]) Error() string { return "the change was worked out for something else" }

// of is the work for a ground, inside the transaction.
func (a *attempt[T]) of(ch *Change[T], g ground[T]) (*worked[T], error) {
	switch {
	case a != nil && a.done != nil && a.done.same(g):
		return a.done, nil
	case a == nil || a.last:
		return ch.workOut(g), nil
	}
	return nil, &asksFor[T]{g}
}

// perform runs a change, which looks up what needs says: first its work, for what is there now, then the
// transaction, until both agree.
func perform[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, on *ground[T], ch Change[T], needs func() []db.Need,
	fn func(*db.Tx, Change[T]) (Outcome[T], error)) (Outcome[T], error) {
	a := &attempt[T]{}
	ch.attempt = a
	give := func() {}
	defer func() { give() }()
	for n := 1; ; n++ {
		if on != nil {
			if err := s.Work(ctx, scope, func() error { a.done = ch.workOut(*on); return nil }); err != nil {
				return Outcome[T]{}, err
			}
			give()
			give = func() {}
			if broken := a.done.broken(); ch.RulesFirst && broken != nil {
				return Outcome[T]{}, broken
			}
			var err error
			if give, err = s.Hold(scope, decodedWeight*len(a.done.raw)); err != nil {
				give = func() {}
				return Outcome[T]{}, err
			}
		}
		a.last = n == maxAttempts
		out, err := inTransaction(ctx, s, scope, needs, func(tx *db.Tx) (Outcome[T], error) { return fn(tx, ch) })
		var asks *asksFor[T]
		if !errors.As(err, &asks) {
			return out, err
		}
		on = &asks.ground
	}
}

// guess is the ground of an edit as it is now; nil where the scope has nothing to change
// there, or what is planned makes it hard to tell.
func guess[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, at *history.Millis) *ground[T] {
	now := s.log.Committed().Millis() // a wrong guess costs time only, so the clock is not asked
	own, err := s.timeline(ctx, ref.Entity, now)
	if err != nil || !own.inForce() || !scope.CoversObject(string(own.entity.ID), own.entity.Owner) || !plain(own, at) {
		return nil
	}
	var doc Version[T]
	if !held(s, own, &doc) {
		return nil
	}
	g := &ground[T]{base: own.active.ID, doc: doc.Content}
	if own.entity.Kind == KindSetup {
		return g
	}
	if !guessSetup(ctx, s, g, own.entity.Setup, at, now) {
		return nil
	}
	return g
}

// guessNew is the ground of an object's first snapshot in a setup.
func guessNew[T document.Content](ctx context.Context, s *Store, setup EntityID, at *history.Millis) *ground[T] {
	g := &ground[T]{}
	if !guessSetup(ctx, s, g, setup, at, s.log.Committed().Millis()) {
		return nil
	}
	return g
}

// guessSetup fills in the setup; false where it is not known.
func guessSetup[T document.Content](ctx context.Context, s *Store, g *ground[T], id EntityID, at *history.Millis, now history.Millis) bool {
	setup, err := s.timeline(ctx, id, now)
	if err != nil || setup.entity.Kind != KindSetup || !setup.inForce() || !plain(setup, at) {
		return false
	}
	var v Version[document.Setup]
	if !held(s, setup, &v) {
		return false
	}
	g.present, g.then, g.presentSetup, g.thenSetup = setup.active.ID, setup.active.ID, v.Content, v.Content
	return true
}

// plain reports whether what is in force now is still in force at an instant, as far
// as is planned.
func plain(t *timeline, at *history.Millis) bool { return at == nil || t.next == 0 || *at < t.next }
