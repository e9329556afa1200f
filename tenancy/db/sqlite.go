package db

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/jmoiron/sqlx"
	"github.com/mattn/go-sqlite3"

	"tenure/tenancy/fault"
)

// openSQLite opens the file at path: one writer connection with immediate
// transactions, full synchronisation (said explicitly, as the driver's own
// default under WAL is NORMAL) and recursive triggers (without them REPLACE
// deletes a row past the triggers that forbid it), with 32 MiB of pages, as client_ids are
// spread over their indexes, and a read-only pool of as many connections as there are
// processors. Each of these keeps 8 MiB of pages: a page of a list touches up to a
// thousand of 4 KiB, and the default of 2 MiB keeps half.
func (d *DB) openSQLite(ctx context.Context, path string, opts Options) error {
	d.Dialect = SQLite
	path = filepath.Clean(path)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // one file has one lock, whatever name it is opened by
	}
	if opts.ReadOnly {
		if _, err := os.Stat(path); err != nil {
			var where *os.PathError
			if errors.As(err, &where) {
				err = where.Err // the path is in the text already
			}
			return fault.Wrap(err, fault.Unavailable, "", "cannot read the database %s", path)
		}
	} else if err := d.lockFile(path); err != nil {
		return err
	} else if err := createPrivate(path); err != nil {
		return err
	}
	d.path = path
	file := fileURI(path)
	write := file + "?_journal_mode=WAL&_sync=FULL&_txlock=immediate&_busy_timeout=5000&_fk=1&_rt=1&_secure_delete=on&_stmt_cache_size=64&_cache_size=-32768"
	read := file + "?mode=ro&_query_only=1&_busy_timeout=5000&_fk=1&_stmt_cache_size=64&_cache_size=-8192"
	var err error
	if opts.ReadOnly {
		write = read
	}
	if d.writer, err = sqlx.Open("sqlite3", write); err == nil {
		d.writer.SetMaxOpenConns(1)
		err = d.writer.PingContext(ctx)
	}
	if err == nil {
		if d.reader, err = sqlx.Open("sqlite3", read); err == nil {
			d.reader.SetMaxOpenConns(runtime.GOMAXPROCS(0))
			d.reader.SetMaxIdleConns(runtime.GOMAXPROCS(0))
		}
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "cannot open the database %s", path)
	}
	if d.file, err = os.Stat(path); err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "cannot read the database %s", path)
	}
	return nil
}

// fileURI is what SQLite opens a path by.
func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
}

// lockFile takes the lock that keeps a second process from writing; the
// operating system gives it back when this process ends, however it ends.
func (d *DB) lockFile(path string) error {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "cannot create the lock file in %s", filepath.Dir(path))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fault.Wrap(err, fault.Unavailable, "", "the database %s is in use by another process", path)
	}
	d.lock = f
	return nil
}

// createPrivate makes a new file for its owner only; SQLite gives the files
// beside it the same mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "cannot open the database %s", path)
	}
	return nil
}

// Scrub takes what was deleted out of a SQLite database's files: with whole it
// writes the file anew, so that no page keeps an old copy of a row, and then it
// empties the write-ahead log. Writers wait meanwhile. Unavailable if a reader
// kept the log from being emptied: call it again. On PostgreSQL it does
// nothing: VACUUM and the archived log are that server's operator's.
func (d *DB) Scrub(ctx context.Context, whole bool) error {
	if d.Dialect != SQLite {
		return nil
	}
	if whole {
		if _, err := d.writer.ExecContext(ctx, "VACUUM"); err != nil {
			return d.classify(err)
		}
	}
	var busy, frames, done int
	if err := d.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil {
		return d.classify(err)
	}
	if busy != 0 {
		return fault.New(fault.Unavailable, "", "the store is busy")
	}
	return nil
}

func classifySQLite(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.ExtendedCode == sqlite3.ErrConstraintUnique, e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey:
		return fault.Wrap(err, fault.Conflict, "", "already there")
	case e.Code == sqlite3.ErrBusy, e.Code == sqlite3.ErrLocked:
		return fault.Wrap(err, fault.Unavailable, "", "the store is busy")
	case e.Code == sqlite3.ErrInterrupt:
		return fault.Wrap(err, fault.Timeout, "", "the store did not answer in time")
	}
	if reason := reasonOf(err); reason != "" {
		return errStorage(err, reason)
	}
	return err
}

func sqliteRetryable(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

func sqliteRefused(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e)
}
