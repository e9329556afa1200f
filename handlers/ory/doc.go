// Package ory is the part that the two client APIs of Ory Hydra share: the admin
// API (handlers/hydra) and dynamic registration (handlers/register).
//
// It owns the client object on the wire, its conversion from and to the domain,
// Hydra's validation rules, error bodies, the forms of secrets and registration
// tokens, and Edit: what a caller wants of a client, made ready for the store's
// transaction. It has no routes and makes no scope. What users need to know is in
// docs/api/hydra.md.
//
// Reading order: types.go, decode.go, convert.go, rules.go, edit.go, errors.go.
//
// Invariants: a read that is sent back changes nothing; members that this dialect
// does not carry survive every write; an error describes the first broken rule in
// Hydra's order; nothing is fetched or hashed for a client that breaks a rule.
//
// It may import handlers/web, snapshots, snapshots/document, jwk, jwk/strictjson,
// tenancy and tenancy/{fault,history}; handlers/hydra and handlers/register import
// it.
package ory
