// Package nevismeta is the surface of the nevisMeta REST API: V2 (setups,
// resource servers and clients with their snapshots) and the V3 dynamic
// registration of a client. Users read docs/api/nevismeta.md, which also says what
// was chosen where the published pages are silent or disagree.
//
// It owns the wire types of that dialect, the two pure conversions between
// them and the domain, its rules, its error codes and its routes. It does not
// own scheduling, inheritance, secrets or access: those belong to snapshots and
// tenancy. Reading order: routes.go, read.go, list.go, write.go, types.go,
// convert.go, rules.go, errors.go.
//
// Invariants: a client's document that was read and is sent back, but for
// valid_from, keeps the stored content. A secret is shown only in an answer that is
// logged as a disclosure or that made it.
//
// It may import handlers/web, snapshots, snapshots/document, jwk, tenancy and tenancy/{fault,history,db}.
package nevismeta
