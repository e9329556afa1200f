package erasing

import (
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Wipe removes the rows. The triggers let go only what the table erasure names.
func Wipe(tx *db.Tx, module, setup, id string) error {
	var snapshots []string
	if err := tx.Select(&snapshots, "SELECT s.snapshot_id FROM snapshot s WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ? ORDER BY s.snapshot_id",
		module, setup, id); err != nil {
		return err
	}
	history.Release(tx, append(snapshots, id)...)
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`DELETE FROM snapshot_body WHERE snapshot_id IN (SELECT s.snapshot_id FROM snapshot s
			WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?)`, []any{module, setup, id}},
		{"DELETE FROM entity_term WHERE entity_id = ?", []any{id}},
		{"UPDATE client_secret SET hash = '', sealed = ?, last4 = '' WHERE entity_id = ?", []any{[]byte{}, id}},
		{"UPDATE secret_copy SET salt = ?, sealed = ? WHERE secret_id IN (SELECT secret_id FROM client_secret WHERE entity_id = ?)", []any{[]byte{}, []byte{}, id}},
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
