package snapshots

import (
	"context"

	"tenure/snapshots/clientsecret"
	"tenure/snapshots/document"
	"tenure/snapshots/holdings"
	"tenure/snapshots/selftoken"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// writePermission is what changing an entity of the kind takes.
func writePermission(kind Kind) tenancy.Permission {
	if kind == KindClient {
		return tenancy.WriteClients
	}
	return tenancy.Administer
}

// Edit appends a snapshot to an entity. NotFound if the scope may not see it
// or it is deleted; an entity that is only planned may be edited. What a repeated
// request made before is returned again (Outcome.Repeated).
func Edit[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, ch Change[T]) (Outcome[T], error) {
	kind := kindOf[T]()
	if err := scope.Check(writePermission(kind)); err != nil {
		return Outcome[T]{}, err
	}
	out, err := perform(ctx, s, scope, guess[T](ctx, s, scope, ref, ch.ValidFrom), ch,
		s.foresee(scope, ref, ch.foresees(ref.Entity)...), func(tx *db.Tx, ch Change[T]) (Outcome[T], error) {
			to, err := s.toChange(tx, scope, kind, ref)
			if err != nil {
				return Outcome[T]{}, err
			}
			if again, err := repeated[T](s, tx, scope); err != nil || again.Repeated {
				return again, err
			}
			out, err := publish(s, tx, scope, to, ch)
			if err == nil {
				err = scope.Remember(tx, string(out.ID))
			}
			return out, err
		})
	return decodeOutcome(s, out, err)
}

// toChange finds an entity that the scope may change. Neither it nor its setup
// is deleted.
func (s *Store) toChange(tx *db.Tx, scope tenancy.Scope, kind Kind, ref Ref) (to target, err error) {
	if to.setup, err = s.usableSetup(&tx.Conn, scope, ref.Module, ref.Setup); err != nil {
		return to, err
	}
	to.entity = to.setup
	if kind != KindSetup {
		if to.setupActive, err = s.alive(&tx.Conn, to.setup, history.At(tx).Millis()); err != nil {
			return to, err
		}
		if to.entity, err = s.find(&tx.Conn, kind, ref); err == nil && !scope.Alive(to.entity.Owner) {
			err = unknown(kind)
		}
		if err != nil {
			return to, err
		}
	}
	if err := mayChange(tx, scope, to.entity); err != nil {
		return to, err
	}
	to.active, err = s.alive(&tx.Conn, to.entity, history.At(tx).Millis())
	return to, err
}

// Delete ends an entity now: a tombstone follows its last snapshot, what was
// planned is withdrawn, and a client's secrets end. Its history stays. What a
// deleted setup contains is gone with it, by this one tombstone; DeleteSetup says
// how many clients that may be, and DeleteResourceServer how many use it: here it
// is none.
func Delete[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, match Match) error {
	kind := kindOf[T]()
	if err := scope.Check(writePermission(kind)); err != nil {
		return err
	}
	switch kind {
	case KindSetup:
		return s.DeleteSetup(ctx, scope, ref, match, 0)
	case KindResourceServer:
		return s.DeleteResourceServer(ctx, scope, ref, match, 0)
	}
	return s.db.Decide(ctx, scope.Lane(), s.foresee(scope, ref, clientsecret.Needs(string(ref.Entity)), selftoken.Of(ref.Entity)),
		func(tx *db.Tx) error { return endEntity[T](s, tx, scope, ref, match) })
}

// DeleteSetup is Delete for a setup of which the caller says how many clients go
// with it. Conflict with CodeNotEmpty for another number, and with
// CodeDefaultSetup while it is the default setup of an organization.
func (s *Store) DeleteSetup(ctx context.Context, scope tenancy.Scope, ref Ref, match Match, clients int64) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	if clients == 0 { // counting takes long in a large setup, so most refusals come before the transaction
		if err := s.db.View(ctx, func(c *db.Conn) error {
			e, err := s.usableSetup(c, scope, ref.Module, ref.Setup)
			if err == nil && scope.CoversObject(string(e.ID), e.Owner) {
				if _, err = s.alive(c, e, s.log.Committed().Millis()); err == nil {
					err = holdings.KeepsSetup(c, string(e.ID), clients)
				}
			}
			return err
		}); err != nil {
			return err
		}
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if _, err := s.toChange(tx, scope, KindSetup, ref); err != nil {
			return err
		}
		if err := holdings.KeepsSetup(&tx.Conn, string(ref.Setup), clients); err != nil {
			return err
		}
		return endEntity[document.Setup](s, tx, scope, ref, match)
	})
}

