// Package history keeps who changed what, when and why, and makes it evident
// when that record is altered.
//
// It owns the event and its exact bytes, the RFC 6962 Merkle tree over all
// events (log_head, log_event, full log_tile rows), the hybrid clock, and the
// feed of committed events that caches and the organization tree follow. It
// does not know what an organization or a client is: ids are strings here.
//
// The arithmetic (event.go, tree.go) is pure. Log is the thin store over it:
// a closure queues events with Record; the committer sequences all events of
// a batch once, in the same transaction as the changes themselves.
//
// Forms, fixed from the first day: the envelope is the JSON that Envelope
// documents, stored as bytes and never encoded again; the public entry of an
// event is "v1", a line feed, the lower-case hex of SHA-256(salt, envelope)
// and a line feed; its leaf hash is RFC 6962's over that entry. Checkpoints
// are signed and served by a later part.
//
// Choices: recorded_at strictly increases over the changes of an
// installation, so that "known at" is a total order; all events of one change
// share it. A reason stands in the envelope and so stays when content is erased.
//
// It may import tenancy/db and tenancy/fault.
package history
