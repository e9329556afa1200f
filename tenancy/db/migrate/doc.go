// Package migrate brings a database of an older schema version up to the one
// of the program.
//
// It owns the numbered SQL files of this folder (README.md says how one is
// written), their order, and the event that each appends to the log. It does
// not own the schema of today, which is schema.sql, nor backups, nor when a
// program migrates: that is cmd/tenure's.
//
// Invariants: a migration is one transaction under the lock of the log's head,
// with its event, its schema version and the oldest version whose programs may
// go on using the database. It only adds. Of several programs that migrate one
// database at once, one does it and the others find it done.
//
// It may import the root package, tenancy/db, tenancy/history and
// tenancy/fault.
package migrate
