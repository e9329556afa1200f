package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jmoiron/sqlx"
	"github.com/mattn/go-sqlite3"
)

// statement is one that the transaction sends, in the engine's own placeholders
// unless it reads.
type statement struct {
	query string
	args  []any
	rows  int  // how many it inserts
	into  into // nil for one that returns no rows
}

// send runs statements in order. On PostgreSQL they go in one round trip, and the
// first that fails keeps those behind it from being run.
func (tx *Tx) send(statements []statement) (err error) {
	if tx.opening != "" {
		defer tx.openIn(tx.db.openTime)()
		opening := []statement{{query: tx.opening}}
		if tx.db.localBatch != "" {
			opening = append(opening, statement{query: tx.db.localBatch})
		}
		statements = append(opening, statements...)
		tx.opening = ""
	}
	if len(statements) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		err = tx.pipe(statements)
	} else {
		err = tx.each(statements)
	}
	if tx.asked != nil {
		for _, s := range statements {
			if s.into != nil {
				s.rows = s.into.count()
			}
			if s.into != nil || len(s.args) > 0 {
				tx.asked(s.query, s.rows)
			}
		}
	}
	return err
}

// openIn bounds the statements that begin a transaction: a connection may hang, and so
// may whoever has the lock. It returns what ends the bound.
func (tx *Tx) openIn(limit time.Duration) func() {
	if limit == 0 {
		return func() {}
	}
	whole := tx.ctx
	bounded, cancel := context.WithTimeout(whole, limit)
	tx.ctx = bounded
	return func() {
		tx.ctx = whole
		cancel()
	}
}

func (tx *Tx) each(statements []statement) error {
	for _, s := range statements {
		begun := tx.begun()
		err := tx.one(s)
		tx.ran(s.query, begun, err)
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) one(s statement) error {
	if s.into == nil {
		_, err := tx.conn.ExecContext(tx.ctx, s.query, s.args...)
		return err
	}
	rows, err := tx.conn.QueryxContext(tx.ctx, s.query, s.args...)
	if err == nil {
		err = s.into.fromSQL(rows)
	}
	return err
}

// pipe sends the statements as one batch of the driver below database/sql.
func (tx *Tx) pipe(statements []statement) error {
	if tx.db.piped != nil {
		tx.db.piped()
	}
	return raw(tx.conn, func(conn *pgx.Conn) (err error) {
		var b pgx.Batch
		for _, s := range statements {
			query := s.query
			if s.into != nil {
				query = tx.rebind(query)
			}
			b.Queue(query, s.args...)
		}
		results := conn.SendBatch(tx.ctx, &b)
		defer func() {
			if closed := results.Close(); err == nil {
				err = closed
			}
		}()
		for _, s := range statements {
			begun := tx.begun() // when its turn to be waited for comes: all are sent at once
			if s.into == nil {
				_, err = results.Exec()
			} else {
				var rows pgx.Rows
				if rows, err = results.Query(); err == nil {
					err = s.into.fromPipe(rows)
				}
			}
			tx.ran(s.query, begun, err)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// raw hands fn the driver's own connection.
func raw(conn *sqlx.Conn, fn func(*pgx.Conn) error) error {
	var own error // database/sql would drop the connection for some errors
	err := conn.Raw(func(c any) error {
		own = fn(underlying(c))
		return nil
	})
	return errors.Join(own, err)
}

// aborted reports whether the transaction of conn takes no more statements.
func (d *DB) aborted(conn *sqlx.Conn) (yes bool) {
	if d.Dialect == Postgres {
		err := raw(conn, func(c *pgx.Conn) error { yes = c.PgConn().TxStatus() != 'T'; return nil })
		yes = yes || err != nil
	}
	return yes
}

// rollback ends a transaction. A connection that does not end it is given up.
func (d *DB) rollback(conn *sqlx.Conn) {
	if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err == nil {
		return
	}
	_ = conn.Raw(func(c any) error {
		if lite, ok := c.(*sqlite3.SQLiteConn); ok && lite.AutoCommit() { // the engine ended it by itself
			return nil
		}
		return driver.ErrBadConn
	})
}
