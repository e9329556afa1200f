// Package witness has both sides of C2SP tlog-witness: a Cosigner asks witnesses to
// cosign the log's checkpoints, and a Witness is one.
//
// A witness keeps, for each log that it knows, the latest checkpoint that it saw, and
// cosigns (C2SP tlog-cosignature, Ed25519) only what goes on from there. Whoever demands
// the cosignatures of witnesses that somebody else runs need not fear that a log shows
// two histories.
//
// It owns the protocol, the witness's state and what is remembered of each witness. It
// does not own checkpoints, proofs or where cosignatures are stored (tenancy/history), nor
// files: the caller keeps the state.
//
// Invariants: a witness answers only after its state is kept; it never cosigns two trees
// of a log that are not one the beginning of the other. A log is published whether or not
// witnesses answer.
//
// It may import tenancy/history and tenancy/fault.
package witness
