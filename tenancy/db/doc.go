// Package db opens the database and knows nothing about what is stored in it.
//
// It owns the connection settings of SQLite and PostgreSQL (all of them in the
// DSN, so that every pooled connection has them), the schema version, read
// views, and the one way to write: Write queues a closure, and the committer runs
// up to 256 of them in a transaction. A closure decides: from rows that it looks up
// by key (Lookup) to rows that it inserts. It may be run again: it assigns what it
// found and touches nothing but its Tx. What the closures of a batch have foreseen
// is read in the round trip that begins the transaction, and what they insert is
// written in the one that commits it. Other statements work too, and cost a round
// trip each; only what they wrote needs a savepoint.
//
// Invariant: Write answers nil only after the transaction is durable
// (synchronous FULL on SQLite), and a closure's error never harms its
// neighbours in the batch.
//
// Driver errors are classified here (sqlite.go, postgres.go), by code, never
// by text. It may import the root package (the schema) and tenancy/fault.
package db
