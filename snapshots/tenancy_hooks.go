package snapshots

import (
	"slices"
	"strings"

	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// These answer what tenancy must know about entities before it changes the
// tree; each runs inside tenancy's own write transaction.

// SetupUsable refuses a setup that org may not use: unknown, deleted, or
// neither org's own nor above or below it.
func (s *Store) SetupUsable(tx *db.Tx, scope tenancy.Scope, org tenancy.OrgID, setup EntityID) error {
	if err := scope.Check(0); err != nil {
		return err
	}
	bad := fault.At("/default_setup_id", "unknown", "there is no such setup for this organization")
	e, err := s.entity(&tx.Conn, setup)
	if fault.Is(err, fault.NotFound) || err == nil && e.Kind != KindSetup {
		return bad
	}
	if err != nil {
		return err
	}
	row, err := inForce(&tx.Conn, e, history.At(tx).Millis())
	if err != nil {
		return err
	}
	up, err := scope.Below(tx, e.Owner, org)
	if err != nil {
		return err
	}
	down, err := scope.Below(tx, org, e.Owner)
	if err == nil && (row == nil || row.tombstone() || !up && !down) {
		return bad
	}
	return err
}

// Contents counts what organizations hold before they are deleted.
func Contents() tenancy.Contents { return holdings.Contents() }

// KeepsClients refuses a move that would take a client owned in subtree, and
// not deleted, out of its setup's subtree; stays tells which organizations remain at or above
// the moved ones.
func (s *Store) KeepsClients(tx *db.Tx, subtree []tenancy.OrgID, stays func(tenancy.OrgID) bool) error {
	for chunk := range slices.Chunk(subtree, 200) {
		args := make([]any, len(chunk))
		for i, org := range chunk {
			args[i] = org
		}
		var owners []tenancy.OrgID
		err := tx.Select(&owners, `SELECT DISTINCT s.org_id FROM entity e JOIN entity s ON s.entity_id = e.setup_id
			WHERE e.kind = 'client' AND e.org_id IN (?`+strings.Repeat(", ?", len(args)-1)+") AND NOT"+holdings.Ended, args...)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if !stays(owner) {
				return fault.New(fault.Conflict, "", "a client below the organization would leave its setup's subtree")
			}
		}
	}
	return nil
}
