// Package slashid is the surface of SlashID's management API for organizations and
// OAuth2 clients. Users read docs/api/slashid.md, which also says what was chosen
// where SlashID's pages are silent.
//
// It owns the routes below /oauth2/clients and /organizations, their envelope, the
// conversions between the client object and the domain, and the filter language of
// the list of suborganizations. It does not own scheduling, secrets or access:
// those belong to snapshots and tenancy.
//
// Reading order: routes.go, read.go, list.go, write.go, types.go, convert.go,
// rules.go, errors.go, organizations.go.
//
// Invariants: a read that is sent back changes nothing; a PATCH that changes
// nothing appends no snapshot; a secret is shown once, in the answer to the call
// that made it.
//
// It may import handlers/web, snapshots, snapshots/document, jwk, tenancy and
// tenancy/{fault,history,db}.
package slashid
