package db

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"tenure/tenancy/fault"
)

// Why nothing can be written.
const (
	diskFull     = "the disk is full"
	diskFailed   = "the disk reports an error"
	diskReadOnly = "the database can only be read"
)

// retryStorage is what callers are told to wait while nothing can be written.
const retryStorage = 10 * time.Second

// storage is whether the database can be written, and the file whose space is kept
// for the writes of WriteReserved.
type storage struct {
	mu      sync.Mutex
	reason  string // why nothing can be written; empty where it can
	closed  bool   // other writes are refused, as what is free is the reserve's
	reserve string // its file; empty for none
	size    int
	tell    func(reason string)
}

// Guard tells of the moments when writes begin to fail for want of space or because the
// disk does not take them, with the reason, and when they work again, with an empty one. Beside
// a SQLite database it keeps a file of size bytes. When the disk is full the file is
// deleted, and only WriteReserved may use its space, until Recover has made it again.
func (d *DB) Guard(size int, tell func(reason string)) error {
	d.storage.mu.Lock()
	defer d.storage.mu.Unlock()
	d.storage.tell = tell
	if d.Dialect != SQLite {
		return nil
	}
	d.storage.reserve, d.storage.size = d.path+".reserve", size
	err := d.storage.make()
	if err != nil && reasonOf(err) == diskFull {
		d.storage.fail(diskFull)
		return nil
	}
	return err
}

// Writable is nil, or the fault that says why nothing can be written.
func (d *DB) Writable() error {
	d.storage.mu.Lock()
	defer d.storage.mu.Unlock()
	if d.storage.reason == "" {
		return nil
	}
	return errStorage(nil, d.storage.reason)
}

// probeTime is how long PostgreSQL may take to show that it takes writes again.
const probeTime = 3 * time.Second

// Recover looks whether what kept writes from working is over. It does nothing where
// they work.
func (d *DB) Recover(ctx context.Context) {
	if begun := d.begunAt.Load(); begun != nil && d.Dialect == Postgres && !d.running.Load() {
		bounded, cancel := context.WithTimeout(ctx, probeTime)
		defer cancel()
		if d.replicated(bounded) == nil {
			d.begunAt.CompareAndSwap(begun, nil)
		}
	}
	s := &d.storage
	s.mu.Lock()
	reason, closed := s.reason, s.closed
	if closed && s.make() == nil {
		s.closed = false
	}
	opened := closed && !s.closed
	s.mu.Unlock()
	if reason != "" && (opened || !closed) {
		_ = d.Write(ctx, func(*Tx) error { return nil }) // its outcome is noted as any other's
	}
}

// refuses returns the fault of a write that need not be tried.
func (s *storage) refuses(reserved bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && !reserved {
		return errStorage(nil, s.reason)
	}
	return nil
}

// note takes in how a batch ended, and reports whether the reserve has just been freed for it.
func (s *storage) note(err error, wrote bool) (freed bool) {
	reason := reasonOf(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case reason != "":
		return s.fail(reason)
	case err == nil && wrote && !s.closed && s.reason != "":
		s.say("")
	}
	return false
}

// fail notes why writes fail, and frees the reserve if that helps.
func (s *storage) fail(reason string) (freed bool) {
	s.say(reason)
	if reason != diskFull || s.reserve == "" || s.closed {
		return false
	}
	s.closed = true
	return os.Remove(s.reserve) == nil
}

func (s *storage) say(reason string) {
	if s.reason == reason {
		return
	}
	s.reason = reason
	if s.tell != nil {
		s.tell(reason)
	}
}

// make makes the reserve, if it is not there. Its bytes are random, so that no file
// system stores fewer of them.
func (s *storage) make() error {
	if info, err := os.Stat(s.reserve); err == nil && info.Size() == int64(s.size) {
		return nil
	}
	bytes := make([]byte, s.size)
	rand.Read(bytes)
	made := s.reserve + ".new"
	f, err := os.OpenFile(made, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(bytes)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(made, s.reserve)
	}
	if err != nil {
		return errors.Join(err, os.Remove(made))
	}
	return nil
}

// reasonOf says why an error keeps everything from being written; empty if it does not.
func reasonOf(err error) string {
	var lite sqlite3.Error
	var pg *pgconn.PgError
	switch {
	case err == nil:
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return diskFull
	case errors.As(err, &lite):
		switch {
		case lite.Code == sqlite3.ErrFull, lite.SystemErrno == syscall.ENOSPC, lite.SystemErrno == syscall.EDQUOT:
			return diskFull
		case lite.Code == sqlite3.ErrReadonly, lite.SystemErrno == syscall.EROFS:
			return diskReadOnly
		case lite.Code == sqlite3.ErrIoErr, lite.Code == sqlite3.ErrCantOpen:
			return diskFailed
		}
	case errors.As(err, &pg):
		return map[string]string{"53100": diskFull, "25006": diskReadOnly, "58030": diskFailed}[pg.Code]
	}
	return ""
}

// errStorage is the fault of a write while nothing can be written.
func errStorage(cause error, reason string) error {
	f := fault.Wrap(cause, fault.Unavailable, fault.CodeStorage, "the store cannot write: %s", reason)
	f.RetryAfter = retryStorage
	return f
}
