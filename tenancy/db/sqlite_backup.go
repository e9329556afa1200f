package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"

	"tenure/tenancy/fault"
)

// backupPages is how many pages are copied between two looks at the context.
const backupPages = 4096

// Backup copies a SQLite database as it is at one instant to the file to,
// which must not be there, while others read and write it. The copy is one
// file, without a write-ahead log beside it, and is on disk when Backup
// returns. On an error the file is removed.
func (d *DB) Backup(ctx context.Context, to string) (err error) {
	if d.Dialect != SQLite {
		return fault.New(fault.Conflict, "", "only SQLite databases are copied: back PostgreSQL up with its own tools")
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	target, err := sql.Open("sqlite3", fileURI(to)+"?_sync=FULL&_journal_mode=DELETE")
	if err != nil {
		return err
	}
	defer target.Close()
	into, err := target.Conn(ctx)
	if err != nil {
		return err
	}
	defer into.Close()
	from, err := d.reader.Conn(ctx)
	if err != nil {
		return d.classify(err)
	}
	defer from.Close()
	if err := copyPages(ctx, into, from); err != nil {
		return d.classify(err)
	}
	// The copied header says WAL, which would want files beside the copy.
	if _, err := into.ExecContext(ctx, "PRAGMA journal_mode = DELETE"); err != nil {
		return d.classify(err)
	}
	return nil
}

// copyPages copies all pages within one read transaction, so that they are of
// one instant whatever is written meanwhile.
func copyPages(ctx context.Context, into, from *sql.Conn) error {
	tx, err := from.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var tables int // the first read is what fixes the instant
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return err
	}
	return into.Raw(func(target any) error {
		return from.Raw(func(source any) error {
			b, err := target.(*sqlite3.SQLiteConn).Backup("main", source.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			for done := false; !done; {
				if err = ctx.Err(); err == nil {
					done, err = b.Step(backupPages)
				}
				if err != nil {
					return errors.Join(err, b.Close())
				}
			}
			if err := b.Finish(); err != nil {
				return fmt.Errorf("backup: %w", err)
			}
			return nil
		})
	})
}
