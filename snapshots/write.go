package snapshots

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tenure/snapshots/clientsecret"
	"tenure/snapshots/document"
	"tenure/snapshots/selftoken"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	graceBack = 5000                   // ms that an explicit valid_from may lie in the past and is taken as now
	maxAhead  = 500 * time.Millisecond // that one entity's burst of changes may run ahead of the clock
)

// LaterPlans says what a write does about snapshots planned after it.
type LaterPlans uint8

// The zero value leaves it to the setup's policy.
const (
	LaterByPolicy LaterPlans = iota
	LaterKeep
	LaterRefuse
)

// Change is what a caller wants an entity to become.
type Change[T document.Content] struct {
	ValidFrom *history.Millis // nil for now
	Match     Match           // what the caller saw; nil for no condition
	// Apply makes the new document of the base and of the setup in force now
	// (nil for a setup's own change), neither of which it may change; base is
	// nil where nothing is in force. It is pure and may run again. A document
	// returned with an Invalid fault is still checked, so that all faults are
	// reported together.
	Apply func(base *T, setup *document.Setup) (*T, error)
	// Rules are the dialect's own, checked beside the universal ones, which are
	// those of the Level.
	Rules []document.Rule[T]
	Level document.Level
	// RulesFirst says that this dialect tells of broken rules before it looks whether
	// the change could be made.
	RulesFirst bool
	// Always says that a snapshot is appended even if it equals its base: the
	// dialect shows when a client was last written.
	Always bool
	Later  LaterPlans
	// DialectChecksScopes says that this dialect wants declared scopes unless
	// the setup's policy says otherwise. Clients only.
	DialectChecksScopes bool
	// Token becomes the client's registration access token at once; the one
	// before it ends. Nil to leave it. Clients only.
	Token *NewToken
	// TokenOnChange says that the token is left as it is where nothing else changes.
	TokenOnChange bool
	// Secret is added for the client when the change takes effect, and the ones
	// before it end then. A planned one makes a snapshot even where the content
	// stays, to be withdrawn with. Nil to leave secrets as they are. Clients only.
	Secret *NewSecret
	// Imported is when the configuration took effect in the system that it is
	// imported from, 0 if that is not known: the one case of a valid_from in the
	// past. Only for a client's first snapshot, which bears the mark for ever.
	Imported *history.Millis
	// Held are the secrets that the client has in the system it is imported
	// from, newest first; see import.go. Clients only.
	Held []*NewSecret
	// WeakKeys says that the key set may break the rules of document.Relaxable,
	// whatever the setup's policy: it comes from another installation.
	WeakKeys bool
	// Digest is that of the Plan which the change must still be; empty for any.
	Digest string

	attempt *attempt[T] // at working it out; nil where the transaction does that
}

// Outcome is what became of a change. Resolved is the snapshot that the
// change made, or its base where it changed nothing.
type Outcome[T document.Content] struct {
	Resolved[T]
	Changed  bool
	Plan     Plan // of a change that was rehearsed or carried a digest
	Repeated bool // the request was one that had made this before
	Secrets  int  // how many of Change.Held were new here
	// Warnings are broken rules that were let pass, because the policy or an
	// import does.
	Warnings []fault.Field
	raw      []byte // of a new snapshot, decoded after the commit
}

// target is what a change is about, as the transaction finds it.
type target struct {
	entity, setup Entity
	fresh         bool         // the entity has no snapshot, withdrawn ones included
	active        *snapshotRow // the entity's in force now; nil if none is
	setupActive   *snapshotRow // the setup's; of no meaning for a setup's own change
}

// publish appends what ch makes of the target. It is the body of every closure
// that creates or edits: the entity's row is there, access has been checked.
func publish[T document.Content](s *Store, tx *db.Tx, scope tenancy.Scope, to target, ch Change[T]) (Outcome[T], error) {
	w := writing[T]{s: s, tx: tx, scope: scope, target: to, change: ch, now: history.At(tx).Millis()}
	return w.run()
}

type writing[T document.Content] struct {
	target
	s      *Store
	tx     *db.Tx
	scope  tenancy.Scope
	change Change[T]

	now       history.Millis
	validFrom history.Millis
	scheduled bool
	base      *snapshotRow // in force at validFrom
	baseDoc   *T
	baseRaw   []byte
	next      history.Millis // the first snapshot planned after this one
	attempt   int64          // at validFrom
	warnings  []fault.Field
}

