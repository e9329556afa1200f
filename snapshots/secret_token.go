package snapshots

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"

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

// tokenRow is a registration token that has not ended.
type tokenRow struct {
	ID      string   `db:"token_id"`
	Entity  EntityID `db:"entity_id"`
	Surface string   `db:"surface"`
	Hash    []byte   `db:"hash"`
}

const liveTokens = `SELECT token_id, entity_id, surface, hash FROM registration_token t
	WHERE NOT EXISTS (SELECT 1 FROM registration_token_end x WHERE x.token_id = t.token_id) AND `

// tokensOf looks up the registration tokens of a client.
func tokensOf(id EntityID) db.Lookup[tokenRow] {
	return db.Lookup[tokenRow]{Query: liveTokens + "entity_id = ?", Args: []any{string(id)},
		Of: []db.Of{{Table: tokenTable.Name, Object: string(id)}, {Table: tokenEndTable.Name, Object: string(id)}}}
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
	hash, known, row := sha256.Sum256([]byte(significant)), s.cache.known(e.ID), (*tokenRow)(nil)
	if known != nil {
		row = known.token.Load()
	}
	if row == nil || row.Surface != surface || subtle.ConstantTimeCompare(row.Hash, hash[:]) != 1 {
		var found error
		row, found = db.Lookup[tokenRow]{Query: liveTokens + "hash = ? AND surface = ?", Args: []any{hash[:], surface}}.One(s.db.Single(ctx))
		switch {
		case found != nil:
			return e, nil, found
		case err != nil || row == nil || row.Entity != e.ID:
			return Entity{}, nil, errClient()
		case known != nil:
			known.token.Store(row)
			s.cache.keep(known)
		}
	}
	s.verified(e)
	return e, func(tx *db.Tx) error {
		rows, err := tokensOf(e.ID).Rows(&tx.Conn)
		if err == nil && !slices.ContainsFunc(rows, func(r tokenRow) bool { return r.ID == row.ID }) {
			err = errClient()
		}
		return err
	}, nil
}
