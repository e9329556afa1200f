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

// None is the name of a key file that turns its key off.
const None = "none"

// LogKeyFile is the file with the keys of the log: path, or by default the one
// next to a SQLite file. It is empty if there is none.
func LogKeyFile(database, path string) string { return keyFile(database, path, ".log-key") }

func keyFile(database, path, ending string) string {
	switch path {
	case None:
		return ""
	case "":
		return db.Beside(database, ending)
	}
	return path
}

// LoadLogKeys reads the keys that sign the log; nil for no path. With SQLite it
// creates a missing file, unless the log is signed already: then the right file
// is missing.
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
	return text, CreateFile(path, text)
}

// CreateFile writes a key file that must not exist yet. Only its owner can read
// it.
func CreateFile(path string, raw []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
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

// LogState is the path of the file that keeps the last published checkpoint
// outside the database; empty for none.
type LogState string

// Read returns the kept checkpoint; nil for none.
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

// Writable reports why no checkpoint could be kept there; nil for nothing.
func (s LogState) Writable() error {
	if s == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(string(s)), "."+filepath.Base(string(s))+"-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return fmt.Errorf("--log-state: %w", err)
	}
	return nil
}

// Keep replaces the kept checkpoint.
func (s LogState) Keep(note []byte) error {
	if s == "" {
		return nil
	}
	return ReplaceFile(string(s), note)
}

// ReplaceFile replaces a file atomically and durably: after a crash it has its
// old content or its new one. Only its owner can read it.
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
