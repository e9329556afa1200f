// Package initial stores initial access tokens (RFC 7591), with which clients register
// into a setup, and counts how often each was used.
//
// It owns the tables initial_token, initial_token_use and initial_token_end. Who may
// make, see and end a token is decided in package snapshots, inside whose reads and
// transactions it is asked; so it needs no Scope.
//
// It may import tenancy and tenancy/{db,fault,history}.
package initial
