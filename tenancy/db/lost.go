package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// servers counts how often a server was found to take no more writes. Connections that were
// made before are given up: the next ones look for the server that does.
type servers struct{ demoted atomic.Int64 }

// connector makes connections that tell database/sql when they are of no use any more.
type connector struct {
	driver.Connector
	servers *servers
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made := c.servers.demoted.Load()
	conn, err := c.Connector.Connect(ctx)
	if err != nil && ctx.Err() == nil {
		return nil, unreachable{err} // also by the time to connect, which is shorter than what its caller waits for
	}
	if err != nil {
		return nil, err
	}
	return &connection{conn.(*stdlib.Conn), c.servers, made}, nil
}

// unreachable is an error of connecting that its caller had time for. What is in it, such as
// a deadline of the driver's own, is for people: there is no server, whatever the reason.
type unreachable struct{ error }

// connection is the driver's own, with a word on errors that mean that it is lost. For
// these database/sql tries other connections, and in the end a new one.
type connection struct {
	*stdlib.Conn
	servers *servers
	made    int64 // servers.demoted before it was
}

// BeginTx sends BEGIN, which may be sent again.
func (c *connection) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, opts)
	return tx, bad(ctx, err)
}

// QueryContext fails for a lost connection only before it has handed out a row, and
// what is asked outside of transactions only reads: it may be asked again.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	return rows, bad(ctx, err)
}

func (c *connection) ResetSession(ctx context.Context) error {
	if c.made != c.servers.demoted.Load() {
		return driver.ErrBadConn
	}
	return c.Conn.ResetSession(ctx)
}

// bad marks an error that means that the connection is lost.
func bad(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || !lost(err) || errors.Is(err, driver.ErrBadConn) {
		return err
	}
	return fmt.Errorf("%w: %w", driver.ErrBadConn, err)
}

// lost reports whether an error says that the server is not there, or has ended the connection.
func lost(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "08") || slices.Contains([]string{
			"57P01", "57P02", "57P03", // it stops, has crashed, or starts
			"57P05", "25P03", // the session, or its transaction, was idle for too long
		}, e.Code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, new(unreachable)):
		return true
	case timedOut(err):
		return false
	}
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, pgconn.ErrConnClosed) ||
		slices.ContainsFunc([]error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone},
			func(target error) bool { return errors.Is(err, target) })
}

// timedOut reports whether somebody waited for as long as they would.
func timedOut(err error) bool {
	var network net.Error
	return pgconn.Timeout(err) || errors.As(err, &network) && network.Timeout()
}

// readOnly reports whether the server refused to write because it is a standby, or was told to.
func readOnly(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "25006"
}

// unsent reports whether a batch whose first statements failed may be run again on another
// connection, as none of its closures has run. It gives up all connections to a server
// that takes no more writes.
func (d *DB) unsent(err error) bool {
	if d.Dialect != Postgres || err == nil {
		return false
	}
	if readOnly(err) {
		d.servers.demoted.Add(1)
		return true
	}
	return lost(err)
}

// underlying is the driver's own connection.
func underlying(c any) *pgx.Conn { return c.(*connection).Conn.Conn() }
