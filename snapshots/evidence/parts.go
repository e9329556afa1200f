package evidence

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Why a detail is not in a bundle.
const (
	gone     = "erased"
	withheld = "withheld"
)

var uuids = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)

// discloses reports whether a detail names no organization outside of the
// scope.
func (b *Bundle) discloses(env history.Envelope, detail []byte) bool {
	if env.ObjectKind != history.ObjectOrganization {
		return true
	}
	for _, id := range uuids.FindAllString(string(detail), -1) {
		if org, err := tenancy.ParseOrgID(id); err != nil || !b.scope.Covers(org) {
			return false
		}
	}
	return true
}

func (b *Bundle) lastCheckpoint(_ context.Context, w io.Writer) error {
	_, err := w.Write(b.last.Note)
	return err
}

// checkpoints writes the one from before the bundle's first event, or the
// oldest there is, and the proof that the last grew from it.
func (b *Bundle) checkpoints(ctx context.Context, z *zip.Writer) error {
	before := b.last.Size
	if len(b.indexes) > 0 {
		before = b.indexes[0]
	}
	var first history.Checkpoint
	var path tlog.TreeProof
	err := b.exporter.DB.View(ctx, func(c *db.Conn) (err error) {
		if first, err = history.CheckpointBefore(c, b.last.Origin, before); err != nil {
			return err
		}
		if first.Size > b.last.Size { // signed since
			first = b.last
		}
		path, err = history.NewTiles(c).Consistency(first.Size, b.last.Size)
		return err
	})
	if err == nil && first.Size > 0 {
		err = tlog.CheckTree(path, b.last.Size, b.last.Root, first.Size, first.Root)
	}
	if err != nil {
		return fmt.Errorf("consistency of the log: %w", err)
	}
	if err := b.add(z, fileFirst, func(w io.Writer) error { _, err := w.Write(first.Note); return err }); err != nil {
		return err
	}
	if err := b.addJSON(z, fileConsistency, consistency{first.Size, b.last.Size, hexes(path)}); err != nil {
		return err
	}
	return b.since(ctx, z)
}

func (b *Bundle) addJSON(z *zip.Writer, name string, v any) error {
	return b.add(z, name, func(w io.Writer) error { return writeLine(w, v) })
}

// body reads a snapshot's salt and content.
func (b *Bundle) body(ctx context.Context, id string) (salt, content []byte, err error) {
	var row struct {
		Salt    []byte `db:"salt"`
		Content string `db:"content"`
	}
	err = b.exporter.DB.View(ctx, func(c *db.Conn) error {
		return c.Get(&row, "SELECT salt, content FROM snapshot_body WHERE snapshot_id = ?", id)
	})
	return row.Salt, []byte(row.Content), err
}

// snapshots writes the content of each, and then what was written of each: one
// that is erased in the meantime is told as what it was here.
func (b *Bundle) snapshots(ctx context.Context, z *zip.Writer) error {
	b.gone = make(map[string]bool)
	for i := range b.refs {
		ref := &b.refs[i]
		salt, content, err := b.body(ctx, ref.ID)
		if fault.Is(err, fault.NotFound) {
			ref.Erased, b.gone[ref.ID] = true, true
			b.erased++
			b.missing.missing = append(b.missing.missing, missing{ref.object, "snapshot " + ref.ID, ref.Index})
			continue
		}
		if err != nil {
			return err
		}
		if sum := history.Commitment(salt, content); hex.EncodeToString(sum[:]) != ref.commitment {
			return fmt.Errorf("snapshot %s: the content does not match the log", ref.ID)
		}
		ref.Salt = hex.EncodeToString(salt)
		if err := b.add(z, dirSnapshots+ref.ID+".json", func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		}); err != nil {
			return err
		}
	}
	return b.add(z, fileSnapshots, func(w io.Writer) error {
		for _, ref := range b.refs {
			if err := writeLine(w, ref.content); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *Bundle) madeBy() string { return b.scope.Event(history.Event{}).Actor }

// manifest is all of it but the files.
func (b *Bundle) manifest() manifest {
	instant := func(m history.Micros) string {
		if m == 0 {
			return ""
		}
		return m.Time().Format(time.RFC3339Nano)
	}
	to := b.filter.To
	if to > b.made { // there is nothing later, so this is no bound, and would promise more
		to = 0
	}
	return manifest{Version: version, Origin: b.last.Origin, MadeAt: instant(b.made), MadeBy: b.madeBy(),
		MadeWith: b.exporter.Program, Organization: string(b.scope.Acting()), Pages: pages.Form,
		Filter:  filter{Clients: b.filter.Clients, Organization: string(b.filter.Organization), From: instant(b.filter.From), To: instant(to)},
		LogSize: b.last.Size, LogRoot: hex.EncodeToString(b.last.Root[:]), WholeLog: int64(len(b.indexes)) == b.last.Size,
		Events: int64(len(b.indexes)), Erased: b.erased, Withheld: b.withheld, Snapshots: int64(len(b.refs)),
		Objects: slices.Clone(b.objects)}
}

// sign writes the manifest and the signature over it.
func (b *Bundle) sign(z *zip.Writer, m manifest) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if len(text) > maxManifest {
		return fmt.Errorf("the manifest has more than %d bytes", maxManifest)
	}
	keys, err := b.signers()
	if err != nil {
		return err
	}
	note, err := keys.SignNote(KeyName(b.last.Origin), statement(b.last.Origin, sha256.Sum256(text)))
	if err != nil {
		return err
	}
	if err := b.add(z, fileManifest, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	return b.add(z, fileSignature, func(w io.Writer) error { _, err := w.Write(note); return err })
}
