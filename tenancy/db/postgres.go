package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"tenure/tenancy/fault"
)

// Connections are the settings of PostgreSQL. What the DSN says goes first.
type Connections struct {
	Readers   int           // connections that read; 0 for four a processor
	Connect   time.Duration // how long connecting to one server may take; 0 for ConnectTime
	Statement time.Duration // how long a statement may take; 0 for StatementTime
	Lock      time.Duration // how long a statement may wait for a lock; 0 for LockTime
	// Bouncer is for PgBouncer in transaction mode: no statement is prepared for longer
	// than it runs, and nothing is set for longer than a transaction.
	Bouncer bool
}

// Defaults of Connections. LockTime is less than a request may take, so that a writer that
// waits in vain for the log's head is told so.
const (
	ConnectTime   = 5 * time.Second
	StatementTime = 30 * time.Second
	LockTime      = 10 * time.Second
)

// IdleTime is how long PostgreSQL waits for the next statement of a batch. So long a node
// that vanished in the middle of one keeps all others from writing. Readers, who keep nobody
// waiting, have StatementTime.
const IdleTime = 3 * time.Second

// Parameters of the server that decide more than its own patience.
const (
	paramIdle = "idle_in_transaction_session_timeout"
	paramLock = "lock_timeout"
)

// openSlack is how long after LockTime a batch that has not begun gives its connection up: the
// server would have answered.
const openSlack = 2 * time.Second

// pooledWriters are the connections of the committer and of what goes past it.
const pooledWriters = 2

// openPostgres opens one pool for the committer's single writer and one for
// readers; timeouts are settings of each connection, so that a lost node frees its locks.
func (d *DB) openPostgres(ctx context.Context, a Address, opts Options) error {
	d.Dialect = Postgres
	config, servers := a.postgres.Copy(), opts.Connections
	servers.Bouncer = servers.Bouncer || config.RuntimeParams[paramBouncer] == "true"
	delete(config.RuntimeParams, paramBouncer)
	if !a.says("connect_timeout", "PGCONNECT_TIMEOUT") {
		config.ConnectTimeout = cmp.Or(servers.Connect, ConnectTime)
	}
	params := map[string]string{"statement_timeout": millis(cmp.Or(servers.Statement, StatementTime)),
		paramLock: millis(cmp.Or(servers.Lock, LockTime)), paramIdle: millis(StatementTime)}
	idle := millis(IdleTime)
	for name := range params {
		if opts.Migrating {
			params[name] = "0" // none
			idle = "0"
		}
		if given, ok := config.RuntimeParams[name]; ok {
			params[name] = given
			if name == paramIdle {
				idle = given
			}
		}
		delete(config.RuntimeParams, name)
	}
	if _, given := config.RuntimeParams["application_name"]; !given {
		config.RuntimeParams["application_name"] = "tenure"
	}
	if len(hosts(config)) > 1 && !a.says("target_session_attrs", "PGTARGETSESSIONATTRS") {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	var options []stdlib.OptionOpenDB
	switch {
	case servers.Bouncer:
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		d.local = setLocal(params)
		params[paramIdle] = idle
		d.localBatch = setLocal(params)
	default:
		maps.Copy(config.RuntimeParams, params)
		if opts.ReadOnly { // after the driver has looked for a server that can write
			options = append(options, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "SET default_transaction_read_only = on")
				return err
			}))
		}
	}
	if wait, err := strconv.ParseInt(params[paramLock], 10, 64); err == nil && wait > 0 {
		d.openTime = time.Duration(wait)*time.Millisecond + openSlack
	}
	writers := config.Copy()
	if !servers.Bouncer {
		writers.RuntimeParams[paramIdle] = idle
	}
	for _, pool := range []struct {
		to     **sqlx.DB
		size   int
		config *pgx.ConnConfig
	}{{&d.writer, pooledWriters, writers}, {&d.aside, 1, writers}, {&d.reader, cmp.Or(servers.Readers, 4*runtime.GOMAXPROCS(0)), config}} {
		p := sqlx.NewDb(sql.OpenDB(connector{stdlib.GetConnector(*pool.config, options...), &d.servers}), "pgx")
		p.SetMaxOpenConns(pool.size)
		p.SetMaxIdleConns(pool.size)
		p.SetConnMaxIdleTime(5 * time.Minute)
		*pool.to = p
	}
	if err := d.writer.PingContext(ctx); err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "cannot open the database %s", a.Name)
	}
	return nil
}

// paramBouncer is the one parameter of a DSN that is ours.
const paramBouncer = "pgbouncer"

// replicated returns nil once everything that was committed before is on the synchronous
// standbys, if there are any: a transaction that writes a little is, and it comes after them.
// PostgreSQL does not end the waiting of a COMMIT for the time of a statement.
func (d *DB) replicated(ctx context.Context) error {
	tx, err := d.begin(ctx, sql.LevelDefault)
	if err != nil {
		return err
	}
	defer tx.end()
	err = tx.send([]statement{{query: "SELECT pg_logical_emit_message(true, 'tenure', '')"}, {query: "COMMIT"}})
	tx.over = err == nil
	return err
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// setLocal is the statement that sets parameters for a transaction.
func setLocal(params map[string]string) string {
	var calls []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		calls = append(calls, fmt.Sprintf("set_config('%s', '%s', true)", name, strings.ReplaceAll(params[name], "'", "''")))
	}
	return "SELECT " + strings.Join(calls, ", ")
}

func classifyPostgres(err error) error {
	var e *pgconn.PgError
	switch {
	case lost(err):
		return errLater(err, "the store cannot be reached")
	case !errors.As(err, &e):
		if timedOut(err) {
			return fault.Wrap(err, fault.Timeout, "", "the store did not answer in time")
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
	case e.Code == "40001", e.Code == "40P01", e.Code == "55P03", strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"):
		return errLater(err, "the store is busy")
	}
	return err
}

// retryLater is what callers are told to wait for a server that is busy or gone.
const retryLater = time.Second

func errLater(cause error, message string) error {
	f := fault.Wrap(cause, fault.Unavailable, "", "%s", message)
	f.RetryAfter = retryLater
	return f
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
