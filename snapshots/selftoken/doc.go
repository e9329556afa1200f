// Package selftoken is the rows of registration access tokens (RFC 7592), by which
// clients manage themselves.
//
// It owns the tables registration_token and registration_token_end. Who may add and end
// a token, and what is remembered of one, is decided in package snapshots, inside whose
// reads and transactions it is asked; so it needs no Scope.
//
// It may import tenancy/{db,history}.
package selftoken
