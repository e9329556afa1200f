package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Masterminds/squirrel"
	"github.com/jmoiron/sqlx"
	"go.opentelemetry.io/otel/trace"

	"tenure/tenancy/fair"
	"tenure/tenancy/fault"
)

// Dialect is the engine behind a DB.
type Dialect string

// The two engines.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options of Open. The zero value is a writable database.
type Options struct {
	ReadOnly bool // no lock, no schema change; Write is refused
	// Migrating accepts a database of an older version, which package migrate
	// can bring up to that of the program, refuses an empty one, and sets no
	// bound to how long a statement or a batch takes.
	Migrating bool
	// Batch is how many writes one transaction takes, of which twice as many may wait; 0
	// for what suits a server. A program that is alone with the database gains by more.
	Batch int
	// Connections are the settings of PostgreSQL.
	Connections Connections
	// Inject, when set by a test, is called between the round trips of a batch: when its
	// rows are read, before COMMIT and after it. An error from it is taken as theirs.
	Inject func(point string) error
	// Lane, when set by a test, is called of each write that is queued, with its
	// lane, and says in which one it is to wait.
	Lane func(lane string) string
	// Verify, when set by a test, compares each look-up that memory answers with the
	// database.
	Verify bool
	// Piped, when set by a test, is called of each round trip of a batch on PostgreSQL.
	Piped func()
	// Tracer makes a span of each batch and statement of a request that is traced; nil for none.
	Tracer trace.Tracer
	// Asked, when set by a test, is called after each statement with its text and
	// the number of rows it read or changed.
	Asked func(query string, rows int)
}

// Points at which Options.Inject is called.
const (
	AfterLoad    = "after-load"
	BeforeCommit = "before-commit"
	AfterCommit  = "after-commit"
)

// DB is one open database: a writer and a pool of readers.
type DB struct {
	Dialect Dialect

	writer, reader    *sqlx.DB
	aside             *sqlx.DB                  // of ViewAside; nil on SQLite
	openTime          time.Duration             // how long a batch may take to begin, its lock included; 0 for as long as the batch
	begunAt           atomic.Pointer[time.Time] // when the batch under way began, or the first of those that hang; nil for none
	running           atomic.Bool               // a batch is under way
	lock              *os.File
	inject            func(string) error
	unbounded         bool // how long a batch takes
	asked             func(string, int)
	verify            bool
	piped             func()
	lane              func(string) string
	path              string      // of a SQLite file
	file              os.FileInfo // what it was when it was opened
	storage           storage
	servers           servers
	local, localBatch string // what begins each transaction through PgBouncer, of a reader and of the committer; else empty
	counts            *counts
	tracer            trace.Tracer // nil: nothing is traced

	mu        sync.Mutex // guards queue
	queue     *fair.Queue[*job]
	wake      chan struct{} // holds one: something was queued
	batch     int           // writes of one transaction
	last      past          // the batch before; the committer's only
	batchWork time.Duration
	stop      chan struct{} // closed by Close
	ended     chan struct{} // closed when the committer has stopped
	begun     bool
	closed    sync.Once
	closeErr  error
}

