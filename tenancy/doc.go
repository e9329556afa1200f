// Package tenancy keeps organizations and their tree, API keys and roles, and
// makes the Scope that every store method takes. It does not know what a client is.
//
// Authenticate turns a credential into a Principal, Authorize a Principal into a
// Scope; only Operator makes a Scope otherwise, and the import test allows that to
// the command alone. The zero Scope is refused everywhere. A Scope means design
// section 3: the acting organization reaches what it owns and what organizations
// below it own, nothing above or beside it.
//
// The tree is in memory, each organization with its path, so that Covers costs the
// same at any depth. A write transaction asks the rows again, because a move or a
// revocation may just have been committed.
//
// Reading order: org.go, key.go, principal.go, scope.go, store.go. docs/organizations.md
// and docs/api/v1.md say what users may do.
//
// It may import tenancy/text, tenancy/fault, tenancy/db and
// tenancy/history.
package tenancy
