package history

import (
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// freshName is the row of installation whose value is the origin under which
// nothing was signed yet. It goes with the first checkpoint.
const freshName = "log-origin-unsigned"

func beginFresh(tx *db.Tx, origin string) error {
	_, err := tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", freshName, origin)
	return err
}

func endFresh(tx *db.Tx) error {
	_, err := tx.Exec("DELETE FROM installation WHERE name = ?", freshName)
	return err
}

func isFresh(c *db.Conn, origin string) (bool, error) {
	var named string
	err := c.Get(&named, "SELECT value FROM installation WHERE name = ?", freshName)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return named == origin, err
}

// signable refuses a log that has no checkpoint under its origin, though one was
// signed.
func (s state) signable() error {
	if s.fresh {
		return nil
	}
	return fault.New(fault.Conflict, CodeRefused, "the database has no checkpoint of %q, though one was signed: they were removed. "+
		"Restore a backup that has them, or go on under another origin with tenure log new-origin; until then nothing is signed", s.origin)
}
