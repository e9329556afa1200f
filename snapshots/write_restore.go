package snapshots

import (
	"context"
	"errors"

	"tenure/snapshots/document"
	"tenure/snapshots/ending"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// RestoreClient brings a deleted client back, with the content that it had when it
// was deleted: a snapshot follows the tombstone. Its secrets and registration tokens
// stay ended, what was planned stays withdrawn; what it had and has no longer is
// told. NotFound if the scope does not cover it. Conflict with CodeNotDeleted if it
// is not deleted, or its setup or organization is, or it was never in force; with
// CodeIDTaken if another client has had its client_id since, or has its software
// where oneEach is its surface. Gone for erased content.
func (s *Store) RestoreClient(ctx context.Context, scope tenancy.Scope, id EntityID, oneEach string) (Outcome[document.Client], []Lost, error) {
	if err := scope.Check(tenancy.WriteClients); err != nil {
		return Outcome[document.Client]{}, nil, err
	}
	then := Resolved[document.Client]{}
	out, err := inTransaction(ctx, s, scope, nil, func(tx *db.Tx) (Outcome[document.Client], error) {
		to, err := s.toRestore(tx, scope, KindClient, id)
		if err != nil {
			return Outcome[document.Client]{}, err
		}
		if again, err := repeated[document.Client](s, tx, scope); err != nil || again.Repeated {
			return again, err
		}
		if err := to.isDeleted(tx); err != nil {
			return Outcome[document.Client]{}, err
		}
		if to.setupActive, err = inForce(&tx.Conn, to.setup, history.At(tx).Millis()); err != nil {
			return Outcome[document.Client]{}, err
		}
		if to.setupActive == nil || to.setupActive.tombstone() {
			return Outcome[document.Client]{}, errNotDeleted("the client's setup is deleted; restore the setup first")
		}
		var later int
		if err := tx.Get(&later, "SELECT count(*) FROM entity WHERE setup_id = ? AND kind = 'client' AND client_id = ? AND incarnation > ?",
			to.entity.Setup, to.entity.ClientID, to.entity.Incarnation); err != nil {
			return Outcome[document.Client]{}, err
		}
		if later > 0 {
			return Outcome[document.Client]{}, fault.New(fault.Conflict, fault.CodeIDTaken, "another client has had this client_id since")
		}
		out, err := restore[document.Client](s, tx, scope, to)
		if err == nil && to.entity.Surface == oneEach {
			err = onlyOne(tx, to.entity)
		}
		if err != nil {
			return out, err
		}
		if out.Setup, err = version[document.Setup](s, &tx.Conn, to.setup, to.setupActive); err != nil {
			return out, err
		}
		then = Resolved[document.Client]{NextValidFrom: to.active.ValidFrom}
		then.Version, err = versionByID[document.Client](s, tx, to.entity, to.active.Base)
		return out, err
	})
	out, err = decodeOutcome(s, out, err)
	if err != nil || out.Repeated {
		return out, []Lost{}, err
	}
	lost, err := s.lost(ctx, then, out.ValidFrom)
	return out, lost, err
}

// RestoreSetup brings a deleted setup back, and with it the clients and resource
// servers that were not deleted themselves, with what is planned for them. The
// secrets and tokens of those clients and the setup's initial access tokens stay
// ended. Its faults are those of RestoreClient.
func (s *Store) RestoreSetup(ctx context.Context, scope tenancy.Scope, id EntityID) (Outcome[document.Setup], error) {
	if err := scope.Check(tenancy.Administer); err != nil {
		return Outcome[document.Setup]{}, err
	}
	find := func(tx *db.Tx) (target, error) { return s.toRestore(tx, scope, KindSetup, id) }
	for {
		out, err := inTransaction(ctx, s, scope, nil, func(tx *db.Tx) (Outcome[document.Setup], error) {
			to, err := find(tx)
			if err != nil {
				return Outcome[document.Setup]{}, err
			}
			if again, err := repeated[document.Setup](s, tx, scope); err != nil || again.Repeated {
				return again, err
			}
			if err := to.isDeleted(tx); err != nil {
				return Outcome[document.Setup]{}, err
			}
			if err := endAll(tx, scope, ending.Setup(string(id)), to.active.ValidFrom); err != nil {
				return Outcome[document.Setup]{}, err
			}
			return restore[document.Setup](s, tx, scope, to)
		})
		if !errors.Is(err, errMore) {
			return decodeOutcome(s, out, err)
		}
		if err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
			to, err := find(tx)
			if err == nil {
				err = to.isDeleted(tx)
			}
			if err == nil {
				_, err = ending.End(tx, scope, ending.Setup(string(id)), to.active.ValidFrom, endedAtOnce)
			}
			return err
		}); err != nil {
			return Outcome[document.Setup]{}, err
		}
	}
}

