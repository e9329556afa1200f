package snapshots

import (
	"context"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Sealed reports whether the database's secrets are sealed with some key.
func Sealed(ctx context.Context, d *db.DB) (bool, error) {
	var n int
	err := d.View(ctx, func(c *db.Conn) error {
		return c.Get(&n, "SELECT count(*) FROM installation WHERE name = 'sealing-key'")
	})
	return n > 0, err
}

// bindSealer notes the sealing key's public id in a new database and refuses
// another key in any other.
func (s *Store) bindSealer(ctx context.Context) error {
	if s.sealer == nil {
		return nil
	}
	bound, err := s.installed(ctx, "sealing-key", s.sealer.KeyID())
	if err != nil {
		return err
	}
	if bound != s.sealer.KeyID() {
		return fault.New(fault.Conflict, "", "the database's secrets are sealed with key %s, the key given is %s", bound, s.sealer.KeyID())
	}
	return nil
}
