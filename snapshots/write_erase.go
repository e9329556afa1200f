package snapshots

import (
	"context"
	"strings"

	"tenure/snapshots/document"
	"tenure/snapshots/erasing"
	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const maxEraseReason = 1000 // bytes, as of Tenure-Reason

// Erasure is what Erase is asked for.
type Erasure struct {
	Reason   string // why, for the log, where it stays: it names no person
	ClientID string // if not empty, it must be the client's own: a second look at what is erased
	Delete   bool   // delete the client first, if it is not
}

// Erase removes, for privacy law, what was ever stored about one client: the
// content and salt of every snapshot, its search terms, the hashes and
// recoverable copies of its secrets, the details of its events and its
// remembered idempotent answers. What stays are ids (the client_id among them),
// times, actors and reasons, so that every proof holds. It is for an
// administrator at or above the owner, also after that was deleted.
//
// A client that is not deleted is refused (Conflict) unless that is asked for
// too: erasing is no way to switch something off by mistake. NotFound for an
// unknown client, Gone with CodeErased for one that is erased, Invalid for a
// bad reason or another client_id. The files still hold the bytes until
// Scrub.
func (s *Store) Erase(ctx context.Context, scope tenancy.Scope, id EntityID, want Erasure) (Entity, error) {
	if err := scope.Check(tenancy.Administer); err != nil {
		return Entity{}, err
	}
	if strings.TrimSpace(want.Reason) == "" || len(want.Reason) > maxEraseReason || !db.Storable(want.Reason) {
		return Entity{}, fault.At("/reason", "reason", "an erasure needs a reason of at most 1000 bytes")
	}
	scope = scope.Because(want.Reason)
	var erased Entity
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) (err error) {
		erased, err = s.erase(tx, scope, id, want)
		return err
	})
	return erased, err
}

func (s *Store) erase(tx *db.Tx, scope tenancy.Scope, id EntityID, want Erasure) (Entity, error) {
	e, err := s.entity(&tx.Conn, id)
	if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != KindClient || !scope.CoversObject(string(e.ID), e.Owner)) {
		return e, unknown(KindClient)
	}
	if err != nil {
		return e, err
	}
	held := e.Owner
	if !scope.Alive(held) {
		held = scope.Acting() // a deleted owner has nobody left to ask
	}
	if err := scope.Recheck(tx, held); err != nil {
		return e, err
	}
	if want.ClientID != "" && want.ClientID != e.ClientID {
		return e, fault.At("/confirm", "confirm", "this is not the client_id of the client")
	}
	var before int
	if err := tx.Get(&before, "SELECT count(*) FROM erasure WHERE ref = ?", e.ID); err != nil {
		return e, err
	}
	if before > 0 {
		return e, fault.New(fault.Gone, fault.CodeErased, "the client is erased already")
	}
	if err := s.ensureDeleted(tx, scope, e, want.Delete); err != nil {
		return e, err
	}
	if err := erasing.Wipe(tx, e.Module, string(e.Setup), string(e.ID)); err != nil {
		return e, err
	}
	event := scope.Event(history.Event{Kind: kindErased, ObjectKind: string(KindClient), Object: string(e.ID),
		Org: string(e.Owner), Effective: history.At(tx).Millis()})
	event.Reason = want.Reason
	history.Record(tx, event)
	return e, nil
}

// Scrub takes what was erased out of the database's files; see db.Scrub.
func (s *Store) Scrub(ctx context.Context, scope tenancy.Scope, whole bool) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	return s.db.Scrub(ctx, whole)
}

// kindErased is the event that makes every node's caches drop contents.
const kindErased history.Kind = "client.erased"

// ensureDeleted refuses a client that is not deleted, or deletes it.
func (s *Store) ensureDeleted(tx *db.Tx, scope tenancy.Scope, e Entity, also bool) error {
	if !scope.Alive(e.Owner) {
		return nil
	}
	var over int
	if err := tx.Get(&over, "SELECT count(*) FROM entity e WHERE e.entity_id = ? AND"+holdings.Ended, e.ID); err != nil || over > 0 {
		return err
	}
	setup, err := s.entity(&tx.Conn, e.Setup)
	if err != nil || !scope.Alive(setup.Owner) {
		return err
	}
	if !also {
		return fault.New(fault.Conflict, "", "the client is not deleted: delete it first, or ask for both at once")
	}
	return endEntity[document.Client](s, tx, scope, Ref{e.Module, e.Setup, e.ID}, nil)
}
