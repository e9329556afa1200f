package tenancy

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"sync/atomic"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// IdempotencyTime is how long a used Idempotency-Key is remembered.
const IdempotencyTime = 24 * time.Hour

// maxIdempotencyKey is its length in bytes.
const maxIdempotencyKey = 255

// Once marks a request that makes something: sent again under the same key it
// makes nothing more. Its zero value marks none.
type Once struct {
	key, route string
	mac        [32]byte
	replayed   *atomic.Bool
}

// NewOnce is the mark of a request with an Idempotency-Key. The request is
// remembered by a MAC under the presented credential, so that what is stored
// tells nothing of the body.
func NewOnce(key, route, credential string, request ...[]byte) (Once, error) {
	if len(key) > maxIdempotencyKey || CheckName("", key) != nil {
		return Once{}, fault.New(fault.Malformed, "", "Idempotency-Key must have 1 to %d bytes and no control characters", maxIdempotencyKey)
	}
	once := Once{key: key, route: route, replayed: new(atomic.Bool)}
	mac := hmac.New(sha256.New, []byte(credential))
	for _, part := range request {
		sum := sha256.Sum256(part) // parts of any length cannot run into each other
		mac.Write(sum[:])
	}
	mac.Sum(once.mac[:0])
	return once, nil
}

// Replayed reports whether the request was found to be a repetition.
func (o Once) Replayed() bool { return o.replayed != nil && o.replayed.Load() }

// Once returns the scope for a request that is to take effect once.
func (s Scope) Once(o Once) Scope {
	s.once = o
	return s
}

// onceRow is what is remembered of a request.
type onceRow struct {
	MAC       []byte `db:"request_mac"`
	Result    string `db:"result"`
	ExpiresAt int64  `db:"expires_at"`
}

// earlier looks up what is remembered of the scope's request.
func (s Scope) earlier() db.Lookup[onceRow] {
	return db.Lookup[onceRow]{Query: "SELECT request_mac, result, expires_at FROM idempotency WHERE key_id = ? AND route = ? AND idem_key = ?",
		Args: []any{s.principal.KeyID, s.once.route, s.once.key}, Of: []db.Of{{Table: onceTable.Name, Object: s.once.key}}}
}

// Earlier tells inside tx what the same request made before; empty if it did
// not. Replayed if its Idempotency-Key came with another request.
func (s Scope) Earlier(tx *db.Tx) (result string, err error) {
	if s.once.key == "" {
		return "", nil
	}
	row, err := s.earlier().One(&tx.Conn)
	if err != nil || row == nil || row.ExpiresAt <= int64(history.At(tx)) {
		return "", err
	}
	if subtle.ConstantTimeCompare(row.MAC, s.once.mac[:]) == 0 {
		return "", fault.New(fault.Replayed, "", "the Idempotency-Key was used with another request")
	}
	s.once.replayed.Store(true)
	return row.Result, nil
}

// Remember stores in tx what the request made, and forgets what is too old.
func (s Scope) Remember(tx *db.Tx, result string) error {
	if s.once.key == "" {
		return nil
	}
	now := int64(history.At(tx))
	tx.Insert(onceTable, s.once.key, s.principal.KeyID, s.once.route, s.once.key, s.once.mac[:], result, now+IdempotencyTime.Microseconds())
	tx.Afterwards("DELETE FROM idempotency WHERE expires_at <= ?", now)
	return nil
}
