// Package upkeep backs a SQLite installation up, restores it, and migrates the
// database of either engine.
//
// It owns the form of a backup: a folder with a copy of the database, the
// newest checkpoint, and a manifest that says what they are. It does not own
// how pages are copied (tenancy/db) or how a schema is changed
// (tenancy/db/migrate), nor any key: a backup names the public ids of the keys
// that its database needs, and has none of them.
//
// Invariants: a backup is of one instant, and its folder is there whole or not
// at all; nothing is overwritten; SQLite is migrated only after a backup.
//
// It may import snapshots, tenancy/db, tenancy/db/migrate, tenancy/history and
// tenancy/fault.
package upkeep
