package snapshots

import (
	"context"
	"crypto/sha256"

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
	w.tx.Insert(tokenTable, string(w.entity.ID), n.id, w.entity.ID, n.surface, n.hash[:], int64(history.At(w.tx)))
	w.s.secretEvent(w.tx, w.scope, w.entity, "client.token-added", n.id, w.now)
	return nil
}

// endTokens ends every registration token of a client.
func (s *Store) endTokens(tx *db.Tx, scope tenancy.Scope, e Entity) error {
	if e.Kind != KindClient {
		return nil
	}
	rows, err := tokensOf(e.ID).Rows(&tx.Conn)
	for _, r := range rows {
		tx.Insert(tokenEndTable, string(e.ID), r.ID, int64(history.At(tx)))
		s.secretEvent(tx, scope, e, "client.token-ended", r.ID, history.At(tx).Millis())
	}
	return err
}

var (
	tokenTable    = db.NewTable("registration_token", "token_id, entity_id, surface, hash, recorded_at", "")
	tokenEndTable = db.NewTable("registration_token_end", "token_id, recorded_at", "")
)

type tokenRow struct {
	ID string `db:"token_id"`
}

// tokensOf looks up the registration tokens of a client that have not ended.
func tokensOf(id EntityID) db.Lookup[tokenRow] {
	return db.Lookup[tokenRow]{Query: `SELECT token_id FROM registration_token t WHERE entity_id = ?
		AND NOT EXISTS (SELECT 1 FROM registration_token_end x WHERE x.token_id = t.token_id)`, Args: []any{string(id)},
		Of: []db.Of{{Table: tokenTable.Name, Object: string(id)}, {Table: tokenEndTable.Name, Object: string(id)}}}
}

// VerifyToken proves that a caller holds the registration token of the client
// that bears client_id, from the same surface. It returns the client and what
// to ask inside each write. Unauthenticated for anything that does not hold.
func (s *Store) VerifyToken(ctx context.Context, setup EntityID, clientID, surface, significant string) (Entity, func(*db.Tx) error, error) {
	e, err := s.current(ctx, setup, clientID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return e, nil, err
	}
	hash := sha256.Sum256([]byte(significant))
	var row struct {
		ID     string   `db:"token_id"`
		Entity EntityID `db:"entity_id"`
	}
	const live = `SELECT token_id, entity_id FROM registration_token t WHERE hash = ? AND surface = ?
		AND NOT EXISTS (SELECT 1 FROM registration_token_end x WHERE x.token_id = t.token_id)`
	found := s.db.View(ctx, func(c *db.Conn) error { return c.Get(&row, live, hash[:], surface) })
	if found != nil && !fault.Is(found, fault.NotFound) {
		return e, nil, found
	}
	if err != nil || found != nil || row.Entity != e.ID {
		return Entity{}, nil, errClient()
	}
	s.verified(e)
	valid := func(tx *db.Tx) error {
		err := tx.Get(&row, live, hash[:], surface)
		if fault.Is(err, fault.NotFound) {
			return errClient()
		}
		return err
	}
	return e, valid, nil
}
