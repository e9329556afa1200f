// Package diff compares two documents of one kind by what they mean. It is pure: it
// changes no document, and instants are arguments. The members come from the field
// tables of package document. Documents contain no secret, so no difference does.
//
// Reading order: diff.go, effective.go (clients with what they inherit), walk.go,
// part.go, risk.go, rules.go, patch.go; then the forms (rows.go, text.go, markdown.go) and blame.go, which finds the snapshot that
// last set a member.
//
// A list is a set, except default_acr_values, which is in order of preference (OIDC
// Core section 3.1.2.1). Keys are the same if their RFC 7638 thumbprints are;
// certificates if their bytes are, so a replaced one is one removed and one added.
// Localized texts are matched by name and locale, scopes by name, free JSON member
// by member. A risk has a level and says what the change lets others do, what it
// breaks or what people see.
//
// The cost is linear in the documents' bytes; lists that differ are aligned in time
// that grows with the product of their differences, which the rules' limits bound.
// It may import document, jwk, jwk/strictjson and jwk/x509view.
package diff
