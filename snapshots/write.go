package snapshots

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	graceBack = 5000 // ms that an explicit valid_from may lie in the past and is taken as now
	maxAhead  = 500  // ms that one entity's burst of changes may run ahead of the clock
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
	// Rules are the dialect's own, checked beside the universal ones.
	Rules []document.Rule[T]
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
	// Digest is that of the Plan which the change must still be; empty for any.
	Digest string
}

// Outcome is what became of a change. Resolved is the snapshot that the
// change made, or its base where it changed nothing.
type Outcome[T document.Content] struct {
	Resolved[T]
	Changed  bool
	Plan     Plan   // of a change that was rehearsed or carried a digest
	Repeated bool   // the request was one that had made this before
	Secrets  int    // how many of Change.Held were new here
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
	doc, raw, err := w.compose(present.Content, setup.Content)
	if err != nil {
		return out, err
	}
	row := w.base
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
	if err := w.token(); err != nil {
		return out, err
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

// finish decodes what a change stored, or would have stored, off the committer:
// nobody shares the document that Apply made.
func finish[T document.Content](s *Store, out Outcome[T], err error) (Outcome[T], error) {
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

// place decides when the change takes effect, inside the transaction: what
// was the future when the request arrived may be the past by now.
func (w *writing[T]) place() (err error) {
	w.validFrom, w.base = w.now, w.active
	if w.change.Imported != nil {
		return w.placeImported(*w.change.Imported)
	}
	if at := w.change.ValidFrom; at != nil {
		if err := w.explicit(*at); err != nil {
			return err
		}
		if w.scheduled {
			return w.findBase()
		}
	}
	// Each snapshot has an instant of its own: at least 1 ms after the one it follows.
	for w.base != nil && w.base.ValidFrom >= w.validFrom {
		w.validFrom = w.base.ValidFrom + 1
		if err := w.findBase(); err != nil {
			return err
		}
	}
	if w.validFrom > w.now && w.validFrom > w.s.log.Wall().Millis()+maxAhead {
		f := fault.New(fault.Unavailable, "", "too many changes of one object at once; try again shortly")
		f.RetryAfter = maxAhead * 1e6
		return f
	}
	history.Advance(w.tx, w.validFrom.Micros())
	return nil
}

// findBase reads what is in force at the change's own instant.
func (w *writing[T]) findBase() (err error) {
	if !w.fresh {
		w.base, err = inForce(&w.tx.Conn, w.entity, w.validFrom)
	}
	return err
}

// explicit takes a valid_from that the caller wrote.
func (w *writing[T]) explicit(at history.Millis) error {
	if at > w.now {
		w.validFrom, w.scheduled = at, true
		return nil
	}
	if w.active != nil && w.active.ValidFrom == at {
		f := fault.At("/valid_from", "active-instant",
			"it is the instant of the snapshot in force; omit valid_from to change the configuration now")
		f.Code = fault.CodeActiveInstant
		return f
	}
	if at < w.now-graceBack {
		return fault.At("/valid_from", "past", "it lies in the past; snapshots take effect now or later")
	}
	return nil
}

// loadBase reads the base's content, and what else the change's place is next
// to, and compares the base with what the caller expects.
func (w *writing[T]) loadBase() (err error) {
	if w.attempt = 1; !w.fresh {
		if w.next, w.attempt, err = placeAt(&w.tx.Conn, w.entity, w.validFrom); err != nil {
			return err
		}
	}
	if w.base != nil {
		if w.base.tombstone() {
			return unknown(w.entity.Kind)
		}
		if w.baseDoc, w.baseRaw, err = body[T](w.s, &w.tx.Conn, w.base.ID); err != nil {
			return err
		}
	}
	return w.matches()
}

// setupVersions are the setup's snapshots in force now and at the change's
// instant: what the caller saw inherited, and what the rules go by. A setup's
// own change needs neither.
func (w *writing[T]) setupVersions() (present, then Version[document.Setup], err error) {
	present.Entity, then.Entity = w.setup, w.setup
	if w.entity.Kind == KindSetup {
		return present, then, nil
	}
	if w.setupActive == nil || w.setupActive.tombstone() {
		return present, then, unknown(KindSetup)
	}
	if present, err = version[document.Setup](w.s, &w.tx.Conn, w.setup, w.setupActive); err != nil || !w.scheduled {
		return present, present, err
	}
	at, err := inForce(&w.tx.Conn, w.setup, w.validFrom)
	if err == nil && at.tombstone() {
		err = unknown(KindSetup)
	}
	if err == nil {
		then, err = version[document.Setup](w.s, &w.tx.Conn, w.setup, at)
	}
	return present, then, err
}

// compose makes the new document and checks it.
func (w *writing[T]) compose(present, setup *document.Setup) (*T, []byte, error) {
	doc, err := w.change.Apply(w.baseDoc, present)
	if err != nil && (doc == nil || !fault.Is(err, fault.Invalid)) {
		return nil, nil, err
	}
	var faults []fault.Field
	if err != nil {
		faults = fault.Of(err).Fields
	}
	in := document.Input[T]{Next: doc, Base: w.baseDoc, Setup: setup, Raw: document.Encode(doc)}
	faults = append(faults, document.Validate(slices.Concat(universal[T](), w.change.Rules), in)...)
	checks, err := w.checksScopes(doc)
	if err != nil {
		return nil, nil, err
	}
	if checks {
		// Read only when the rule asks, as most writes leave the scopes alone.
		declared := sync.OnceValues(w.declared)
		in.DeclaredScopes = func(name string) bool {
			names, _ := declared()
			return names[name]
		}
		if client, ok := any(in).(document.Input[document.Client]); ok {
			faults = append(faults, document.Validate([]document.Rule[document.Client]{document.ScopesDeclared()}, client)...)
		}
		if len(faults) > 0 {
			if _, err := declared(); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := fault.Rules(faults); err != nil {
		return nil, nil, err
	}
	return doc, in.Raw, nil
}

// The rules that hold for every change, made once.
var (
	clientRules = sync.OnceValue(document.ClientRules)
	setupRules  = sync.OnceValue(document.SetupRules)
	serverRules = sync.OnceValue(document.ResourceServerRules)
)

func universal[T document.Content]() []document.Rule[T] {
	var rules any
	switch any((*T)(nil)).(type) {
	case *document.Client:
		rules = clientRules()
	case *document.Setup:
		rules = setupRules()
	case *document.ResourceServer:
		rules = serverRules()
	}
	return rules.([]document.Rule[T])
}

// append writes the snapshot, unless another stands at its instant.
func (w *writing[T]) append(doc *T, raw []byte) (*snapshotRow, error) {
	if w.base != nil && w.base.ValidFrom == w.validFrom {
		f := fault.At("/valid_from", "taken", "another snapshot is planned for this instant; withdraw it first")
		f.Kind, f.Code = fault.Conflict, fault.CodeInstantTaken
		return nil, f
	}
	if err := w.laterPlans(); err != nil {
		return nil, err
	}
	row := w.newRow(rowContent)
	if w.change.Imported != nil {
		row.Imported = 1
	}
	if err := w.s.appendSnapshot(w.tx, w.scope, w.entity, &row, raw, w.verb()); err != nil {
		return nil, err
	}
	return &row, w.s.addTerms(w.tx, w.entity, terms(doc), terms(w.baseDoc))
}

// newRow is a row at the change's place.
func (w *writing[T]) newRow(kind string) snapshotRow {
	row := snapshotRow{Entity: w.entity.ID, ID: SnapshotID(w.s.ids.Hex()), Kind: kind, ValidFrom: w.validFrom, Attempt: w.attempt}
	if w.base != nil {
		row.Base = w.base.ID
	}
	return row
}

func (w *writing[T]) verb() string {
	switch {
	case w.change.Imported != nil:
		return "imported"
	case w.scheduled:
		return "scheduled"
	case w.base == nil:
		return "published"
	}
	return "changed"
}

// laterPlans refuses a write under planned snapshots where that is wanted.
func (w *writing[T]) laterPlans() error {
	if w.next == 0 || w.change.Later == LaterKeep {
		return nil
	}
	refuse := w.change.Later == LaterRefuse
	if !refuse {
		policy, err := readPolicy(&w.tx.Conn, w.setup.ID, forever)
		if err != nil {
			return err
		}
		refuse = policy.OnStalePlan == StaleRefuse
	}
	if refuse {
		return fault.New(fault.Conflict, fault.CodeStalePlan,
			"snapshots are planned after this one, and they were made without it; withdraw them first")
	}
	return nil
}

// appendSnapshot inserts the row, its body and its event. It fills in the
// commitment and recorded_at.
func (s *Store) appendSnapshot(tx *db.Tx, scope tenancy.Scope, e Entity, row *snapshotRow, raw []byte, verb string) error {
	var salt [32]byte
	if _, err := io.ReadFull(s.ids, salt[:]); err != nil {
		return err
	}
	commitment := history.Commitment(salt[:], raw)
	row.Commitment, row.RecordedAt = commitment[:], history.At(tx)
	if err := insertSnapshot(tx, e, *row, salt[:], raw); err != nil {
		return err
	}
	history.Record(tx, scope.Event(history.Event{Kind: history.Kind(string(e.Kind) + "." + verb), ObjectKind: string(e.Kind),
		Object: string(e.ID), Ref: string(row.ID), Org: string(e.Owner), Effective: row.ValidFrom, Commitment: row.Commitment}))
	return nil
}

// write runs fn in a write transaction and returns what its last run made. Of a
// rehearsal it returns that beside the *db.Rehearsed.
func write[R any](ctx context.Context, s *Store, fn func(tx *db.Tx) (R, error)) (R, error) {
	var result R
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		result, err = fn(tx)
		return err
	})
	if err != nil && !rehearsed(err) {
		var none R
		return none, err
	}
	return result, err
}
