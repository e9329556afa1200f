package main

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

// openEvidence makes what makes evidence bundles; without a key for the log or
// for evidence it makes none, and says so to whoever asks.
func (n *node) openEvidence(cfg nodeConfig, published *history.Publisher) (*evidence.Exporter, error) {
	x := &evidence.Exporter{DB: n.db, Log: published, Now: n.log.Now, Program: "tenure " + version()}
	path := cfg.evidenceKey
	switch {
	case path == noLogKey, path == "" && (n.db.Dialect == db.Postgres || !published.Signs()):
		return x, nil
	case path == "":
		path = cfg.database + ".evidence-key"
	}
	keys, err := readEvidenceKeys(path)
	if errors.Is(err, fs.ErrNotExist) && n.db.Dialect == db.SQLite {
		if err = makeEvidenceKey(path); err == nil {
			keys, err = readEvidenceKeys(path)
		}
	}
	x.Keys = keys
	return x, err
}

func readEvidenceKeys(path string) (*history.Keys, error) {
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
	return replaceFile(path, text)
}
