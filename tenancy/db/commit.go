package db

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"tenure/tenancy/fault"
)

// Limits of the committer.
const (
	laneLength  = 512  // writes of one lane that wait
	queueLength = 4096 // of all
	batchLimit  = 256
	// A batch takes no further writes after batchWork, so that a few slow ones
	// keep the others waiting for no longer.
	batchWork = 100 * time.Millisecond
	maxTries  = 10
	batchTime = 30 * time.Second
)

// Sequencer orders what a batch's closures change. The committer calls Open
// once at the start of a transaction, Next before each closure, Seal with
// everything the successful closures queued, and Settle once the outcome of
// COMMIT is known or in doubt. Each may be called again when a batch is re-run.
type Sequencer interface {
	Open(tx *Tx) error
	Next(tx *Tx)
	Seal(tx *Tx, queued []any) error
	// Settle reports whether the batch stands: commit is COMMIT's error.
	Settle(view func(func(*Conn) error) error, commit error) (bool, error)
}

// Tx is a write transaction as one closure sees it.
type Tx struct {
	Conn
	Stamp int64 // this closure's instant, set by Sequencer.Next
	Clock int64 // the greatest instant given out in this transaction
	// Rehearsal says that nothing of this closure will be kept.
	Rehearsal bool

	queued []any
}

// Script runs statements of one engine as they are written, without
// placeholders: a migration's.
func (tx *Tx) Script(statements string) error {
	_, err := tx.ext.ExecContext(tx.ctx, statements)
	return tx.classify(err)
}

// Queue hands v to the sequencer, once the closure has succeeded.
func (tx *Tx) Queue(v any) { tx.queued = append(tx.queued, v) }

type job struct {
	ctx      context.Context
	fn       func(*Tx) error
	rehearse bool
	reserved bool // it may use the reserve
	err      error
	done     chan struct{}
}

// Rehearsed is what Write returns of a rehearsal that would have succeeded.
type Rehearsed struct {
	Queued []any // what would have been handed to the sequencer
}

func (*Rehearsed) Error() string { return "rehearsed, and nothing kept" }

type rehearsal struct{}

// Rehearsing makes every Write under the context a rehearsal: it does all the
// work, keeps nothing of it, and returns a *Rehearsed where it would have
// succeeded. One mark for all writes of a request is what keeps a preview from
// writing by mistake.
func Rehearsing(ctx context.Context) context.Context {
	return context.WithValue(ctx, rehearsal{}, true)
}

// Start runs the committer with seq until Close. It must be called once
// before the first Write.
func (d *DB) Start(seq Sequencer) {
	d.begun = true
	go func() {
		defer close(d.ended)
		for {
			select {
			case <-d.wake:
			case <-d.stop:
			}
			for first := d.next(); first != nil; first = d.next() {
				d.runBatch(seq, first)
			}
			select {
			case <-d.stop:
				return
			default:
			}
		}
	}()
}

// next takes the write whose turn it is; nil for none.
func (d *DB) next() *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	j, _ := d.queue.Pop(nil)
	return j
}

// waiting is the number of writes that wait.
func (d *DB) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queue.Len()
}

// Write is WriteFor for what the program itself writes.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return d.WriteFor(ctx, "", fn)
}

// WriteFor runs fn in a write transaction and returns once that is durable, or
// with the error that kept it from happening. fn may run more than once. When
// ctx ends first, WriteFor returns a Timeout and the outcome is unknown. The
// writes of a lane wait for each other, and lanes take turns: Throttled if too
// many of this lane wait, Unavailable if too many of all do.
func (d *DB) WriteFor(ctx context.Context, lane string, fn func(tx *Tx) error) error {
	return d.write(ctx, lane, &job{fn: fn})
}

// WriteReserved is WriteFor for the few small writes that are to work on a full disk,
// too (Guard).
func (d *DB) WriteReserved(ctx context.Context, lane string, fn func(tx *Tx) error) error {
	return d.write(ctx, lane, &job{fn: fn, reserved: true})
}

