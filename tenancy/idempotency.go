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

// Earlier tells inside tx what the same request made before; empty if it did
// not. Replayed if its Idempotency-Key came with another request.
func (s Scope) Earlier(tx *db.Tx) (result string, err error) {
	if s.once.key == "" {
		return "", nil
	}
	var row struct {
		MAC    []byte `db:"request_mac"`
		Result string `db:"result"`
	}
	err = tx.Get(&row, `SELECT request_mac, result FROM idempotency WHERE key_id = ? AND route = ? AND idem_key = ? AND expires_at > ?`,
		s.principal.KeyID, s.once.route, s.once.key, int64(history.At(tx)))
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err == nil && subtle.ConstantTimeCompare(row.MAC, s.once.mac[:]) == 0 {
		return "", fault.New(fault.Replayed, "", "the Idempotency-Key was used with another request")
	}
	s.once.replayed.Store(err == nil)
	return row.Result, err
}

// Remember stores in tx what the request made, and forgets what is too old.
func (s Scope) Remember(tx *db.Tx, result string) error {
	if s.once.key == "" {
		return nil
	}
	now := history.At(tx)
	if _, err := tx.Exec("DELETE FROM idempotency WHERE expires_at <= ?", int64(now)); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO idempotency (key_id, route, idem_key, request_mac, result, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		s.principal.KeyID, s.once.route, s.once.key, s.once.mac[:], result, int64(now)+IdempotencyTime.Microseconds())
	return err
}
