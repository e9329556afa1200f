package upkeep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Restore copies the database of a backup to the new file to. It refuses, with
// fs.ErrExist, where that file or one that SQLite keeps beside it is there.
func Restore(dir, to string) (Manifest, error) {
	m, err := Read(dir)
	if err != nil {
		return m, err
	}
	for _, beside := range []string{"", "-wal", "-shm", "-journal"} { // an old log would be written into the new file
		if _, err := os.Lstat(to + beside); !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				err = fs.ErrExist
			}
			return m, fmt.Errorf("%s: %w", to+beside, err)
		}
	}
	return m, copyDatabase(filepath.Join(dir, databaseFile), to, m.Database)
}

// Published is what the file of --log-state knows of a restored database.
type Published struct {
	Entries int64    // of the checkpoint that was published last
	Behind  []string // why a server will refuse the database; none if it will not
}

// CompareState compares a database with the checkpoint that was kept outside of
// it; nil where the file state is not there.
func CompareState(ctx context.Context, database, state string) (*Published, error) {
	raw, err := os.ReadFile(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kept, err := history.ReadCheckpoint(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", state, err)
	}
	d, err := db.Open(ctx, database, db.Options{ReadOnly: true, Migrating: true})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	p := &Published{Entries: kept.Size}
	err = d.View(ctx, func(c *db.Conn) error {
		head, err := history.ReadHead(c)
		if err == nil {
			p.Behind = history.CheckKept(c, head, kept)
		}
		return err
	})
	return p, err
}

// IsBackup reports whether a text is the manifest of a folder that Backup made.
func IsBackup(manifest []byte) bool {
	var m Manifest
	return json.Unmarshal(manifest, &m) == nil && m.Form == form
}
