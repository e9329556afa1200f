package upkeep

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"tenure/snapshots"
	"tenure/tenancy/db"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/history"
)

// Read reads the manifest of a backup. An error says why dir is none that this
// program knows.
func Read(dir string) (Manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return Manifest{}, fmt.Errorf("%s is not a backup: %w", dir, err)
	}
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err = dec.Decode(&m)
	switch {
	case m.Form != "" && m.Form != form:
		err = fmt.Errorf("it has the form %q, this program knows %q", m.Form, form)
	case err == nil && (m.Database.Name != databaseFile || m.Stored != nil && m.Stored.Name != checkpointFile):
		err = errors.New("it names other files than a backup has")
	}
	if err != nil {
		return m, fmt.Errorf("%s is not a backup: %s: %w", dir, manifestFile, err)
	}
	return m, nil
}

// Verify checks a backup: its files against the manifest, and then the database
// as the consistency check does, its log with the checkpoint, and who signed
// that. It returns one sentence for each thing that is wrong. A database of an
// older schema version is checked in a migrated copy that goes away.
func Verify(ctx context.Context, dir string, steps migrate.Steps) (m Manifest, problems []string, err error) {
	if m, err = Read(dir); err != nil {
		return m, nil, err
	}
	files := []ManifestFile{m.Database}
	if m.Stored != nil {
		files = append(files, *m.Stored)
	}
	for _, want := range files {
		got, err := describe(dir, want.Name)
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s cannot be read: %v", want.Name, err))
		case got != want:
			problems = append(problems, fmt.Sprintf("%s has %d bytes with the SHA-256 %s, and %d with %s were backed up",
				want.Name, got.Bytes, got.SHA256, want.Bytes, want.SHA256))
		}
	}
	if len(problems) > 0 { // nothing else of it can be relied on
		return m, problems, nil
	}
	name := filepath.Join(dir, databaseFile)
	if len(steps.After(m.Schema)) > 0 {
		copied, err := os.MkdirTemp("", "tenure-verify-")
		if err != nil {
			return m, nil, err
		}
		defer os.RemoveAll(copied)
		name = filepath.Join(copied, databaseFile)
		if err := copyDatabase(filepath.Join(dir, databaseFile), name, m.Database); err != nil {
			return m, nil, err
		}
		if err := run(ctx, name, steps, "tenure backup verify"); err != nil {
			return m, nil, err
		}
	}
	problems, err = m.checkDatabase(ctx, dir, name)
	return m, problems, err
}

func (m Manifest) checkDatabase(ctx context.Context, dir, name string) ([]string, error) {
	d, err := db.Open(ctx, name, db.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	problems, err := snapshots.Check(ctx, d)
	if err != nil {
		return nil, err
	}
	var kept *history.Checkpoint
	if m.Stored != nil {
		raw, err := os.ReadFile(filepath.Join(dir, checkpointFile))
		if err != nil {
			return nil, err
		}
		c, err := m.signed(raw)
		if err != nil {
			return append(problems, fmt.Sprintf("the checkpoint: %v", err)), nil
		}
		kept = &c
	}
	err = d.View(ctx, func(c *db.Conn) error {
		head, err := history.ReadHead(c)
		if err != nil {
			return err
		}
		same := head.Size == m.Log.Entries && base64.StdEncoding.EncodeToString(head.Root) == m.Log.Root
		if !same && (head.Size <= m.Log.Entries || name == filepath.Join(dir, databaseFile)) { // a migrated copy has more entries
			problems = append(problems, fmt.Sprintf("the log has %d entries, and not the %d with the root that the manifest names", head.Size, m.Log.Entries))
		}
		if kept != nil {
			problems = append(problems, history.CheckKept(c, head, *kept)...)
		}
		return nil
	})
	return problems, err
}

// signed reads the checkpoint, and verifies who signed it where the manifest
// names the log's keys.
func (m Manifest) signed(raw []byte) (history.Checkpoint, error) {
	if len(m.Keys.Log) == 0 {
		return history.ReadCheckpoint(raw)
	}
	var known []note.Verifier
	for _, text := range m.Keys.Log {
		v, err := note.NewVerifier(text)
		if err != nil {
			return history.Checkpoint{}, fmt.Errorf("the key %q of the manifest: %w", text, err)
		}
		known = append(known, v)
	}
	c, err := history.ReadCheckpoint(raw)
	if err != nil || c.Origin != m.Log.Origin { // of an origin that has ended since
		return c, err
	}
	return history.OpenCheckpoint(raw, note.VerifierList(known...))
}

// copyDatabase copies a file to a new one, onto the disk, and compares the copy
// with what it must be.
func copyDatabase(from, to string, want ManifestFile) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err == nil {
		var got ManifestFile
		got, err = describe(filepath.Dir(to), filepath.Base(to))
		if got.Name = want.Name; err == nil && got != want {
			err = errors.New("the backup's database is not the one that was backed up: see tenure backup verify")
		}
	}
	if err == nil {
		err = syncFolder(filepath.Dir(to))
	}
	if err != nil {
		err = errors.Join(err, os.Remove(to))
	}
	return err
}
