// Package diff compares two documents of one kind by what they mean.
//
// It owns the comparison (diff.go, walk.go), what its parts are (part.go,
// keys.go, chain.go, named.go, json.go), the table of risks in words (rules.go
// and its siblings), the forms in which a difference is told (patch.go, rows.go,
// text.go, markdown.go), and which snapshot last set a member (blame.go). All of
// it is pure: instants that matter are arguments, and no document is changed.
// It does not own what members there are: those are the field tables of package
// document, by document.Members.
//
// Reading order: diff.go, walk.go, risk.go, rules.go, patch.go.
//
// Choices:
//   - Lists mean sets, whose order is no change, but for default_acr_values,
//     which are in order of preference (OIDC Core section 3.1.2.1). What is only
//     written in another order stands in Result.Reordered, and in patches, which
//     make the exact bytes.
//   - Keys are the same by RFC 7638 thumbprint, certificates by their bytes: one
//     that is replaced is one removed and one added, each with subject, issuer,
//     serial number and dates.
//   - Localized texts are told apart by name and locale, scopes of a resource
//     server by name, free JSON member by member.
//   - A risk is said of a change, in words, with a level and with what it is about:
//     what it lets others do, what it breaks, what people see. For a new document
//     only those rules hold that are about what stands in it.
//   - A merge patch cannot set null: what it leaves unsaid is returned with it.
//   - Documents hold no secret, so no difference does.
//
// Cost: linear in the documents' bytes, but for lists that differ, which are
// aligned in time that grows with the product of what differs, bounded by the
// rules' limits on lists. Two clients with 50 redirect URIs and 10 keys take
// about 0.3 ms (BenchmarkOf).
//
// It may import document, jwk, jwk/strictjson and jwk/x509view.
package diff
