// Package erasing takes what a client said out of the database: contents, search
// terms, hashes of secrets, details of events. The rows that proofs need stay.
//
// It owns the statements that do it, in the order in which the triggers allow them.
// Who may erase what is decided in package snapshots, inside whose transaction it
// is asked; so it needs no Scope.
//
// It may import tenancy and tenancy/{db,history}.
package erasing
