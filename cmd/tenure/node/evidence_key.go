package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
	"tenure/tenancy/history/counts"
)

// openEvidence makes the exporter of evidence bundles. Without a key for the log
// or for evidence, the exporter answers every request with what is missing.
func (n *Node) openEvidence(cfg Config, published *history.Publisher) (*evidence.Exporter, error) {
	x := &evidence.Exporter{DB: n.DB, Log: published, Now: n.Log.Now, Program: "tenure " + Version(), Counts: &counts.Kept{}}
	path := EvidenceKeyFile(cfg.Database, cfg.EvidenceKey)
	if path == "" || cfg.EvidenceKey == "" && !published.Signs() {
		return x, nil
	}
	keys, err := ReadEvidenceKeys(path)
	if errors.Is(err, fs.ErrNotExist) && n.DB.Dialect == db.SQLite {
		keys, err = n.firstEvidenceKey(path)
	}
	x.Keys = keys
	return x, err
}

// EvidenceKeyFile is the file with the keys of evidence: path, or by default the one
// next to a SQLite file. It is empty if there is none.
func EvidenceKeyFile(database, path string) string {
	return keyFile(database, path, ".evidence-key")
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

// firstEvidenceKey makes the file of a key of evidence, unless the log names such keys: then
// the right file is missing.
func (n *Node) firstEvidenceKey(path string) (keys *history.Keys, err error) {
	var named history.SigningKeys
	if err := n.DB.View(context.Background(), func(c *db.Conn) error { named, err = history.ReadSigningKeys(c); return err }); err != nil {
		return nil, err
	}
	if len(named.Of(history.SignsEvidence)) > 0 {
		return nil, fmt.Errorf("--evidence-key: %s is not there, and the log names keys of its evidence: put it back, or make another with tenure evidence new-key", path)
	}
	if err := makeEvidenceKey(path); err != nil {
		return nil, err
	}
	return ReadEvidenceKeys(path)
}

func makeEvidenceKey(path string) error {
	text, err := evidence.NewKeyFile(rand.Reader)
	if err != nil {
		return err
	}
	return ReplaceFile(path, text)
}
