// Package snapshots keeps clients, setups and resource servers as series of
// immutable snapshots keyed by module, setup and valid_from. Its files are
// families: read_ (one entity at an instant), list, write_, secret_; beside them
// a setup's policy, registrations, the caches and the consistency check.
//
// Reading order: entity.go, read_question.go, read_resolve.go, write.go,
// write_place.go, write_append.go, secret.go. docs/model.md says what users see.
//
// Invariants: nothing is edited in place; of the snapshots that were not
// withdrawn, the one with the greatest valid_from not after an instant is in
// force then, and no two have the same valid_from; every change appends its
// event to the log in the same transaction; every method takes a tenancy.Scope
// and refuses the zero one. Change.Apply makes the new document inside the
// transaction, from the base at the write's own valid_from, so that no update
// is lost.
//
// It may import document, credential, jwk, tenancy and tenancy/{fault,db,history}.
package snapshots
