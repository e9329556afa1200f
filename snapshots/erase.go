package snapshots

import (
	"context"
	"strconv"
	"strings"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Erased is what an erasure took away.
type Erased struct {
	Entity    Entity
	Snapshots int64 // whose content and salt are gone
}

// Erase takes away, for privacy law, what a deleted client ever said: the
// content and salt of each of its snapshots, what lists find it by, and details
// of its events. The log's entries stay, and every proof with them: they commit
// to content that nobody can show any more. Ids, instants, actors and reasons
// stay, and so do the hashes of its ended secrets, which are random. It needs
// whoever administers the owner, a reason, and the client_id once more, so that
// nobody's content goes by a mistyped id. Conflict if the client is not deleted.
func (s *Store) Erase(ctx context.Context, scope tenancy.Scope, id EntityID, clientID string) (Erased, error) {
	if err := scope.Check(tenancy.Administer); err != nil {
		return Erased{}, err
	}
	var erased Erased
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		e, err := s.entity(&tx.Conn, id)
		if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != KindClient || !scope.CoversObject(string(e.ID), e.Owner)) {
			return unknown(KindClient)
		}
		if err != nil {
			return err
		}
		if err := scope.Recheck(tx, scope.Acting()); err != nil { // the owner may be deleted
			return err
		}
		if clientID != e.ClientID {
			return fault.At("/confirm", "client-id", "it must be the client's client_id")
		}
		if strings.TrimSpace(scope.Reason()) == "" {
			return fault.New(fault.Invalid, fault.CodeReasonRequired, "an erasure needs a reason: send it in the header Tenure-Reason")
		}
		row, err := inForce(&tx.Conn, e, history.At(tx).Millis())
		if err != nil {
			return err
		}
		if row == nil || !row.tombstone() {
			return fault.New(fault.Conflict, "not-deleted", "only a deleted client can be erased: delete it first")
		}
		erased.Entity = e
		erased.Snapshots, err = s.erase(tx, scope, e)
		return err
	})
	if err != nil {
		return Erased{}, err
	}
	return erased, s.db.Purge(ctx)
}

// erase names what goes in erasure, which is what lets it be deleted.
func (s *Store) erase(tx *db.Tx, scope tenancy.Scope, e Entity) (int64, error) {
	refs := []string{string(e.ID)}
	var ids []string
	if err := tx.Select(&ids, `SELECT s.snapshot_id FROM snapshot s JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
		WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?`, e.Module, e.Setup, e.ID); err != nil {
		return 0, err
	}
	var details []int64
	if err := tx.Select(&details, `SELECT d.idx FROM log_detail d JOIN log_event v ON v.idx = d.idx WHERE v.object_id = ?`, e.ID); err != nil {
		return 0, err
	}
	refs = append(refs, ids...)
	for _, idx := range details {
		refs = append(refs, strconv.FormatInt(idx, 10))
	}
	for _, ref := range refs {
		if _, err := tx.Exec("INSERT INTO erasure (ref, recorded_at) VALUES (?, ?) ON CONFLICT (ref) DO NOTHING", ref, int64(history.At(tx))); err != nil {
			return 0, err
		}
	}
	for _, id := range ids {
		if _, err := tx.Exec("DELETE FROM snapshot_body WHERE snapshot_id = ?", id); err != nil {
			return 0, err
		}
	}
	for _, idx := range details {
		if _, err := tx.Exec("DELETE FROM log_detail WHERE idx = ?", idx); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec("DELETE FROM entity_term WHERE entity_id = ?", e.ID); err != nil {
		return 0, err
	}
	history.Record(tx, scope.Event(history.Event{Kind: eventErased, ObjectKind: string(e.Kind), Object: string(e.ID), Org: string(e.Owner),
		Effective: history.At(tx).Millis()}))
	return int64(len(ids)), nil
}

const eventErased history.Kind = "client.erased"