// Open opens the database that dsn names (ParseDSN), applies the schema to an empty one and checks the version of
// any other. On SQLite a writable database is locked against other processes.
// Errors are faults: Malformed for a dsn that names none, Unavailable for a database that cannot be reached or is
// locked, Conflict with CodeSchema for a schema version this program does not
// use.
func Open(ctx context.Context, dsn string, opts Options) (*DB, error) {
	a, err := ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	d := &DB{inject: opts.Inject, asked: opts.Asked, verify: opts.Verify, piped: opts.Piped, lane: opts.Lane, unbounded: opts.Migrating, counts: newCounts(), tracer: opts.Tracer,
		queue: fair.NewQueue[*job](fair.Bounds{Lane: max(laneLength, 2*opts.Batch), All: max(queueLength, 2*opts.Batch)}), wake: make(chan struct{}, 1),
		batch: cmp.Or(opts.Batch, batchLimit), batchWork: batchWork, stop: make(chan struct{}), ended: make(chan struct{})}
	if d.inject == nil {
		d.inject = func(string) error { return nil }
	}
	if a.Dialect == Postgres {
		err = d.openPostgres(ctx, a, opts)
	} else {
		err = d.openSQLite(ctx, a.File, opts)
	}
	if err == nil {
		err = d.applySchema(ctx, opts)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Close stops the committer after the closures already queued and closes
// every connection.
func (d *DB) Close() error {
	d.closed.Do(func() { d.closeErr = d.close() })
	return d.closeErr
}

func (d *DB) close() error {
	close(d.stop)
	if d.begun {
		<-d.ended
	}
	var errs []error
	for _, pool := range []*sqlx.DB{d.reader, d.writer, d.aside} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}

// Raw is the writer's handle, for tests that try what the code never does.
func (d *DB) Raw() *sqlx.DB { return d.writer }

// Conn runs statements with ? placeholders on either engine. It lives as long
// as the View or the closure it was handed to, and is bound to that one's
// context: a caller's own for a View, the batch's for a write.
type Conn struct {
	dialect Dialect
	ctx     context.Context
	ext     executor
	begin   func() (executor, error) // of a View whose first statement has not come; else nil
	tx      *Tx                      // the write transaction that it is part of; else nil
	asked   func(string, int)        // nil outside tests
	note    func(noted)              // nil where statements are not traced
}

// Tx is the write transaction that c is part of; nil for a view.
func (c *Conn) Tx() *Tx { return c.tx }

// executor runs statements: a transaction, a connection or a pool.
type executor interface {
	sqlx.QueryerContext
	sqlx.ExecerContext
}

// open is what statements run on.
func (c *Conn) open(write bool) (executor, error) {
	if c.tx != nil {
		if err := c.tx.before(write); err != nil {
			return nil, err
		}
	}
	if c.begin == nil {
		return c.ext, nil
	}
	ext, err := c.begin()
	if err == nil {
		c.ext, c.begin = ext, nil
	}
	return ext, err
}

// Get scans the one row of query into dest; a fault of kind NotFound if there is none.
func (c *Conn) Get(dest any, query string, args ...any) error {
	if c.asked != nil {
		defer c.asked(query, 1)
	}
	ext, err := c.open(false)
	if err == nil {
		begun := c.begun()
		err = sqlx.GetContext(c.ctx, ext, dest, c.rebind(query), args...)
		c.ran(query, begun, err)
	}
	return c.classify(err)
}

// Select scans all rows of query into dest, a pointer to a slice.
func (c *Conn) Select(dest any, query string, args ...any) error {
	ext, err := c.open(false)
	if err != nil {
		return c.classify(err)
	}
	begun := c.begun()
	err = sqlx.SelectContext(c.ctx, ext, dest, c.rebind(query), args...)
	c.ran(query, begun, err)
	if c.asked != nil {
		c.asked(query, reflect.ValueOf(dest).Elem().Len())
	}
	return c.classify(err)
}

// SelectBuilt is Select for a squirrel builder.
func (c *Conn) SelectBuilt(dest any, b squirrel.SelectBuilder) error {
	query, args, err := b.ToSql()
	if err != nil {
		return err
	}
	return c.Select(dest, query, args...)
}

// Each calls fn for every row of query; fn scans it.
func (c *Conn) Each(fn func(scan func(...any) error) error, query string, args ...any) error {
	ext, err := c.open(false)
	if err != nil {
		return c.classify(err)
	}
	begun := c.begun()
	rows, err := ext.QueryContext(c.ctx, c.rebind(query), args...)
	if err != nil {
		c.ran(query, begun, err)
		return c.classify(err)
	}
	defer rows.Close()
	defer func() { c.ran(query, begun, rows.Err()) }()
	n := 0
	if c.asked != nil {
		defer func() { c.asked(query, n) }()
	}
	for ; rows.Next(); n++ {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return c.classify(rows.Err())
}

// Bytewise is a column of text as ORDER BY sorts it by its bytes on both engines.
func (c *Conn) Bytewise(column string) string {
	if c.dialect == Postgres {
		return column + ` COLLATE "C"`
	}
	return column
}

// Exec runs a statement and returns the number of rows it touched.
func (c *Conn) Exec(query string, args ...any) (int64, error) {
	ext, err := c.open(true)
	if err != nil {
		return 0, c.classify(err)
	}
	begun := c.begun()
	res, err := ext.ExecContext(c.ctx, c.rebind(query), args...)
	c.ran(query, begun, err)
	if err != nil {
		return 0, c.classify(err)
	}
	n, err := res.RowsAffected()
	if c.asked != nil {
		c.asked(query, int(n))
	}
	return n, c.classify(err)
}

// Builder is squirrel with ? placeholders, for filters put together at run time.
func Builder() squirrel.StatementBuilderType {
	return squirrel.StatementBuilder.PlaceholderFormat(squirrel.Question)
}

// View runs fn on one consistent read-only view of the database. The view is that of
// fn's first statement; without one, nothing is asked of the database.
func (d *DB) View(ctx context.Context, fn func(c *Conn) error) error {
	return d.view(ctx, d.reader, fn)
}

// Single is for reads of one statement, which needs no transaction to be consistent: on
// PostgreSQL it is one round trip instead of three. Each statement of the Conn sees
// a state of its own.
func (d *DB) Single(ctx context.Context) *Conn {
	return &Conn{dialect: d.Dialect, ctx: ctx, ext: d.reader, asked: d.asked, note: d.notes(ctx)}
}

// ViewAside is View for the node's own work, which must not wait behind
// readers. On PostgreSQL it has a connection that nobody else uses, so that one that hangs
// under it is not the one with which the committer goes on. On SQLite, where only a
// rare repair needs it, it is View.
func (d *DB) ViewAside(ctx context.Context, fn func(c *Conn) error) error {
	if d.aside == nil {
		return d.view(ctx, d.reader, fn)
	}
	return d.view(ctx, d.aside, fn)
}

func (d *DB) view(ctx context.Context, pool *sqlx.DB, fn func(c *Conn) error) error {
	if err := ctx.Err(); err != nil {
		return d.classify(err)
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if d.Dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	var tx *sqlx.Tx
	defer func() {
		if tx != nil {
			tx.Rollback()
		}
	}()
	return fn(&Conn{dialect: d.Dialect, ctx: ctx, asked: d.asked, note: d.notes(ctx), begin: func() (_ executor, err error) {
		if tx, err = pool.BeginTxx(ctx, opts); err != nil {
			return nil, unbegun(pool, err)
		}
		if d.local == "" {
			return tx, nil
		}
		if _, err = tx.ExecContext(ctx, d.local); err != nil {
			tx.Rollback() // whoever goes on all the same begins anew
			return nil, unconnected{err}
		}
		return tx, nil
	}})
}

// pingTime is how long they may take: less than the second that load balancers often wait.
const pingTime = 700 * time.Millisecond

// Ping reports whether both the writer and a reader answer.
func (d *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	for _, pool := range []*sqlx.DB{d.reader, d.writer} { // the feed's age tells of the third
		if err := pool.PingContext(ctx); err != nil {
			return d.classify(err)
		}
	}
	return nil
}

// rebound caches rewritten statements: their texts are few and fixed.
var rebound sync.Map

func (c *Conn) rebind(query string) string {
	if c.dialect == SQLite {
		return query
	}
	if q, ok := rebound.Load(query); ok {
		return q.(string)
	}
	q := sqlx.Rebind(sqlx.DOLLAR, query)
	if len(query) < 1000 { // built lists vary in length; only fixed texts are worth keeping
		rebound.Store(query, q)
	}
	return q
}

func (c *Conn) classify(err error) error { return classify(c.dialect, err) }
func (d *DB) classify(err error) error   { return classify(d.Dialect, err) }

// Fault is classify for statements that went past it (Raw).
func (d *DB) Fault(err error) error { return d.classify(err) }

// classify turns a driver's error into a fault whose message names no driver.
func classify(dialect Dialect, err error) error {
	var f *fault.Fault
	var rehearsed *Rehearsed
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f), errors.As(err, &rehearsed):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return fault.Wrap(err, fault.NotFound, "", "not found")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, sql.ErrTxDone):
		return fault.Wrap(err, fault.Timeout, "", "the store did not answer in time")
	case dialect == SQLite:
		return classifySQLite(err)
	}
	return classifyPostgres(err)
}