func (d *DB) write(ctx context.Context, lane string, j *job) error {
	if !d.begun {
		return fault.New(fault.Unavailable, "", "the database is open for reading only")
	}
	if err := d.storage.refuses(j.reserved); err != nil {
		return err
	}
	j.ctx, j.done = ctx, make(chan struct{})
	j.rehearse, _ = ctx.Value(rehearsal{}).(bool)
	select {
	case <-d.stop:
		return fault.New(fault.Unavailable, "", "shutting down")
	default:
	}
	d.mu.Lock()
	if d.lane != nil {
		lane = d.lane(lane)
	}
	err := d.queue.Push(lane, j)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case d.wake <- struct{}{}:
	default: // the committer has not looked since it was last woken
	}
	return d.await(ctx, lane, j)
}

// await waits for what becomes of a queued job.
func (d *DB) await(ctx context.Context, lane string, j *job) error {
	select {
	case <-j.done:
		return d.classify(j.err)
	case <-ctx.Done():
		err := ctx.Err()
		if err != nil { // whoever hangs up gives the place back
			d.mu.Lock()
			d.queue.Remove(lane, j)
			d.mu.Unlock()
		}
		return d.classify(err)
	case <-d.ended:
	}
	select {
	case <-j.done:
		return d.classify(j.err)
	default: // queued after the committer's last look
		return fault.New(fault.Unavailable, "", "shutting down")
	}
}

// batch is what is written in one transaction.
type batch struct {
	jobs  []*job
	limit int // how many it takes
}

