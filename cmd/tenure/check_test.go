package main

import (
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// TestReadingAllTakesItsTime: a statement of check and verify may take longer than a request, unless
// the address says otherwise, and such a command cannot write.
func TestReadingAllTakesItsTime(t *testing.T) {
	dsn := dbtest.Postgres(t)
	dbtest.Open(t, dsn, db.Options{}) // makes the tables
	for parameter, want := range map[string]string{"": "1d", "&statement_timeout=7000": "7s"} {
		d := dbtest.Open(t, dsn+parameter, readingAll())
		must(t, d.View(t.Context(), func(c *db.Conn) error {
			var got, writes string
			must(t, c.Get(&got, "SHOW statement_timeout"))
			must(t, c.Get(&writes, "SHOW default_transaction_read_only"))
			if got != want || writes != "on" {
				t.Errorf("%s: statement_timeout is %s, want %s; read-only is %s", parameter, got, want, writes)
			}
			return nil
		}))
	}
}
