package node

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots/credential"
	"tenure/tenancy/db"
)

// loadSealer reads the key that seals client secrets. With SQLite its file is
// next to the database and is created at the first start; with PostgreSQL, where
// several nodes share it, it must be given. None turns sealing off.
//
// If secrets in the database are sealed already, a missing file is an error: a
// new key could not open them.
func loadSealer(dialect db.Dialect, cfg Config, sealed bool) (*credential.Sealer, error) {
	path := cfg.SecretsKey
	switch {
	case path == None:
		return nil, nil
	case path == "" && dialect == db.Postgres:
		return nil, exit.With(exit.Usage, errors.New("--secrets-key-file is required with PostgreSQL: a file that tenure secrets new-key makes, or none"))
	case path == "":
		path = db.Beside(cfg.Database, ".key")
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && dialect == db.SQLite && !sealed {
		raw, err = makeSealingKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("--secrets-key-file: %w", err)
	}
	sealer, err := parseSealingKey(raw)
	if err != nil {
		return nil, fmt.Errorf("--secrets-key-file %s: %w", path, err)
	}
	return sealer, nil
}

func parseSealingKey(raw []byte) (*credential.Sealer, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil {
		return nil, errors.New("it must be base64")
	}
	return credential.NewSealer(key)
}

// SealingKey reads the key that seals the secrets of a database, as serve would, but makes
// none: nil where there is none, or the file is named None.
func SealingKey(dialect db.Dialect, database, file string) (*credential.Sealer, error) {
	cfg := Config{Database: database, SecretsKey: file}
	if file == "" {
		if dialect == db.Postgres {
			return nil, nil
		}
		if _, err := os.Stat(db.Beside(database, ".key")); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	return loadSealer(dialect, cfg, true)
}

// NewSealingKey makes a file with a new key that seals secrets, which must not be there yet, and
// returns the key's public id.
func NewSealingKey(path string) (id string, err error) {
	raw, err := makeSealingKey(path)
	if err != nil {
		return "", err
	}
	sealer, err := parseSealingKey(raw)
	if err != nil {
		return "", err
	}
	return sealer.KeyID(), nil
}

func makeSealingKey(path string) ([]byte, error) {
	key := make([]byte, credential.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	text := []byte(base64.StdEncoding.EncodeToString(key) + "\n")
	return text, CreateFile(path, text)
}