func (d *DB) runBatch(seq Sequencer, first *job) {
	ctx, cancel := d.batchContext()
	defer cancel()
	b := &batch{jobs: []*job{first}, limit: d.waiting() + 1}
	var err error
	for try := 0; try < maxTries; try++ {
		if try > 0 {
			time.Sleep(rand.N(100 * time.Millisecond))
		}
		var wrote bool
		wrote, err = d.tryBatch(ctx, seq, b, d.isolation(try))
		again := d.storage.note(err, wrote) && b.reserved()
		if !again && (err == nil || !d.retryable(err)) {
			break
		}
		b.limit = len(b.jobs)
	}
	for _, j := range b.jobs {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// job is the batch's i-th write. A batch takes as many as waited when it began,
// unless it is full or old before.
func (b *batch) job(i int, d *DB, begun time.Time) *job {
	if i < len(b.jobs) {
		return b.jobs[i]
	}
	if len(b.jobs) >= min(b.limit, batchLimit) || time.Since(begun) > d.batchWork {
		return nil
	}
	j := d.next()
	if j != nil {
		b.jobs = append(b.jobs, j)
	}
	return j
}

// reserved reports whether any of its writes may use the reserve.
func (b *batch) reserved() bool {
	return slices.ContainsFunc(b.jobs, func(j *job) bool { return j.reserved })
}

// batchContext bounds a batch on PostgreSQL. A local file needs no bound, and
// the SQLite driver starts a goroutine a statement for a context that can end.
func (d *DB) batchContext() (context.Context, context.CancelFunc) {
	if d.Dialect == SQLite || d.unbounded {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), batchTime)
}

// isolation is the server's own for the first try. Where that is stricter than
// READ COMMITTED, a batch that waits for the sequencer's lock fails when it gets
// it, and can go on losing to a busy node; from the second try on it waits and
// then sees what the other did. The lock comes first and orders all writes, so
// nothing is weaker for it.
func (d *DB) isolation(try int) sql.IsolationLevel {
	if d.Dialect == Postgres && try > 0 {
		return sql.LevelReadCommitted
	}
	return sql.LevelDefault
}

// tryBatch runs the batch once, and reports whether anything was written. A nil error
// means that each job's err holds its own outcome; an error counts for all of them.
func (d *DB) tryBatch(ctx context.Context, seq Sequencer, b *batch, isolation sql.IsolationLevel) (wrote bool, err error) {
	begun := time.Now()
	sqlTx, err := d.writer.BeginTxx(ctx, &sql.TxOptions{Isolation: isolation})
	if err != nil {
		return false, err
	}
	defer sqlTx.Rollback()
	tx := &Tx{Conn: Conn{dialect: d.Dialect, ctx: ctx, ext: sqlTx, asked: d.asked}}
	if err := seq.Open(tx); err != nil {
		return false, err
	}
	succeeded := 0
	for i := 0; ; i++ {
		j := b.job(i, d, begun)
		if j == nil {
			break
		}
		if j.err = j.ctx.Err(); j.err == nil {
			j.err = d.storage.refuses(j.reserved)
		}
		if j.err != nil {
			continue
		}
		if j.err, err = runJob(ctx, seq, tx, sqlTx, j, d); err != nil {
			return false, err
		}
		if j.err == nil {
			succeeded++
		}
	}
	if succeeded == 0 {
		return false, nil // nothing to make durable
	}
	if err := seq.Seal(tx, tx.queued); err != nil {
		return false, err
	}
	err = d.commit(seq, sqlTx)
	return err == nil, err
}

// runJob runs one closure under a savepoint. The first error is the
// closure's own, the second breaks the batch. A closure that fails leaves
// nothing behind: no row, no event, no step of the clock.
func runJob(ctx context.Context, seq Sequencer, tx *Tx, sqlTx *sqlx.Tx, j *job, d *DB) (own, broken error) {
	if _, err := sqlTx.ExecContext(ctx, "SAVEPOINT change"); err != nil {
		return nil, err
	}
	mark, clock := len(tx.queued), tx.Clock
	seq.Next(tx)
	tx.Rehearsal = j.rehearse
	own = guarded(j.fn, tx)
	if own == nil && j.rehearse {
		own = &Rehearsed{slices.Clone(tx.queued[mark:])}
	}
	if own == nil {
		// PostgreSQL refuses this after a failed statement whose error the closure swallowed.
		if _, own = sqlTx.ExecContext(ctx, "RELEASE SAVEPOINT change"); own == nil {
			return nil, nil
		}
	}
	if d.retryable(own) || reasonOf(own) != "" {
		return nil, own
	}
	tx.queued, tx.Clock = tx.queued[:mark], clock
	if _, err := sqlTx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT change"); err != nil {
		if fault.Is(own, fault.Unavailable) { // the store failed and took the transaction with it
			return nil, own
		}
		return nil, err
	}
	_, err := sqlTx.ExecContext(ctx, "RELEASE SAVEPOINT change")
	return own, err
}

// guarded keeps a panic in one closure from ending the committer.
func guarded(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("%v\n%s", p, debug.Stack()), fault.Internal, "", "panic in a write")
		}
	}()
	return fn(tx)
}

// commit makes the batch durable and lets the sequencer settle it. A failed
// injection after COMMIT plays a lost answer. The sequencer looks under a
// context of its own, because the batch's may be what ended, and for a limited
// time, because all other writes wait.
func (d *DB) commit(seq Sequencer, sqlTx *sqlx.Tx) error {
	err := d.inject(BeforeCommit)
	if err != nil {
		return err
	}
	if err = sqlTx.Commit(); err == nil {
		err = d.inject(AfterCommit)
	}
	view := func(fn func(*Conn) error) error {
		ctx, cancel := context.WithTimeout(context.Background(), batchTime)
		defer cancel()
		return d.ViewAside(ctx, fn)
	}
	stands, settleErr := seq.Settle(view, err)
	switch {
	case stands:
		return nil
	case d.refused(err):
		return err
	case settleErr != nil:
		err = fmt.Errorf("%w; looking for it: %v", err, settleErr)
	}
	return fault.Wrap(err, fault.Timeout, "", "the store did not confirm the change: it may or may not be stored")
}
