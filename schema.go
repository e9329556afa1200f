// Package tenure embeds the database schema. The map of the module, in the order
// of the data flow and of imports:
//
//	jwk/strictjson        strict JSON: reading, canonical form, writing
//	jwk/x509view          certificates, field by field
//	jwk                   key sets: check on write, render on read
//	tenancy/fault         the one error vocabulary
//	tenancy/db            SQLite and PostgreSQL: open, read, group commit, retry
//	tenancy/db/migrate    numbered SQL that brings an older database up to schema.sql
//	tenancy/history       who, when and why of every change, and the Merkle log of it
//	tenancy               organizations, API keys, and Authorize, the only maker of a Scope
//	snapshots/document    clients, setups and resource servers: members, canonical bytes, rules
//	snapshots/credential  hashes and sealed copies of client secrets
//	snapshots/diff        what two documents differ in, by meaning
//	snapshots             the store of clients, setups and resource servers as immutable snapshots
//	snapshots/evidence    bundles that prove a part of the history offline
//	handlers/web          what the HTTP surfaces share
//	handlers/...          one package a surface; handlers mounts them
//	cmd/tenure            the program
package tenure

import _ "embed"

// Schema is schema.sql: every table, index and trigger. Statements between
// "-- +sqlite" or "-- +postgres" and "-- +end" are for that engine only.
//
//go:embed schema.sql
var Schema string

// SchemaVersion is the version that Schema makes. tenancy/db/migrate brings
// older databases up to it.
const SchemaVersion = 4

// OldestSchema is the oldest version that tenancy/db/migrate can start from.
const OldestSchema = 3
