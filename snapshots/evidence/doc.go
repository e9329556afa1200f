// Package evidence writes a part of the history as one file that anybody can verify
// without server and network, and verifies such files.
//
// It owns the bundle: which events belong to it (choose.go), its files (types.go),
// the signed manifest, the reader for files that others made (files.go), the checks
// (verify*.go) and evidence.schema.json. Commitments, leaves, checkpoints and
// signatures are package tenancy/history's, what people read package pages'.
//
// Invariants: all proofs lead to one checkpoint; an organization outside the scope
// is not named; what was erased is marked as erased; writing a bundle appends no
// event. For each object the manifest has the first and last sequence number and
// their total at the checkpoint, so that gaps and cuts are found. An object that is
// missing as a whole is found only by comparing with another bundle, or in a bundle
// of the whole log.
//
// docs/evidence.md describes the files for those who verify them.
// It may import snapshots, its own pages, tenancy and what is below.
package evidence
