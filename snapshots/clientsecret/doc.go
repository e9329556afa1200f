// Package clientsecret is the rows of clients' secrets and of their ends.
//
// It owns the tables client_secret and secret_end, and the rule when a secret ends:
// at the smallest end that counts. Who may see, make and end one is decided in package
// snapshots, inside whose reads and transactions it is asked; so it needs no Scope.
//
// It may import snapshots/credential and tenancy/{db,fault,history}.
package clientsecret
