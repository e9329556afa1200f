// Package history records who changed what, when and why, and makes every change of
// that record visible. Ids are strings here: it does not know what an organization
// or a client is. It opens no file; keys are given to it as bytes.
//
// It owns the event and its exact bytes, the RFC 6962 Merkle tree over all events,
// proofs, checkpoints and receipts, the clock that never goes back, and the feed of
// committed events that caches and the organization tree follow. event.go, tree.go,
// keys.go and the parsing in checkpoint.go and receipt.go need no database; Log and
// Publisher store what these compute. A closure queues events with Record; the
// committer numbers the events of a batch in the transaction of the changes.
//
// Invariants: an event's bytes are never encoded again; recorded_at strictly
// increases from change to change, so that "known at" is a total order; tiles and
// entries are shown only below the newest stored checkpoint; a size that was signed
// is never signed with another root.
//
// docs/log.md describes the formats and how outsiders verify them.
// It may import tenancy/db and tenancy/fault.
package history
