package history

import "tenure/tenancy/db"

// Erase deletes what the events about an object say beyond their envelopes,
// with its salts. The entries, their leaves and every proof stay as they are.
func Erase(tx *db.Tx, object string) error {
	if _, err := tx.Exec(`INSERT INTO erasure (ref, recorded_at) SELECT CAST(d.idx AS TEXT), CAST(? AS BIGINT) FROM log_detail d
		JOIN log_event e ON e.idx = d.idx WHERE e.object_id = ? ON CONFLICT (ref) DO NOTHING`, int64(At(tx)), object); err != nil {
		return err
	}
	_, err := tx.Exec("DELETE FROM log_detail WHERE idx IN (SELECT e.idx FROM log_event e WHERE e.object_id = ?)", object)
	return err
}
