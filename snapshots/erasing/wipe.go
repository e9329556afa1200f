package erasing

import (
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Wipe removes the rows. The triggers let go only what the table erasure names.
func Wipe(tx *db.Tx, module, setup, id string) error {
	at := int64(history.At(tx))
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO erasure (ref, recorded_at) VALUES (?, ?)", []any{id, at}},
		{`INSERT INTO erasure (ref, recorded_at) SELECT s.snapshot_id, CAST(? AS BIGINT) FROM snapshot s
			WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?`, []any{at, module, setup, id}},
		{`DELETE FROM snapshot_body WHERE snapshot_id IN (SELECT s.snapshot_id FROM snapshot s
			WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?)`, []any{module, setup, id}},
		{"DELETE FROM entity_term WHERE entity_id = ?", []any{id}},
		{"UPDATE client_secret SET hash = '', sealed = ?, last4 = '' WHERE entity_id = ?", []any{[]byte{}, id}},
		{"DELETE FROM client_use WHERE entity_id = ?", []any{id}},
		// An answer is remembered from when its snapshot was recorded, so the index of what expires finds it.
		{`DELETE FROM idempotency WHERE expires_at IN (SELECT s.recorded_at + CAST(? AS BIGINT) FROM snapshot s
			WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?) AND result IN (SELECT s.snapshot_id FROM snapshot s
			WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?)`,
			[]any{tenancy.IdempotencyTime.Microseconds(), module, setup, id, module, setup, id}},
	} {
		if _, err := tx.Exec(step.query, step.args...); err != nil {
			return err
		}
	}
	return history.Erase(tx, id)
}
