package evidence

import (
	"context"
	_ "embed"
	"fmt"
	"io"
)

// schema is evidence.schema.json.
//
//go:embed evidence.schema.json
var schema []byte

func schemaFile(_ context.Context, w io.Writer) error {
	_, err := w.Write(schema)
	return err
}

func (b *Bundle) readme(_ context.Context, w io.Writer) error {
	_, err := fmt.Fprintf(w, readme, b.last.Origin, b.last.Size, KeyName(b.last.Origin))
	return err
}

const readme = `Evidence of the log %s, at %d entries

WHAT IS IN IT
  index.html                where to begin reading: what this is, and a page for each client, setup
                            and resource server (pages/) with every change in words
  events.html, events.csv   the events, to read. In the CSV remove one apostrophe from each cell
                            that begins with one
  events.jsonl              the same as they are proved: index in the log, salt, exact envelope
  snapshots/                what clients, setups and resource servers were set to, exact bytes
  snapshots.jsonl           the salt of each; "erased" where the content was deleted by law:
                            that it was there, when and by whom stays proved
  proofs.jsonl              for each event the path from its leaf to the root of checkpoints/last
  checkpoints/              a signed statement of the log's size and root from before the period (or
                            the oldest there is), one that all proofs go to, and the proof between;
                            since.json, if it is there: the proof from the size that was asked for;
                            earlier.jsonl: what keys signed last that sign no more
  counts.jsonl              how many objects each organization has, as the log counted them, and the
                            digest of their ids; not in a bundle of some clients or of some time
  log-keys.jsonl            the events that brought and ended the keys that sign, with their proofs
  manifest.json             who asked for what, each object with its first and last sequence
                            number, each file with its SHA-256. An object with "part" is a setup
                            from which clients inherit: only its versions are here
  manifest.sig              the signature over that
  names.json                the names of organizations, keys and clients, for the pages
  keys.txt                  the public keys
  evidence.schema.json      the form of every file, as JSON Schema

TO VERIFY, with no server and no network:
  tenure verify FILE --key LOG_KEY --key EVIDENCE_KEY
It says one sentence a check, names the first entry that is wrong, and exits with 9 if one is. Take
the keys from where you already trust them: those in keys.txt came the same way as the rest, and
without others it exits with 8. With --against OLD.zip it compares two bundles.

BY HAND, with any RFC 6962 library:
  1. commitment = SHA-256(salt, envelope), both as bytes; the salt is hex in events.jsonl
  2. entry = "v1", line feed, commitment in lower-case hex, line feed
  3. leaf = SHA-256(byte 0, entry); with the hashes of proofs.jsonl (RFC 9162 section 2.1.3.2) it must
     give the root in the third line of checkpoints/last (base64)
  4. checkpoints/last is a C2SP signed note: verify it with the first key of keys.txt
  5. in each object's events "seq" rises by one, "previous" is the commitment of the event before
  6. SHA-256(salt, file) of a snapshot is the "content" of its event's envelope
  7. manifest.sig is a C2SP signed note of %s: three lines, the last the
     SHA-256 of manifest.json in base64

  8. for each content or detail that is "erased" there is a later client.erased event of that object

WHAT IT CANNOT PROVE
  An operator who holds the keys and the database can make another history from the start. That shows
  only to whoever kept an earlier checkpoint: compare checkpoints/first and last with yours, keep last,
  and let "tenure log watch" keep more. An object that was left out as a whole shows only where
  counts.jsonl is there, or against another bundle: index numbers between those here belong to others,
  or to nobody you were told of. That a content was erased is the operator's word. Times are the server's own
  clock. Pages and tables are made from the other files, and are evidence of nothing by themselves;
  names.json is what the operator's database said.
`
