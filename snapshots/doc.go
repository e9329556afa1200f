// Package snapshots keeps clients, setups and resource servers as series of
// immutable snapshots keyed by module, setup and valid_from.
//
// It owns publishing, scheduling, withdrawing and resolving (write.go,
// resolve.go), lists, which secrets a client has and when (secret.go,
// verify.go), a setup's policy and initial access tokens (policy.go,
// registration.go), the caches, and the consistency check. The documents, their
// bytes and rules are package document's, hashes and sealing package
// credential's. It knows no protocol: surfaces convert their wire types to
// documents and back.
//
// Invariants: nothing is edited in place; the snapshot in force at an instant
// is the one with the greatest valid_from not after it that was not withdrawn;
// at most one snapshot that is not withdrawn stands at an instant; every
// change appends its event to the log in the same transaction; every method
// takes a tenancy.Scope and refuses the zero one.
//
// The life of a write: the base is what is in force at the write's own
// valid_from; Change.Apply makes the new document of it inside the
// transaction, so that no update is lost; rules run; equal bytes append
// nothing unless Change.Always says so. An immediate write takes the transaction's instant, and at least
// 1 ms more than the snapshot it follows; the log's clock moves with it, so a
// read after the write sees it.
//
// Choices where the design is silent: one entity's burst may run at most
// 500 ms ahead of the clock, then it is told to wait, so that no tenant can
// push the clock for all. A setup's policy takes effect at once and has no
// schedule. Deleting an entity that is only planned withdraws the plans. A
// name filter compares the whole value. Secrets of a scheduled change, and the
// end of the secrets that they replace, are void when it is withdrawn; a
// scheduled change of nothing but the secret is a snapshot of its own for that
// reason. A secret added while another is planned ends when that one starts. A
// client_id held by a client of a deleted organization may be taken again by
// that organization's ancestors. Lists of what is in force at another instant
// need the permission for the past or the future. New clients belong to the
// acting organization where that lies in the setup's subtree, else to the
// setup's own. An imported hash that only other systems make is replaced when
// its secret first proves a client: the same secret under a new id, begun and
// ended as it was, and never one that can be shown.
//
// A client is used when it proves who it is by a secret or a registration token;
// being resolved by others is no use.
//
// It may import document, credential, jwk, tenancy and tenancy/{fault,db,history}.
package snapshots
