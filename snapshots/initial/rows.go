package initial

import (
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Prefix starts every initial access token.
const Prefix = "tenure_iat_"

// Token is what may be told of an initial access token.
type Token struct {
	ID, Name   string
	MaxUses    *int64 // 1 or more; nil for any number
	Uses       int64
	ExpiresAt  history.Micros // 0 for never
	RecordedAt history.Micros
}

// Check reports what a new token must not have.
func (t Token) Check(now history.Micros) []fault.Field {
	faults := tenancy.CheckName("/name", t.Name)
	if t.MaxUses != nil && *t.MaxUses < 1 {
		faults = append(faults, fault.Field{Path: "/max_uses", Rule: "range", Message: "1 or more, or null for any number"})
	}
	if t.ExpiresAt != 0 && t.ExpiresAt <= now {
		faults = append(faults, fault.Field{Path: "/expires_at", Rule: "future", Message: "the expiry is not in the future"})
	}
	return faults
}

// Row is a row of initial_token with how often the token was used.
type Row struct {
	ID         string         `db:"token_id"`
	Name       string         `db:"name"`
	MaxUses    int64          `db:"max_uses"` // 0 for any number
	ExpiresAt  history.Micros `db:"expires_at"`
	RecordedAt history.Micros `db:"recorded_at"`
	Uses       int64          `db:"uses"`
}

// Holds reports whether the token may be used at an instant.
func (r Row) Holds(now history.Micros) bool {
	return (r.ExpiresAt == 0 || now < r.ExpiresAt) && (r.MaxUses == 0 || r.Uses < r.MaxUses)
}

// Token is what may be told of it.
func (r Row) Token() Token {
	t := Token{r.ID, r.Name, nil, r.Uses, r.ExpiresAt, r.RecordedAt}
	if r.MaxUses > 0 {
		t.MaxUses = &r.MaxUses
	}
	return t
}

var (
	tokens = db.NewTable("initial_token", "token_id, setup_id, name, hash, max_uses, expires_at, recorded_at", "")
	uses   = db.NewTable("initial_token_use", "token_id, entity_id, recorded_at", "")
	ends   = db.NewTable("initial_token_end", "token_id, recorded_at", "")
)

const live = `SELECT t.token_id, t.name, t.max_uses, t.expires_at, t.recorded_at,
	(SELECT count(*) FROM initial_token_use u WHERE u.token_id = t.token_id) AS uses
	FROM initial_token t WHERE t.setup_id = ? AND NOT EXISTS (SELECT 1 FROM initial_token_end x WHERE x.token_id = t.token_id)`

func of(setup string) []db.Of {
	return []db.Of{{Table: tokens.Name, Object: setup}, {Table: uses.Name, Object: setup}, {Table: ends.Name, Object: setup}}
}

// ByID looks up a token of a setup that has not been ended.
func ByID(setup, id string) db.Lookup[Row] {
	return db.Lookup[Row]{Query: live + " AND t.token_id = ?", Args: []any{setup, id}, Of: of(setup)}
}

// ByHash is ByID for whoever presents the token.
func ByHash(setup string, hash [32]byte) db.Lookup[Row] {
	return db.Lookup[Row]{Query: live + " AND t.hash = ?", Args: []any{setup, hash[:]}, Of: of(setup)}
}

// AsOf lists the tokens that a setup had when what is known was recorded, with their
// uses by then.
func AsOf(c *db.Conn, setup string, known history.Micros) ([]Token, error) {
	var rows []Row
	err := c.Select(&rows, `SELECT t.token_id, t.name, t.max_uses, t.expires_at, t.recorded_at,
		(SELECT count(*) FROM initial_token_use u WHERE u.token_id = t.token_id AND u.recorded_at <= ?) AS uses
		FROM initial_token t WHERE t.setup_id = ? AND t.recorded_at <= ?
			AND NOT EXISTS (SELECT 1 FROM initial_token_end x WHERE x.token_id = t.token_id AND x.recorded_at <= ?)
		ORDER BY t.recorded_at, t.token_id`, known, setup, known, known)
	list := make([]Token, len(rows))
	for i, r := range rows {
		list[i] = r.Token()
	}
	return list, err
}

// Insert stores a token by the hash of its text.
func Insert(tx *db.Tx, setup string, t Token, hash [32]byte) {
	most := int64(0)
	if t.MaxUses != nil {
		most = *t.MaxUses
	}
	tx.Insert(tokens, setup, t.ID, setup, t.Name, hash[:], most, int64(t.ExpiresAt), int64(t.RecordedAt))
}

// Use notes that a client registered by a token.
func Use(tx *db.Tx, setup, token, entity string) {
	tx.Insert(uses, setup, token, entity, int64(history.At(tx)))
}

// End ends a token now.
func End(tx *db.Tx, setup, token string) { tx.Insert(ends, setup, token, int64(history.At(tx))) }
