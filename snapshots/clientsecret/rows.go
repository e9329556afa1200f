package clientsecret

import (
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strings"

	"tenure/snapshots/credential"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Row is a row of client_secret with its sealed copy and the instant it ends at.
type Row struct {
	ID         string          `db:"secret_id"`
	Hash       credential.Hash `db:"hash"`
	Sealed     []byte          `db:"sealed"`
	ValidFrom  history.Millis  `db:"valid_from"`
	EndsAt     history.Millis  `db:"ends_at"` // 0 for never
	Last4      string          `db:"last4"`
	RecordedAt history.Micros  `db:"recorded_at"`
}

// A secret, or an end, that came with a snapshot is void once that is withdrawn.
// A secret also ends with the start of one that was planned when it was added:
// the plan says that what came before ends then.
const (
	unlessVoid = " AND NOT EXISTS (SELECT 1 FROM withdrawal v WHERE v.recorded_at <= ? AND v.snapshot_id = "
	endOf      = "SELECT x.ends_at FROM secret_end x WHERE x.secret_id = c.secret_id AND x.recorded_at <= ?" + unlessVoid + "x.snapshot_id)"
	plannedOf  = `SELECT p.valid_from FROM client_secret p WHERE p.entity_id = c.entity_id AND p.valid_from > c.valid_from
		AND p.recorded_at < c.recorded_at AND p.valid_from * 1000 > c.recorded_at AND p.recorded_at <= ?` + unlessVoid + "p.snapshot_id)"

	query = `SELECT c.secret_id, c.hash, k.sealed, c.valid_from, c.last4, c.recorded_at,
		COALESCE((SELECT min(z.ends_at) FROM (` + endOf + " UNION ALL " + plannedOf + `) z), 0) AS ends_at
		FROM client_secret c LEFT JOIN secret_copy k ON k.secret_id = c.secret_id WHERE c.entity_id = ? AND c.recorded_at <= ?` + unlessVoid + `c.snapshot_id)
			AND NOT EXISTS (` + endOf + " AND x.ends_at <= ?) AND NOT EXISTS (" + plannedOf + ` AND p.valid_from <= ?)
		ORDER BY c.valid_from DESC, c.recorded_at DESC, c.secret_id`
)

// At reads a client's secrets that had not ended at an instant, as far as was known
// then, the newest first; some may start later.
func At(c *db.Conn, id string, at history.Millis, known history.Micros) ([]Row, error) {
	var rows []Row
	k := known
	err := c.Select(&rows, query, k, k, k, k, id, k, k, k, k, at, k, k, at)
	return rows, err
}

const forever = history.Micros(math.MaxInt64) // the instant by which everything is known

// From is At with all that is known. A transaction asks for no instant before its own, or
// for the first of all, and looks them up.
func From(c *db.Conn, id string, at history.Millis) ([]Row, error) {
	tx := c.Tx()
	if tx == nil || at < history.At(tx).Millis() {
		return At(c, id, at, forever)
	}
	rows, err := now(id).Rows(c)
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.EndsAt != 0 && r.EndsAt <= at }), err
}

// Needs is what From looks up in a transaction.
func Needs(id string) db.Need { return now(id) }

var (
	table  = db.NewTable("client_secret", "secret_id, entity_id, snapshot_id, hash, sealed, last4, valid_from, recorded_at", "")
	copies = db.NewTable("secret_copy", "secret_id, commitment, salt, sealed, recorded_at", "")
	ends   = db.NewTable("secret_end", "secret_id, snapshot_id, ends_at, recorded_at", "")
)

// now looks up the secrets that had not ended when the last change of all was made.
func now(id string) db.Lookup[Row] {
	k := int64(forever)
	return db.Lookup[Row]{Query: queryNow, Args: []any{k, k, k, k, id, k, k, k, k, k, k},
		Of: []db.Of{{Table: table.Name, Object: id}, {Table: copies.Name, Object: id}, {Table: ends.Name, Object: id}, {Table: "withdrawal"}}}
}

var queryNow = strings.NewReplacer("x.ends_at <= ?", "x.ends_at <= "+history.ClockMillis, "p.valid_from <= ?)", "p.valid_from <= "+history.ClockMillis+")").Replace(query)

// Client is whose a secret is.
type Client struct{ Entity, ID string } // its entity id and its client_id

// Insert stores a secret of a client, on the condition of a scheduled snapshot if one is
// named: the id, hash and beginning of r, and the text as far as it is known, sealed by a
// sealer where there is one.
func Insert(tx *db.Tx, random io.Reader, sealer *credential.Sealer, of Client, snapshot, plain string, r Row) (err error) {
	r.Sealed, r.Last4 = []byte{}, last4(plain)
	if sealer != nil && plain != "" {
		if r.Sealed, err = sealer.Seal(random, credential.Bearer{Secret: r.ID, Client: of.Entity, ClientID: of.ID, Hash: r.Hash}, plain); err != nil {
			return err
		}
	}
	salt := make([]byte, 32)
	if _, err := io.ReadFull(random, salt); err != nil {
		return err
	}
	at := int64(history.At(tx))
	commitment := history.Commitment(salt, Content(string(r.Hash), r.Last4, nil, r.Sealed))
	tx.Insert(table, of.Entity, r.ID, of.Entity, snapshot, r.Hash, []byte{}, r.Last4, r.ValidFrom, at)
	tx.Insert(copies, of.Entity, r.ID, commitment[:], salt, r.Sealed, at)
	return nil
}

// Content is what a secret's commitment is made over, with its salt: a JSON array of
// "secret", its hash, its last characters, the copy that schema version 3 kept and the
// copy of today, both in lower-case hex.
func Content(hash, last4 string, before, sealed []byte) []byte {
	return history.Packed("secret", hash, last4, hex.EncodeToString(before), hex.EncodeToString(sealed))
}

// End stores an end of a secret, which is void if the snapshot named is withdrawn.
func End(tx *db.Tx, client, id, snapshot string, at history.Millis) {
	tx.Insert(ends, client, id, snapshot, at, int64(history.At(tx)))
}

// ValidAt reports whether it may be used at an instant.
func (r Row) ValidAt(at history.Millis) bool {
	return r.ValidFrom <= at && (r.EndsAt == 0 || at < r.EndsAt)
}

// last4 are the last characters of a secret, by which people know it; empty where they
// would tell too much.
func last4(secret string) string {
	// The tail of a short secret would tell too much; that of one in other
	// characters could begin in the middle of one.
	if len(secret) < 12 || strings.ContainsFunc(secret[len(secret)-4:], func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return secret[len(secret)-4:]
}
