// Package db opens the database and knows nothing about what is stored in it.
//
// It owns the connection settings of SQLite and PostgreSQL (all of them in the
// DSN, so that every pooled connection has them), the schema version, read
// views, and the one way to write: Write queues a closure that the committer
// runs, up to 256 closures to a transaction, each under its own savepoint
// (group commit). A closure is pure and may be run again: it assigns what it
// found and touches nothing but its Tx.
//
// Invariant: Write answers nil only after the transaction is durable
// (synchronous FULL on SQLite), and a closure's error never harms its
// neighbours in the batch.
//
// Driver errors are classified here (sqlite.go, postgres.go), by code, never
// by text. It may import the root package (the schema) and tenancy/fault.
package db
