// Package evidence writes a chosen part of history as one file that outsiders
// verify with no server and no network, and verifies it.
//
// It owns the bundle: its choice of events (choose.go), its files (types.go has
// their forms), the signed manifest, the reader of foreign bundles (files.go)
// and the checks (verify.go). It proves nothing by itself: commitments, leaves,
// checkpoints and their signatures are tenancy/history's.
//
// A bundle is a zip, or what unpacking one gives:
//
//	manifest.json, manifest.sig   what is in it; a signed note over its digest
//	events.jsonl                  index, salt and exact envelope of each event, its detail
//	events.csv, events.html       the same for people
//	proofs.jsonl                  the inclusion proof of each event (RFC 6962 section 2.1.1)
//	snapshots/<id>.json           exact bytes of each snapshot's content
//	snapshots.jsonl               their salts, or that the content was erased
//	checkpoints/first, /last      signed checkpoints; checkpoints/consistency.json: the proof between
//	keys.txt, README.txt          verifier keys; what to do with all this
//
// Choices. All proofs go to one checkpoint, and stand in one file: a C2SP
// tlog-proof for each event would repeat that checkpoint as often, and make an
// archive of twice the files. events.csv and events.html are for reading: only
// their digests are checked. Events are read in pages, each in a view of its
// own: the log only grows and the checkpoint bounds it, and a slow reader does
// not hold one of the few connections. A snapshot that is erased meanwhile is
// told as erased. What belongs to a scope is decided once, by the owner of the
// object and the tree as it is, as everywhere. A detail that names an
// organization outside of the scope is withheld, and said to be; its event
// stays. Names of organizations stand nowhere but in such details. Writing a
// bundle is a read: it appends no event.
//
// The manifest says for each object the sequence numbers from first to last
// and their total at the checkpoint, so that a gap and a cut are found even if
// every file is consistent in itself. What an operator who has the keys leaves
// out as a whole object is found by a second bundle, or by one of the whole
// log, in which no index is missing.
//
// It may import snapshots, tenancy and what is below.
package evidence
