// Package credential hashes, verifies and seals client secrets.
//
// It owns the hash formats: those this program writes (hash.go) and those it
// reads from other systems (foreign.go), with bounds on what a hash may cost;
// and the recoverable copies of secrets under a key that is not in the database
// (seal.go). It does not own which secret a client has and from when to when,
// nor how many slow hashes run at once: that is package snapshots.
//
// Invariants: comparison takes constant time; no error contains a secret; a
// sealed copy opens only under its key and for its secret's id. Randomness is
// an argument.
//
// It imports no other package of this module.
package credential
