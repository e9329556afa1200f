package selftoken

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Row is a token that has not ended.
type Row struct {
	ID      string `db:"token_id"`
	Client  string `db:"entity_id"` // entity id of the client
	Surface string `db:"surface"`
	Hash    []byte `db:"hash"` // SHA-256
}

var (
	tokens = db.NewTable("registration_token", "token_id, entity_id, surface, hash, recorded_at", "")
	ends   = db.NewTable("registration_token_end", "token_id, recorded_at", "")
)

const live = `SELECT token_id, entity_id, surface, hash FROM registration_token t
	WHERE NOT EXISTS (SELECT 1 FROM registration_token_end x WHERE x.token_id = t.token_id) AND `

// Of looks up the tokens of a client.
func Of[ID ~string](client ID) db.Lookup[Row] {
	return db.Lookup[Row]{Query: live + "entity_id = ?", Args: []any{string(client)},
		Of: []db.Of{{Table: tokens.Name, Object: string(client)}, {Table: ends.Name, Object: string(client)}}}
}

// Find looks up a token by its text; nil for none.
func Find(c *db.Conn, surface, text string) (*Row, error) {
	hash := sha256.Sum256([]byte(text))
	return db.Lookup[Row]{Query: live + "hash = ? AND surface = ?", Args: []any{hash[:], surface}}.One(c)
}

// Is reports whether a text of a surface is the token's. r may be nil.
func (r *Row) Is(surface, text string) bool {
	hash := sha256.Sum256([]byte(text))
	return r != nil && r.Surface == surface && subtle.ConstantTimeCompare(r.Hash, hash[:]) == 1
}

// StillValid is the fault ended where a transaction sees that the token has ended.
func (r *Row) StillValid(tx *db.Tx, ended error) error {
	rows, err := Of(r.Client).Rows(&tx.Conn)
	if err == nil && !slices.ContainsFunc(rows, func(other Row) bool { return other.ID == r.ID }) {
		return ended
	}
	return err
}

// Add adds a token.
func (r *Row) Add(tx *db.Tx) {
	tx.Insert(tokens, r.Client, r.ID, r.Client, r.Surface, r.Hash, int64(history.At(tx)))
}

// End ends a token.
func (r *Row) End(tx *db.Tx) { End(tx, r.Client, r.ID) }

// End ends a token of a client.
func End(tx *db.Tx, client, id string) { tx.Insert(ends, client, id, int64(history.At(tx))) }
