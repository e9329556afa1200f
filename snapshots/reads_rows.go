package snapshots

import (
	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// insertRead keeps the earliest of the times that nodes tell of a key and a
// client's snapshot.
func insertRead(tx *db.Tx, one reading, at history.Micros) error {
	_, err := tx.Exec(`INSERT INTO client_read (entity_id, key_id, snapshot_id, first_at)
		SELECT s.entity_id, CAST(? AS TEXT), s.snapshot_id, CAST(? AS BIGINT) FROM snapshot s JOIN entity e ON e.entity_id = s.entity_id
			WHERE s.snapshot_id = ? AND e.kind = 'client'
		ON CONFLICT (key_id, snapshot_id) DO UPDATE SET first_at = excluded.first_at WHERE client_read.first_at > excluded.first_at`,
		one.key, int64(at), one.snapshot)
	return err
}

// readsOf reads a client's reads, newest first, then by key and snapshot.
func readsOf(c *db.Conn, id EntityID, after *Read, limit int) ([]Read, error) {
	var rows []struct {
		Key      string         `db:"key_id"`
		Snapshot SnapshotID     `db:"snapshot_id"`
		FirstAt  history.Micros `db:"first_at"`
	}
	q := db.Builder().Select("key_id, snapshot_id, first_at").From("client_read").Where(squirrel.Eq{"entity_id": id})
	if after != nil {
		q = q.Where("first_at <= ? AND (first_at < ? OR key_id > ? OR key_id = ? AND snapshot_id > ?)",
			int64(after.FirstAt), int64(after.FirstAt), after.KeyID, after.KeyID, after.Snapshot)
	}
	err := c.SelectBuilt(&rows, q.OrderBy("first_at DESC", "key_id", "snapshot_id").Limit(uint64(limit)))
	reads := make([]Read, len(rows))
	for i, r := range rows {
		reads[i] = Read{r.Key, r.Snapshot, r.FirstAt}
	}
	return reads, err
}
