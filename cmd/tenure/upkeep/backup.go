package upkeep

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Options of Backup.
type Options struct {
	Program      string // that makes the backup
	Now          func() time.Time
	LogKeys      *history.Keys // to name the public keys by; nil where they are not at hand
	EvidenceKeys *history.Keys
	EvidenceName func(origin string) string // that evidence keys sign under
}

// Backup copies the open SQLite database into the new folder dir, while others
// read and write it. An error leaves no folder; fs.ErrExist is one for a
// folder that is there.
func Backup(ctx context.Context, d *db.DB, dir string, opts Options) (Manifest, error) {
	if _, err := os.Lstat(dir); err == nil {
		return Manifest{}, fmt.Errorf("%s: %w", dir, fs.ErrExist)
	}
	part, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(dir)+"-*") // made 0700
	if err != nil {
		return Manifest{}, err
	}
	defer os.RemoveAll(part)
	if err := d.Backup(ctx, filepath.Join(part, databaseFile)); err != nil {
		return Manifest{}, err
	}
	m := Manifest{Form: form, MadeAt: opts.Now().UTC().Format(time.RFC3339), Program: opts.Program}
	if m.Database, err = describe(part, databaseFile); err != nil {
		return m, err
	}
	if err := m.read(ctx, part, opts); err != nil {
		return m, err
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := writeFile(filepath.Join(part, manifestFile), append(raw, '\n')); err != nil {
		return m, err
	}
	if err := syncFolder(part); err != nil {
		return m, err
	}
	if err := os.Rename(part, dir); err != nil { // refused for a folder with files in it
		return m, err
	}
	return m, syncFolder(filepath.Dir(dir))
}

// read fills in what the copied database says, and writes its newest
// checkpoint beside it.
func (m *Manifest) read(ctx context.Context, part string, opts Options) error {
	d, err := db.Open(ctx, filepath.Join(part, databaseFile), db.Options{ReadOnly: true, Migrating: true})
	if err != nil {
		return err
	}
	defer d.Close()
	version, err := d.Version(ctx)
	if err != nil {
		return err
	}
	m.Schema = version.Schema
	if m.Log.Origin, err = history.ReadOrigin(ctx, d); err != nil {
		return err
	}
	var newest history.Checkpoint
	if err := d.View(ctx, func(c *db.Conn) error {
		head, err := history.ReadHead(c)
		if err != nil {
			return err
		}
		m.Log.Entries, m.Log.Root = head.Size, base64.StdEncoding.EncodeToString(head.Root)
		if err := c.Get(&m.Keys.Sealing, "SELECT value FROM installation WHERE name = 'sealing-key'"); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		newest, _, err = history.NewestCheckpoint(c)
		return err
	}); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if newest.Note != nil {
		m.Log.Covered = newest.Size
		if err := writeFile(filepath.Join(part, checkpointFile), newest.Note); err != nil {
			return err
		}
		stored, err := describe(part, checkpointFile)
		if err != nil {
			return err
		}
		m.Stored = &stored
	}
	return m.nameKeys(opts)
}

func (m *Manifest) nameKeys(opts Options) (err error) {
	m.Keys.Log, m.Keys.Evidence = []string{}, []string{}
	if opts.LogKeys != nil && m.Log.Origin != "" {
		if m.Keys.Log, err = opts.LogKeys.VerifierKeys(m.Log.Origin); err != nil {
			return err
		}
	}
	if opts.EvidenceKeys != nil && m.Log.Origin != "" {
		m.Keys.Evidence, err = opts.EvidenceKeys.VerifierKeys(opts.EvidenceName(m.Log.Origin))
	}
	return err
}

// describe is a file's entry in the manifest.
func describe(dir, name string) (ManifestFile, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return ManifestFile{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return ManifestFile{Name: name, Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// writeFile writes a new file, readable by its owner only, and onto the disk.
func writeFile(path string, raw []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
