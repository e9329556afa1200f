// Package tenure embeds the database schema; it holds nothing else.
//
// The map of the module, in the order data flows and imports point:
//
//	jwk/strictjson   strict JSON: reading, canonical form, writing
//	jwk/x509view     certificates, field by field
//	jwk              key sets: check on write, render on read
//	tenancy/fault    the one error vocabulary
//	tenancy/db       SQLite and PostgreSQL: open, read, group commit, retry
//	tenancy/history  who, when and why of every change, and the Merkle log of it
//	tenancy          organizations, API keys, and Authorize, the only maker of a Scope
//	snapshots        clients, setups and resource servers as immutable snapshots
//	handlers/web     what the HTTP surfaces share
//	handlers/...     one package a surface: nevismeta, api
//	handlers         mounts every surface
//	cmd/tenure       the program
package tenure

import _ "embed"

// Schema is schema.sql: every table, index and trigger. Statements between
// "-- +sqlite" or "-- +postgres" and "-- +end" are for that engine only.
//
//go:embed schema.sql
var Schema string

// SchemaVersion is the version that Schema makes; a database with a greater
// one is refused.
const SchemaVersion = 3
