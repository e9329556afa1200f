package node

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"tenure/snapshots/credential"
	"tenure/tenancy/db"
)

const SealingNone = "none"

// loadSealer reads the sealing key. With SQLite the file stands beside the
// database and is made on the first start; with PostgreSQL, where several
// nodes must share it, it has to be given. "none" turns sealing off.
//
// A database that is sealed already gets no new key: the right one is missing.
func loadSealer(dialect db.Dialect, cfg Config, sealed bool) (*credential.Sealer, error) {
	path := cfg.SecretsKey
	switch {
	case path == SealingNone:
		return nil, nil
	case path == "" && dialect == db.Postgres:
		return nil, errors.New("--secrets-key-file is required with PostgreSQL: a file with 32 bytes in base64, or none")
	case path == "":
		path = cfg.Database + ".key"
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && dialect == db.SQLite && !sealed {
		raw, err = makeSealingKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil {
		return nil, fmt.Errorf("sealing key %s: not base64", path)
	}
	sealer, err := credential.NewSealer(key)
	if err != nil {
		return nil, fmt.Errorf("sealing key %s: %w", path, err)
	}
	return sealer, nil
}

func makeSealingKey(path string) ([]byte, error) {
	key := make([]byte, credential.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	text := []byte(base64.StdEncoding.EncodeToString(key) + "\n")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	return text, errors.Join(err, f.Sync(), f.Close())
}
