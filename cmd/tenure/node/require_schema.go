package node

import (
	"context"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db"
)

// RequireSchema refuses an empty database: opening it to write would make the
// tables, and a rehearsal writes nothing.
func RequireSchema(dsn string) error {
	d, err := db.Open(context.Background(), dsn, db.Options{ReadOnly: true})
	if err != nil {
		return exit.With(exit.Database, err)
	}
	return d.Close()
}
