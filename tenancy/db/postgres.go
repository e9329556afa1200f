package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/jmoiron/sqlx"

	"tenure/tenancy/fault"
)

// openPostgres opens one pool for the committer's single writer and one for
// readers; timeouts stand in the DSN, so that a lost node frees its locks.
func (d *DB) openPostgres(ctx context.Context, dsn string, opts Options) error {
	d.Dialect = Postgres
	u, err := url.Parse(dsn)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err // without the address, which holds a password
		}
		return fault.Wrap(err, fault.Unavailable, "", "the database address does not parse")
	}
	name := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String() // neither user nor parameters
	q := u.Query()
	set := func(name, value string) { // behind what stands there, which stays as it is written
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+name+"="+value, "&")
	}
	limit := "30000"
	if opts.Migrating {
		limit = "0" // none
	}
	for _, timeout := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		if !q.Has(timeout) {
			set(timeout, limit)
		}
	}
	if !q.Has("application_name") {
		set("application_name", "tenure")
	}
	if opts.ReadOnly {
		set("default_transaction_read_only", "on")
	}
	for _, pool := range []struct {
		to   **sqlx.DB
		size int
	}{{&d.writer, 2}, {&d.reader, 4 * runtime.GOMAXPROCS(0)}} {
		p, err := sqlx.Open("pgx", u.String())
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, "", "cannot open the database %s", name)
		}
		p.SetMaxOpenConns(pool.size)
		p.SetMaxIdleConns(pool.size)
		p.SetConnMaxIdleTime(5 * time.Minute)
		*pool.to = p
	}
	if err := d.writer.PingContext(ctx); err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "cannot open the database %s", name)
	}
	return nil
}

func classifyPostgres(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		if pgconn.Timeout(err) {
			return fault.Wrap(err, fault.Timeout, "", "the store did not answer in time")
		}
		var c *pgconn.ConnectError
		var n net.Error
		if errors.As(err, &c) || errors.As(err, &n) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
			return fault.Wrap(err, fault.Unavailable, "", "the store cannot be reached")
		}
		return err
	}
	if reason := reasonOf(err); reason != "" {
		return errStorage(err, reason)
	}
	switch {
	case e.Code == "23505":
		return fault.Wrap(err, fault.Conflict, "", "already there")
	case e.Code == "57014":
		return fault.Wrap(err, fault.Timeout, "", "the store did not answer in time")
	case e.Code == "40001", e.Code == "40P01", e.Code == "55P03", e.Code == "25P03",
		strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"):
		return fault.Wrap(err, fault.Unavailable, "", "the store is busy")
	}
	return err
}

func postgresRetryable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// retryable reports whether the whole batch may be run again: it lost a race
// and nothing of it stands.
func (d *DB) retryable(err error) bool {
	if d.Dialect == SQLite {
		return sqliteRetryable(err)
	}
	return postgresRetryable(err)
}

// refused reports whether the engine itself answered COMMIT with a no; without
// that the outcome is in doubt.
func (d *DB) refused(err error) bool {
	if d.Dialect == SQLite {
		return sqliteRefused(err)
	}
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code != "40003" && !strings.HasPrefix(e.Code, "57P")
}
