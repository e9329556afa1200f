package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// openEvidence makes the exporter of evidence bundles. Without a key for the log
// or for evidence, the exporter answers every request with what is missing.
func (n *Node) openEvidence(cfg Config, published *history.Publisher) (*evidence.Exporter, error) {
	x := &evidence.Exporter{DB: n.DB, Log: published, Now: n.Log.Now, Program: "tenure " + Version()}
	path := EvidenceKeyFile(n.DB.Dialect, cfg.Database, cfg.EvidenceKey)
	if path == "" || cfg.EvidenceKey == "" && !published.Signs() {
		return x, nil
	}
	keys, err := ReadEvidenceKeys(path)
	if errors.Is(err, fs.ErrNotExist) && n.DB.Dialect == db.SQLite {
		if err = makeEvidenceKey(path); err == nil {
			keys, err = ReadEvidenceKeys(path)
		}
	}
	x.Keys = keys
	return x, err
}

// EvidenceKeyFile is the file with the keys of evidence: path, or by default the one
// next to a SQLite file. It is empty if there is none.
func EvidenceKeyFile(dialect db.Dialect, database, path string) string {
	switch {
	case path == None, path == "" && dialect == db.Postgres:
		return ""
	case path == "":
		return database + ".evidence-key"
	}
	return path
}

// ReadEvidenceKeys reads a file of keys that sign evidence bundles.
func ReadEvidenceKeys(path string) (*history.Keys, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--evidence-key: %w", err)
	}
	keys, err := history.ParseKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("--evidence-key %s: %w", path, err)
	}
	return keys, nil
}

func makeEvidenceKey(path string) error {
	text, err := evidence.NewKeyFile(rand.Reader)
	if err != nil {
		return err
	}
	return ReplaceFile(path, text)
}
