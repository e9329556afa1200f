package db

import (
	"context"

	"tenure/tenancy/fault"
)

// Stored is what is stored for the installation under a name.
func (d *DB) Stored(ctx context.Context, name string) (value string, found bool, err error) {
	err = d.View(ctx, func(c *Conn) error {
		found, err = stored(c, name, &value)
		return err
	})
	return value, found, err
}

func stored(c *Conn, name string, value *string) (bool, error) {
	err := c.Get(value, "SELECT value FROM installation WHERE name = ?", name)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Installed is Stored, after storing value if nothing was. Every node gets the same answer.
func (d *DB) Installed(ctx context.Context, name, value string) (string, error) {
	held, found, err := d.Stored(ctx, name)
	if found || err != nil {
		return held, err
	}
	err = d.Write(ctx, func(tx *Tx) error {
		tx.Timeless = true // the row says what holds, not since when
		if _, err := tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value); err != nil {
			return err
		}
		_, err := stored(&tx.Conn, name, &held)
		return err
	})
	return held, err
}
