// Package document is the content of a snapshot: Client, Setup and
// ResourceServer, without the database, a protocol or a tenant.
//
// It owns the domain types (client.go), their member tables (members.go,
// members_client.go), the canonical bytes (canonical_encode.go,
// canonical_decode.go), reading of documents in domain names (parse_input.go),
// of key sets and free JSON (values.go), the description of members
// for other packages (describe.go), the validation rules (rules*.go) with the tables of what each member
// holds (table_uri.go, table_text.go), and what
// a client inherits from its setup (effective.go). It does not own identifiers,
// owners, secrets or instants (package snapshots), nor wire formats (surfaces).
//
// Invariants: a member that is in its table is encoded, decoded, compared and
// checked; Decode accepts exactly the bytes that Encode writes; the bytes of
// existing content never change, since the log has their hashes; a key set
// never contains private key material; no error repeats content.
//
// It may import its own text and uri, jwk, jwk/strictjson and tenancy/fault.
package document
