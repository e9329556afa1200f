// Package history keeps who changed what, when and why, and makes it evident
// when that record is altered.
//
// It owns the event and its exact bytes, the RFC 6962 Merkle tree over all
// events (log_head, log_event, full log_tile rows), its proofs, checkpoints and
// receipts, the hybrid clock, and the feed of committed events that caches and
// the organization tree follow. It does not know what an organization or a
// client is: ids are strings here. It opens no file: keys, and what is kept
// outside the database, are handed to it as bytes.
//
// The arithmetic (event.go, tree.go, keys.go, the parsing in checkpoint.go and
// receipt.go) is pure. Log is the thin store over it:
// a closure queues events with Record; the committer sequences all events of
// a batch once, in the same transaction as the changes themselves.
//
// Forms, fixed from the first day: the envelope is the JSON that Envelope
// documents, stored as bytes and never encoded again; the public entry of an
// event is "v1", a line feed, the lower-case hex of SHA-256(salt, envelope)
// and a line feed; its leaf hash is RFC 6962's over that entry. A checkpoint is
// a C2SP tlog-checkpoint of three lines, a receipt a C2SP tlog-proof.
//
// Publisher signs: on demand, never in the transaction of a change, at most once
// in SignEvery over all nodes, and only after it has seen that the head is the
// root of its tree and that the tree begins with the last checkpoint. What it
// signed it stores in a transaction of its own, without an event; the size is
// the primary key, and what is read back there, of whichever node, is what is
// published: after commit, and after it is kept outside the database too. Tiles
// and entries are shown below the newest stored checkpoint only.
//
// Choices: recorded_at strictly increases over the changes of an
// installation, so that "known at" is a total order; all events of one change
// share it. A reason stands in the envelope and so stays when content is erased.
//
// The log's origin is made once, with the first key, and stands in the table
// installation. A database that is behind what was published, or has another
// history, is refused (CodeRefused) until NewOrigin: the origin becomes
// …/log2, …/log3, and so on, and the event that begins it keeps the last
// checkpoint of the old one in its detail. The tree goes on: indexes, sizes and
// the leaves before stay, so that earlier entries are proved under the new
// origin too, and a size that was signed is never signed again under either.
// To those who followed the old origin the new one is another log, which they
// take up by hand, with that event as the reason.
//
// All keys of the file sign. A key file of which no key has signed the newest
// checkpoint is refused: a new key stands beside the old one for at least one
// checkpoint. Incomplete tiles are computed from rows: a tile above the leaves
// that is not full yet is remembered in memory, up to 8 kB a level.
//
// It may import tenancy/db and tenancy/fault.
package history
