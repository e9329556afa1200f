package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

const NoLogKey = "none"

// LogKeyFile is where the log's keys are: beside a SQLite file if nothing is
// said; empty for none.
func LogKeyFile(dialect db.Dialect, database, path string) string {
	switch {
	case path == NoLogKey, path == "" && dialect == db.Postgres:
		return ""
	case path == "":
		return database + ".log-key"
	}
	return path
}

// LoadLogKeys reads the log's signing keys; nil for none. With SQLite the file
// is made when there is none, but not for a log that was signed with another:
// the right one is missing.
func LoadLogKeys(dialect db.Dialect, path string, signed bool) (*history.Keys, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && dialect == db.SQLite && !signed {
		raw, err = makeLogKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("--log-key: %w", err)
	}
	keys, err := history.ParseKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("--log-key %s: %w", path, err)
	}
	return keys, nil
}

func makeLogKey(path string) ([]byte, error) {
	text, err := history.NewKeyFile(rand.Reader)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	return text, errors.Join(err, f.Sync(), f.Close())
}

// logOrigin is the origin of a new log that is reached at a public URL: the
// URL of the log without its scheme (C2SP tlog-tiles).
func logOrigin(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.TrimSuffix(u.Host+u.EscapedPath(), "/") + "/log"
}

// LogState is the file that keeps the last published checkpoint outside the
// database; an empty path for none.
type LogState string

// Read is the kept checkpoint; nil for none.
func (s LogState) Read() ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(string(s))
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(string(s))) // or it could never be written
		raw = nil
	}
	if err != nil {
		return nil, fmt.Errorf("--log-state: %w", err)
	}
	return raw, nil
}

func (s LogState) Keep(note []byte) error {
	if s == "" {
		return nil
	}
	return ReplaceFile(string(s), note)
}

// ReplaceFile puts a file in place at once, durably: after a crash it is the
// old one or the new one.
func ReplaceFile(path string, raw []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // made 0600
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
