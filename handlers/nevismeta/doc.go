// Package nevismeta is the surface of the nevisMeta REST API: V2 (setups,
// resource servers and clients with their snapshots) and the V3 dynamic
// registration of a client. What it promises, and what it chose where the
// published pages are silent or disagree, is in docs/api/nevismeta.md.
//
// It owns the wire types of that dialect, the two pure conversions between
// them and the domain, its rules, its error codes and its routes. It does not
// own scheduling, inheritance, secrets or access: those are snapshots' and
// tenancy's. Reading order: types.go, convert*.go, rules.go, errors.go,
// routes.go.
//
// Invariants: a client's document that was read and is sent back, but for
// valid_from, keeps the stored content. A secret is shown only in an answer that is
// logged as a disclosure or that made it.
//
// It may import handlers/web, snapshots, jwk, tenancy and tenancy/{fault,history,db}.
package nevismeta