// DeleteResourceServer is Delete for a resource server of which the caller says how
// many clients use it. Conflict with CodeNotEmpty for another number. All clients of
// the setup are read for it, which is not done in the transaction: a client that
// begins to use it meanwhile is not counted.
func (s *Store) DeleteResourceServer(ctx context.Context, scope tenancy.Scope, ref Ref, match Match, clients int64) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	if err := s.db.View(ctx, func(c *db.Conn) error {
		at := s.log.Committed().Millis()
		e, err := s.find(c, KindResourceServer, ref)
		if err == nil && scope.CoversObject(string(e.ID), e.Owner) {
			if _, err = s.alive(c, e, at); err == nil {
				err = holdings.KeepsResourceServer(c, string(ref.Setup), string(e.ID), at, clients)
			}
		}
		if fault.Is(err, fault.NotFound) { // what is unknown, the transaction says
			return nil
		}
		return err
	}); err != nil {
		return err
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		return endEntity[document.ResourceServer](s, tx, scope, ref, match)
	})
}

// endEntity is Delete inside a transaction.
func endEntity[T document.Content](s *Store, tx *db.Tx, scope tenancy.Scope, ref Ref, match Match) error {
	to, err := s.toChange(tx, scope, kindOf[T](), ref)
	if err != nil {
		return err
	}
	return endTarget[T](s, tx, scope, to, match)
}

func endTarget[T document.Content](s *Store, tx *db.Tx, scope tenancy.Scope, to target, match Match) error {
	w := writing[T]{s: s, tx: tx, scope: scope, target: to, change: Change[T]{Match: match}, now: history.At(tx).Millis()}
	if err := w.place(); err != nil {
		return err
	}
	if err := w.loadBase(); err != nil {
		return err
	}
	rows, err := courseOf(to.entity).Rows(&tx.Conn)
	if err != nil {
		return err
	}
	row := w.newRow(rowTombstone)
	if err := s.appendSnapshot(tx, scope, to.entity, &row, nil, "deleted"); err != nil {
		return err
	}
	for _, r := range course(rows).after(w.validFrom) {
		s.withdraw(tx, scope, to.entity, r)
	}
	if err := s.endSecrets(tx, scope, to.entity, w.validFrom, "", ""); err != nil {
		return err
	}
	return s.endTokens(tx, scope, to.entity)
}

// Withdraw takes back a planned snapshot; it stays in history as withdrawn,
// and its instant is free again. NotFound for an unknown or withdrawn one,
// Forbidden with CodeNotFuture for one in force or past, with
// CodeLastSnapshot for the only one left.
func Withdraw[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, id SnapshotID) error {
	kind := kindOf[T]()
	if err := scope.Check(writePermission(kind)); err != nil {
		return err
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		to, err := s.toChange(tx, scope, kind, ref)
		if err != nil {
			return err
		}
		rows, err := series(&tx.Conn, to.entity, false)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.ID != id {
				continue
			}
			if r.ValidFrom <= history.At(tx).Millis() {
				return fault.New(fault.Forbidden, fault.CodeNotFuture, "only a snapshot that is still in the future can be deleted")
			}
			if len(rows) == 1 {
				return fault.New(fault.Forbidden, fault.CodeLastSnapshot, "the last remaining snapshot cannot be deleted; delete the object itself")
			}
			s.withdraw(tx, scope, to.entity, r)
			return nil
		}
		return unknownSnapshot()
	})
}

func (s *Store) withdraw(tx *db.Tx, scope tenancy.Scope, e Entity, r snapshotRow) {
	tx.Insert(withdrawalTable, "", r.ID, int64(history.At(tx)))
	history.Record(tx, scope.Event(history.Event{Kind: history.Kind(string(e.Kind) + ".withdrawn"), ObjectKind: string(e.Kind),
		Object: string(e.ID), Ref: string(r.ID), Org: string(e.Owner), Effective: history.At(tx).Millis(), Commitment: r.Commitment}))
}