// endedAtOnce is how many secrets and tokens one transaction ends.
const endedAtOnce = 500

// errMore ends a transaction that would have to end too many secrets and tokens.
var errMore = errors.New("there are more secrets and tokens to end")

// endAll ends every secret and token inside, unless they are too many for one
// transaction.
func endAll(tx *db.Tx, scope tenancy.Scope, in []ending.Inside, at history.Millis) error {
	n, err := ending.End(tx, scope, in, at, endedAtOnce+1)
	if err == nil && n > endedAtOnce && !tx.Rehearsal {
		err = errMore
	}
	return err
}

// toRestore finds an entity that the scope may change and restore.
func (s *Store) toRestore(tx *db.Tx, scope tenancy.Scope, kind Kind, id EntityID) (to target, err error) {
	to.entity, err = s.entity(&tx.Conn, id)
	if fault.Is(err, fault.NotFound) || err == nil && to.entity.Kind != kind {
		return to, unknown(kind)
	}
	if err != nil {
		return to, err
	}
	if to.setup, err = s.entity(&tx.Conn, to.entity.Setup); err != nil {
		return to, err
	}
	switch {
	case !scope.UsesSetup(string(to.setup.ID), to.setup.Owner):
		return to, unknown(kind)
	case scope.CoversObject(string(id), to.entity.Owner) && !scope.Alive(to.entity.Owner):
		return to, errNotDeleted("its organization is deleted; restore the organization first")
	}
	return to, mayChange(tx, scope, to.entity)
}

// isDeleted reads the tombstone that a restoration follows, as the active snapshot.
func (to *target) isDeleted(tx *db.Tx) (err error) {
	to.active, err = inForce(&tx.Conn, to.entity, history.At(tx).Millis())
	switch {
	case err != nil:
		return err
	case to.active == nil || !to.active.tombstone():
		return errNotDeleted("it is not deleted")
	case to.active.Base == "":
		return errNotDeleted("it was only planned, and its plans are withdrawn; make it anew")
	}
	return nil
}

func errNotDeleted(text string) error {
	return fault.New(fault.Conflict, fault.CodeNotDeleted, "%s", text)
}

// restore appends the content that was in force before the tombstone, as it was
// stored: rules that are newer bind the next change.
func restore[T document.Content](s *Store, tx *db.Tx, scope tenancy.Scope, to target) (Outcome[T], error) {
	w := writing[T]{s: s, tx: tx, scope: scope, target: to, now: history.At(tx).Millis()}
	if err := w.place(); err != nil {
		return Outcome[T]{}, err
	}
	var err error
	if w.next, w.attempt, err = placeAt(tx, to.entity, w.validFrom); err != nil {
		return Outcome[T]{}, err
	}
	raw, err := readBody(&tx.Conn, to.active.Base)
	if err != nil {
		return Outcome[T]{}, err
	}
	row := w.newRow(rowContent)
	if err := s.appendSnapshot(tx, scope, to.entity, &row, raw, "restored"); err != nil {
		return Outcome[T]{}, err
	}
	out := Outcome[T]{Changed: true, raw: raw}
	out.Version = versionOf[T](to.entity, &row)
	return out, scope.Remember(tx, string(row.ID))
}

func versionByID[T document.Content](s *Store, tx *db.Tx, e Entity, id SnapshotID) (Version[T], error) {
	var row snapshotRow
	if err := tx.Get(&row, "SELECT "+snapshotColumns+" FROM snapshot s WHERE s.snapshot_id = ?", id); err != nil {
		return Version[T]{}, err
	}
	return version[T](s, &tx.Conn, e, &row)
}

// Restoring is what package tenancy asks before it restores organizations.
func (s *Store) Restoring() tenancy.Restoring {
	return tenancy.Restoring{Keeps: s.KeepsClients, Taken: s.endTaken,
		End: func(tx *db.Tx, scope tenancy.Scope, orgs []tenancy.OrgID, at history.Millis, most int) (int, error) {
			return ending.End(tx, scope, ending.Organizations(orgs), at, most)
		}}
}

// endTaken deletes the clients of organizations whose client_id another client has
// taken while the organizations were deleted.
func (s *Store) endTaken(tx *db.Tx, scope tenancy.Scope, orgs []tenancy.OrgID) error {
	clients, err := ending.Taken(tx, orgs)
	if err != nil {
		return err
	}
	for _, id := range clients {
		e, err := s.entity(&tx.Conn, EntityID(id))
		if err != nil {
			return err
		}
		active, err := inForce(&tx.Conn, e, history.At(tx).Millis())
		if err == nil {
			err = endTarget[document.Client](s, tx, scope, target{entity: e, active: active}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
