package snapshots

import (
	"io"
	"slices"
	"sync"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

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

// ground is what the change builds on, as the transaction finds it.
func (w *writing[T]) ground(present, then Version[document.Setup]) ground[T] {
	g := ground[T]{doc: w.baseDoc, present: present.ID, then: then.ID, presentSetup: present.Content, thenSetup: then.Content}
	if w.base != nil {
		g.base = w.base.ID
	}
	return g
}

// compose makes the new document and checks it.
func (w *writing[T]) compose(g ground[T]) (*T, []byte, error) {
	work, err := w.change.attempt.of(&w.change, g)
	if err != nil {
		return nil, nil, err
	}
	if work.err != nil {
		return nil, nil, work.err
	}
	faults, err := w.waived(slices.Clone(work.faults))
	if err != nil {
		return nil, nil, err
	}
	doc := work.next
	in := document.Input[T]{Next: doc, Base: w.baseDoc, Setup: g.thenSetup, Level: w.change.Level, Raw: work.raw}
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
	if faults, w.warnings, err = w.relax(faults); err != nil {
		return nil, nil, err
	}
	if err := fault.Rules(faults); err != nil {
		return nil, nil, err
	}
	return doc, in.Raw, nil
}

// waived takes out what the setup's policy allows, which is read only where there
// is something that it could allow.
func (w *writing[T]) waived(faults []fault.Field) ([]fault.Field, error) {
	if w.entity.Kind != KindClient || !document.Waives(faults) {
		return faults, nil
	}
	policy, err := readPolicy(&w.tx.Conn, w.setup.ID, forever)
	return document.Waive(faults, policy.Allow), err
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
	addTerms(w.tx, w.entity, terms(doc), terms(w.baseDoc))
	return &row, nil
}

// newRow is a row at the change's place.
func (w *writing[T]) newRow(kind string) snapshotRow {
	row := snapshotRow{Entity: w.entity.ID, ID: SnapshotID(w.s.newID()), Kind: kind, ValidFrom: w.validFrom, Attempt: w.attempt}
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
	insertSnapshot(tx, e, *row, salt[:], raw)
	history.Record(tx, scope.Event(history.Event{Kind: history.Kind(string(e.Kind) + "." + verb), ObjectKind: string(e.Kind),
		Object: string(e.ID), Ref: string(row.ID), Org: string(e.Owner), Effective: row.ValidFrom, Commitment: row.Commitment}))
	return nil
}
