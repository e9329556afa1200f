package snapshots

import (
	"context"
	"slices"

	"tenure/snapshots/credential"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// placeImported gives the first snapshot of an imported client the instant
// that it had where it comes from. A client_id that was in use here before
// keeps its own past: its next incarnation starts now.
func (w *writing[T]) placeImported(since history.Millis) error {
	if w.entity.Kind != KindClient || w.change.ValidFrom != nil {
		return fault.New(fault.Internal, "", "only a client is imported, and at no instant of the caller's")
	}
	if !w.fresh {
		return fault.New(fault.Conflict, "", "only a client that has no snapshot yet can be imported with its past")
	}
	if since > 0 && since < w.now && w.entity.Incarnation == 1 {
		w.validFrom = since
	}
	return nil
}

// held adds those of the change's Held secrets that the client never had, by
// their hashes: what was rotated or replaced here is not undone by importing
// the same again. All of Held are valid at once, in their order; where the
// newest is new, it ends whatever is not among them.
func (w *writing[T]) held() (added int, err error) {
	if len(w.change.Held) == 0 {
		return 0, nil
	}
	var rows []secretRow
	if !w.fresh || w.change.Secret != nil { // else it has none, and a statement would part the batch
		if rows, err = secretsFrom(&w.tx.Conn, w.entity.ID, ever); err != nil {
			return 0, err
		}
	}
	known := make(map[credential.Hash]history.Millis, len(rows))
	for _, r := range rows {
		known[r.Hash] = r.ValidFrom
	}
	newest, had := known[w.change.Held[0].hash]
	if !had {
		newest = w.now
		if err := w.endUnheld(rows); err != nil {
			return 0, err
		}
	}
	for i, n := range w.change.Held {
		if _, had := known[n.hash]; had {
			continue
		}
		known[n.hash] = newest - history.Millis(i)
		if err := w.addSecret(n, known[n.hash], ""); err != nil {
			return added, err
		}
		added++
	}
	return added, nil
}

// HadSecrets reports whether the client has each of the secrets, or had it, by their hashes.
func (s *Store) HadSecrets(ctx context.Context, scope tenancy.Scope, ref Ref, secrets []*NewSecret) (had bool, err error) {
	if err := scope.Check(tenancy.WriteClients); err != nil || len(secrets) == 0 {
		return err == nil, err
	}
	c := s.db.Single(ctx)
	e, err := s.find(c, KindClient, ref)
	if err == nil && !scope.CoversObject(string(e.ID), e.Owner) {
		err = unknown(KindClient)
	}
	if err != nil {
		return false, err
	}
	var hashes []credential.Hash // what is imported comes with no snapshot, so none of it was withdrawn
	err = c.Select(&hashes, "SELECT hash FROM client_secret WHERE entity_id = ?", e.ID)
	return !slices.ContainsFunc(secrets, func(n *NewSecret) bool { return !slices.Contains(hashes, n.hash) }), err
}

// endUnheld ends now every secret that is not among Held. The one that an
// imported secret was renewed as began with it and stays with it.
func (w *writing[T]) endUnheld(rows []secretRow) error {
	hashes, begins := make(map[credential.Hash]bool), make(map[history.Millis]bool)
	for _, n := range w.change.Held {
		hashes[n.hash] = true
	}
	for _, r := range rows {
		if hashes[r.Hash] {
			begins[r.ValidFrom] = true
		}
	}
	for _, r := range rows {
		if begins[r.ValidFrom] || r.EndsAt != 0 && r.EndsAt <= w.now {
			continue
		}
		w.s.endSecret(w.tx, w.scope, w.entity, r.ID, w.now, "")
	}
	return nil
}
