package evidence

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
	"tenure/tenancy/text/cells"
)

// row is an event as people read it.
type row struct {
	Index, Seq                                                  int64
	Recorded, Effective, Kind, ObjectKind, Object, Owner, Ref   string
	Actor, ActingOrg, Surface, Reason, Content, Entry, Previous string
}

func rowOf(s history.Stored, e history.Envelope) row {
	sum := history.Commitment(s.Salt, s.Envelope)
	return row{Index: s.Index, Seq: e.Seq, Recorded: e.RecordedAt.Time().Format(time.RFC3339Nano),
		Effective: e.Effective.Time().Format(time.RFC3339Nano), Kind: string(e.Kind), ObjectKind: e.ObjectKind, Object: e.Object,
		Owner: e.Org, Ref: e.Ref, Actor: e.Actor, ActingOrg: e.ActingOrg, Surface: e.Surface, Reason: e.Reason,
		Content: e.Content, Entry: fmt.Sprintf("%x", sum), Previous: e.Previous}
}

var columns = []string{"log_index", "recorded_at", "effective_at", "kind", "object_kind", "object", "sequence", "owner_organization_id",
	"reference", "actor", "acting_organization_id", "surface", "reason", "content_commitment", "commitment", "previous_commitment"}

// csv writes events.csv.
func (b *Bundle) csv(ctx context.Context, w io.Writer) error {
	if err := cells.Write(w, columns); err != nil {
		return err
	}
	return b.pages(ctx, w, func(_ *db.Conn, out *bytes.Buffer, s history.Stored, env history.Envelope) error {
		r := rowOf(s, env)
		return cells.Write(out, []string{strconv.FormatInt(r.Index, 10), r.Recorded, r.Effective, r.Kind, r.ObjectKind, r.Object,
			strconv.FormatInt(r.Seq, 10), r.Owner, r.Ref, r.Actor, r.ActingOrg, r.Surface, r.Reason, r.Content, r.Entry, r.Previous})
	})
}

// page is events.html: it runs nothing and loads nothing.
var page = template.Must(template.New("page").Parse(`{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence of {{.Origin}}</title>
<style>body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:.3em .5em;text-align:left;vertical-align:top}td{overflow-wrap:anywhere}thead{background:#eee}</style>
</head><body><h1>Evidence of {{.Origin}}</h1>
<p>{{.Events}} events for organization {{.Org}}, at a log of {{.Size}} entries, made {{.Made}}. This page is for reading; README.txt says how to verify what it shows.</p>
<table><thead><tr><th scope="col">Entry</th><th scope="col">Recorded</th><th scope="col">What</th><th scope="col">Object</th><th scope="col">Effective</th><th scope="col">Who</th><th scope="col">Why</th></tr></thead><tbody>
{{end}}{{define "row"}}<tr id="e{{.Index}}"><td>{{.Index}}</td><td>{{.Recorded}}</td><td>{{.Kind}}{{if .Content}}<br><a href="snapshots/{{.Ref}}.json">{{.Ref}}</a>{{else if .Ref}}<br>{{.Ref}}{{end}}</td><td>{{.ObjectKind}} {{.Object}}, event {{.Seq}}<br>of {{.Owner}}</td><td>{{.Effective}}</td><td>{{.Actor}}<br>for {{.ActingOrg}}, by {{.Surface}}</td><td>{{.Reason}}</td></tr>
{{end}}{{define "foot"}}</tbody></table></body></html>
{{end}}`))

func (b *Bundle) html(ctx context.Context, w io.Writer) error {
	if err := page.ExecuteTemplate(w, "head", map[string]any{"Origin": b.last.Origin, "Events": len(b.indexes),
		"Org": b.scope.Acting(), "Size": b.last.Size, "Made": b.made.Time().Format(time.RFC3339)}); err != nil {
		return err
	}
	err := b.pages(ctx, w, func(_ *db.Conn, out *bytes.Buffer, s history.Stored, env history.Envelope) error {
		return page.ExecuteTemplate(out, "row", rowOf(s, env))
	})
	if err != nil {
		return err
	}
	return page.ExecuteTemplate(w, "foot", nil)
}

func (b *Bundle) readme(_ context.Context, w io.Writer) error {
	_, err := fmt.Fprintf(w, readme, b.last.Origin, b.last.Size, KeyName(b.last.Origin))
	return err
}

const readme = `Evidence of the log %s, at %d entries

WHAT IS IN IT
  events.html, events.csv   the events, to read
  events.jsonl              the same as they are proved: index in the log, salt, exact envelope
  snapshots/                what clients, setups and resource servers were set to, exact bytes
  snapshots.jsonl           the salt of each; "erased" where the content was deleted by law:
                            that it was there, when and by whom stays proved
  proofs.jsonl              for each event the path from its leaf to the root of checkpoints/last
  checkpoints/              a signed statement of the log's size and root from before the period (or
                            the oldest there is), one that all proofs go to, and the proof between
  manifest.json             who asked for what, each object with its first and last sequence
                            number, each file with its SHA-256
  manifest.sig              the signature over that
  keys.txt                  the public keys

TO VERIFY, with no server and no network:
  tenure verify FILE --key LOG_KEY --key EVIDENCE_KEY
It says one sentence a check, names the first entry that is wrong, and exits with 9 if one is. Take
the keys from where you already trust them: those in keys.txt came the same way as the rest.

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

WHAT IT CANNOT PROVE
  An operator who holds the keys and the database can make another history from the start. That shows
  only to whoever kept an earlier checkpoint: compare checkpoints/first and last with yours, keep last,
  and let "tenure log watch" keep more. An object that was left out as a whole shows only against
  another bundle or a copy of the log's size: index numbers between those here belong to others, or to
  nobody you were told of. That a content was "erased" is the operator's word. Times are the server's own clock. events.html and events.csv are written
  from events.jsonl, and are evidence of nothing by themselves.
`
