// Package initial is the rows of initial access tokens (RFC 7591): who may register
// into a setup, and how often each token was used.
//
// It owns the tables initial_token, initial_token_use and initial_token_end. Who may
// make, see and end a token is decided in package snapshots, inside whose reads and
// transactions it is asked; so it needs no Scope.
//
// It may import tenancy and tenancy/{db,fault,history}.
package initial