func (w *writing[T]) run() (Outcome[T], error) {
	var out Outcome[T]
	if err := w.place(); err != nil {
		return out, err
	}
	if err := w.loadBase(); err != nil {
		return out, err
	}
	present, setup, err := w.setupVersions()
	if err != nil {
		return out, err
	}
	doc, raw, err := w.compose(w.ground(present, setup))
	if err != nil {
		return out, err
	}
	row := w.base
	out.Warnings = w.warnings
	out.Changed = w.base == nil || w.change.Always || !bytes.Equal(raw, w.baseRaw) || w.plansSecret()
	if w.tx.Rehearsal || w.change.Digest != "" {
		if out.Plan, err = w.plan(raw, out.Changed); err != nil {
			return out, err
		}
	}
	if out.Changed {
		if row, err = w.append(doc, raw); err != nil {
			return out, err
		}
	}
	if err := w.secret(row); err != nil {
		return out, err
	}
	if out.Secrets, err = w.held(); err != nil {
		return out, err
	}
	if out.Changed || !w.change.TokenOnChange {
		if err := w.token(); err != nil {
			return out, err
		}
	}
	out.Version, out.Setup, out.NextValidFrom = versionOf[T](w.entity, row), setup, w.next
	if out.Content = w.baseDoc; out.Changed {
		out.Content, out.raw = nil, raw
	}
	return out, nil
}

// Rehearse runs a change and keeps nothing of it: the outcome is what the
// change would have made, with its Plan.
func Rehearse[T document.Content](ctx context.Context, change func(context.Context) (Outcome[T], error)) (Outcome[T], error) {
	out, err := change(db.Rehearsing(ctx))
	if rehearsed(err) {
		err = nil
	}
	return out, err
}

// rehearsed reports whether a write would have succeeded, and was not to be kept.
func rehearsed(err error) bool {
	var r *db.Rehearsed
	return errors.As(err, &r)
}

// decodeOutcome decodes what a change stored, or would have stored, off the committer:
// nobody shares the document that Apply made.
func decodeOutcome[T document.Content](s *Store, out Outcome[T], err error) (Outcome[T], error) {
	if err != nil && !rehearsed(err) {
		return Outcome[T]{}, err
	}
	if out.raw != nil {
		doc, failed := document.Decode[T](out.raw)
		if failed != nil {
			return Outcome[T]{}, fmt.Errorf("snapshot %s: %w", out.ID, failed)
		}
		if err == nil {
			s.cache.contents.Set(out.ID, content{doc, out.raw})
		}
		out.Content, out.raw = doc, nil
	}
	if own, ok := any(out.Version).(Version[document.Setup]); ok {
		out.Setup = own
	}
	return out, err
}

// plansSecret reports whether a secret is planned for an instant at which no
// snapshot stands yet.
func (w *writing[T]) plansSecret() bool {
	return w.change.Secret != nil && w.scheduled && w.base.ValidFrom != w.validFrom
}

// inTransaction runs fn in a write transaction, which looks up what needs says, and
// returns what its last run made. Of a rehearsal it returns that beside the *db.Rehearsed.
func inTransaction[R any](ctx context.Context, s *Store, scope tenancy.Scope, needs func() []db.Need, fn func(tx *db.Tx) (R, error)) (R, error) {
	var result R
	err := s.db.Decide(ctx, scope.Lane(), needs, func(tx *db.Tx) (err error) {
		result, err = fn(tx)
		return err
	})
	if err != nil && !rehearsed(err) {
		var none R
		return none, err
	}
	return result, err
}

// foresee is what a change of what ref names looks up, as far as that can be told before
// it: without an entity, what any change in the setup does.
func (s *Store) foresee(scope tenancy.Scope, ref Ref, more ...db.Need) func() []db.Need {
	return func() []db.Need {
		ids := []EntityID{ref.Setup}
		if ref.Entity != "" && ref.Entity != ref.Setup {
			ids = append(ids, ref.Entity)
		}
		var owners []tenancy.OrgID
		needs := []db.Need{policyOf(ref.Setup, forever)}
		for _, id := range ids {
			needs = append(needs, courseOf(Entity{Module: ref.Module, Setup: ref.Setup, ID: id}))
			if e, ok := s.cache.entities.GetIfPresent(id); ok {
				owners = append(owners, e.Owner)
			} else {
				needs = append(needs, entityBy(id))
			}
		}
		if ref.Entity != "" {
			needs = append(needs, history.LastOf(string(ref.Entity)))
		}
		if id := scope.Client(); id != "" {
			needs = append(needs, selftoken.Of(EntityID(id)))
		}
		return slices.Concat(needs, scope.Needs(owners...), more)
	}
}

// foresees is what the parts of the change look up besides.
func (ch *Change[T]) foresees(id EntityID) (needs []db.Need) {
	if ch.Match != nil || ch.Secret != nil {
		needs = append(needs, clientsecret.Needs(string(id)))
	}
	if ch.Token != nil {
		needs = append(needs, selftoken.Of(id))
	}
	return needs
}
