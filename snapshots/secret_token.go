package snapshots

import (
	"context"
	"crypto/sha256"

	"tenure/snapshots/selftoken"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// NewToken is a registration access token (RFC 7592) made ready outside the
// write transaction. Only its hash is stored.
type NewToken struct {
	id, Text string
	hash     [32]byte
	surface  string
}

// GenerateToken makes a registration access token of a surface: text is at
// least 256 random bits in that dialect's form, significant the part that
// counts (a dialect may let its prefix be left out).
func (s *Store) GenerateToken(surface, text, significant string) *NewToken {
	return &NewToken{id: s.newID(), Text: text, hash: sha256.Sum256([]byte(significant)), surface: surface}
}

// token adds the change's registration token; the ones before it end.
func (w *writing[T]) token() error {
	n := w.change.Token
	if n == nil {
		return nil
	}
	if !w.fresh {
		if err := w.s.endTokens(w.tx, w.scope, w.entity); err != nil {
			return err
		}
	}
	(&selftoken.Row{ID: n.id, Client: string(w.entity.ID), Surface: n.surface, Hash: n.hash[:]}).Add(w.tx)
	w.s.secretEvent(w.tx, w.scope, w.entity, "client.token-added", n.id, w.now)
	return nil
}

// endTokens ends every registration token of a client.
func (s *Store) endTokens(tx *db.Tx, scope tenancy.Scope, e Entity) error {
	if e.Kind != KindClient {
		return nil
	}
	rows, err := selftoken.Of(e.ID).Rows(&tx.Conn)
	for _, r := range rows {
		r.End(tx)
		s.secretEvent(tx, scope, e, "client.token-ended", r.ID, history.At(tx).Millis())
	}
	return err
}

// VerifyToken proves that a caller holds the registration token of the client
// that bears client_id, from the same surface. It returns the client and what
// to ask inside each write. Unauthenticated for anything that does not hold, which
// is looked up each time: only the client's own token is remembered.
func (s *Store) VerifyToken(ctx context.Context, setup EntityID, clientID, surface, significant string) (Entity, func(*db.Tx) error, error) {
	e, err := s.current(ctx, setup, clientID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return e, nil, err
	}
	known, row := s.cache.known(e.ID), (*selftoken.Row)(nil)
	if known != nil {
		row = known.token.Load()
	}
	if !row.Is(surface, significant) {
		var found error
		row, found = selftoken.Find(s.db.Single(ctx), surface, significant)
		switch {
		case found != nil:
			return e, nil, found
		case err != nil || row == nil || row.Client != string(e.ID):
			return Entity{}, nil, errClient()
		case known != nil:
			known.token.Store(row)
			s.cache.keep(known)
		}
	}
	s.verified(e)
	return e, func(tx *db.Tx) error { return row.StillValid(tx, errClient()) }, nil
}
