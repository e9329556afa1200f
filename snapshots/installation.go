package snapshots

import (
	"context"
	"crypto/sha256"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// installed is what the installation holds under a name: value, if it held
// nothing yet. Every node is told the same.
func (s *Store) installed(ctx context.Context, name, value string) (string, error) {
	var held string
	read := func(c *db.Conn) error { return c.Get(&held, "SELECT value FROM installation WHERE name = ?", name) }
	err := s.db.View(ctx, read)
	if fault.Is(err, fault.NotFound) {
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value); err != nil {
				return err
			}
			return read(&tx.Conn)
		})
	}
	return held, err
}

// bindPageKey makes ready what all nodes seal page tokens with. It guards
// where a page ended, no secret, and so may be in the database.
func (s *Store) bindPageKey(ctx context.Context) error {
	held, err := s.installed(ctx, "page-key", s.ids.Token(""))
	s.pageKey = sha256.Sum256([]byte(held))
	return err
}

// PageKey is what page tokens are sealed with, the same at every node.
func (s *Store) PageKey() [32]byte { return s.pageKey }
