package history

import "tenure/tenancy/db"

var erasureTable = db.NewTable("erasure", "ref, recorded_at", "")

// Release names what the triggers let go from then on: a snapshot_id, an entity_id or
// an index of the log, each once.
func Release(tx *db.Tx, refs ...string) {
	for _, ref := range refs {
		tx.Insert(erasureTable, "", ref, int64(At(tx)))
	}
}

// Erase deletes what the events about an object say beyond their envelopes,
// with its salts. The entries, their leaves and every proof stay as they are.
func Erase(tx *db.Tx, object string) error {
	var refs []string
	if err := tx.Select(&refs, `SELECT CAST(d.idx AS TEXT) FROM log_detail d JOIN log_event e ON e.idx = d.idx WHERE e.object_id = ?
		AND NOT EXISTS (SELECT 1 FROM erasure x WHERE x.ref = CAST(d.idx AS TEXT)) ORDER BY d.idx`, object); err != nil {
		return err
	}
	Release(tx, refs...)
	_, err := tx.Exec("DELETE FROM log_detail WHERE idx IN (SELECT e.idx FROM log_event e WHERE e.object_id = ?)", object)
	return err
}
