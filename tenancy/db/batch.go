package db

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"tenure/tenancy/fault"
)

// batch is what is written in one transaction.
type batch struct {
	jobs  []*job
	limit int // how many it takes
	// careful says that each closure has a savepoint and writes its rows before the
	// next one begins, so that a row the engine refuses fails only whose it is.
	careful bool
	// unsent says that it failed before any closure had run, for its connection only.
	unsent bool
	notes  []noted // its statements, where requests are traced
}

// past is what the committer remembers of a batch.
type past struct {
	jobs  int
	took  time.Duration
	ended time.Time
}

func (d *DB) runBatch(seq Sequencer, first *job) {
	ctx, cancel := d.batchContext()
	defer cancel()
	begun := time.Now()
	d.begunAt.CompareAndSwap(nil, &begun)
	d.running.Store(true)
	defer d.running.Store(false)
	b := &batch{jobs: []*job{first}, limit: d.waiting() + 1}
	var err error
	tries := 0
	for try := 0; try < maxTries; try++ {
		tries++
		if try > 0 && !b.careful {
			time.Sleep(rand.N(100 * time.Millisecond))
		}
		var wrote bool
		wrote, err = d.tryBatch(ctx, seq, b, d.isolation(try))
		again := d.storage.note(err, wrote) && b.reserved() || d.retryable(err)
		again = again || b.unsent && try < pooledWriters
		if !again && err != nil && !b.careful && d.refused(err) && reasonOf(err) == "" {
			again, b.careful = true, true
		}
		if !again {
			break
		}
		b.limit = len(b.jobs)
	}
	d.last = past{jobs: len(b.jobs), ended: time.Now()}
	d.last.took = d.last.ended.Sub(begun)
	d.counts.ended(len(b.jobs), tries, d.last.took, err)
	d.traceBatch(b, begun, tries, err)
	if !fault.Is(err, fault.Timeout) { // else the next may hang as it did: see Recover
		d.begunAt.Store(nil)
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
	if len(b.jobs) >= min(b.limit, d.batch) || time.Since(begun) > d.batchWork {
		return nil
	}
	j := d.next()
	if j != nil {
		b.jobs = append(b.jobs, j)
	}
	return j
}

// needs are the look-ups of the writes that the batch is about to take.
func (b *batch) needs(d *DB) []Need {
	jobs := b.jobs
	if more := min(b.limit, d.batch) - len(jobs); more > 0 {
		d.mu.Lock()
		jobs = append(slices.Clip(jobs), d.queue.Peek(more)...)
		d.mu.Unlock()
	}
	var all []Need
	for _, j := range jobs {
		if j.needs != nil {
			all = append(all, j.needs()...)
		}
	}
	return all
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
//
// It takes two round trips where every look-up was foreseen: one begins the
// transaction, locks the head and reads, the other writes and commits.
func (d *DB) tryBatch(ctx context.Context, seq Sequencer, b *batch, isolation sql.IsolationLevel) (wrote bool, err error) {
	b.unsent = false
	tx, err := d.begin(ctx, isolation)
	if err != nil {
		return false, err
	}
	defer tx.end()
	if d.tracer != nil {
		tx.note = func(n noted) { b.notes = append(b.notes, n) }
	}
	needs := seq.Needs()
	if d.Dialect == Postgres {
		needs = append(needs, b.needs(d)...)
	}
	if err := tx.Load(needs...); err != nil {
		b.unsent = d.unsent(err)
		return false, err
	}
	if err := d.inject(AfterLoad); err != nil {
		return false, err
	}
	if err := seq.Open(tx); err != nil {
		return false, err
	}
	begun, succeeded := time.Now(), 0
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
		if j.err, err = tx.job(seq, j, b.careful); err != nil {
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
	err = d.commit(seq, tx)
	return err == nil, err
}

// job runs one closure. The first error is the closure's own, the second breaks
// the batch. A closure that fails leaves nothing behind: no row, no event, no step
// of the clock. What the engine did for it is undone by its savepoint; most have
// none, because their rows are not written before all have decided.
func (tx *Tx) job(seq Sequencer, j *job, careful bool) (own, broken error) {
	mark, clock := len(tx.queued), tx.Clock
	tx.rows = nil
	tx.own, tx.saved, tx.inside = len(tx.pending), false, true
	defer func() { tx.inside = false }()
	if careful {
		if err := tx.save(); err != nil {
			return nil, err
		}
	}
	seq.Next(tx)
	tx.Rehearsal, tx.Timeless = j.rehearse, false
	if own = guarded(j.fn, tx); own == nil {
		own = seq.Accept(tx.queued[mark:], tx.rows)
	}
	if own == nil && (careful || j.rehearse) { // so that what the engine refuses is told of a rehearsal, too
		own = tx.flush(true)
	}
	if own == nil && j.rehearse {
		own = &Rehearsed{slices.Clone(tx.queued[mark:])}
	}
	if own == nil && tx.saved {
		// PostgreSQL refuses this after a failed statement whose error the closure swallowed.
		own = tx.send([]statement{{query: "RELEASE SAVEPOINT change"}})
	}
	if own == nil {
		if tx.Timeless {
			tx.Clock = clock
		}
		return nil, nil
	}
	if tx.db.retryable(own) || reasonOf(own) != "" || tx.broken != nil {
		return nil, own
	}
	tx.queued, tx.Clock, tx.pending = tx.queued[:mark], clock, tx.pending[:min(tx.own, len(tx.pending))]
	if !tx.saved {
		if tx.db.aborted(tx.conn) { // by a statement of this closure: only a savepoint helps the others
			return nil, own
		}
		return own, nil
	}
	if err := tx.undo(); err != nil {
		if fault.Is(own, fault.Unavailable) { // the store failed and took the transaction with it
			return nil, own
		}
		return nil, err
	}
	return own, nil
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
func (d *DB) commit(seq Sequencer, tx *Tx) error {
	err := d.inject(BeforeCommit)
	if err != nil {
		return err
	}
	if err = tx.commit(); err == nil {
		err = d.inject(AfterCommit)
	}
	view := func(fn func(*Conn) error) error {
		ctx, cancel := context.WithTimeout(context.Background(), batchTime)
		defer cancel()
		if d.Dialect == Postgres && !d.refused(err) { // what is found there may not be on a standby yet
			if err := d.replicated(ctx); err != nil {
				return err
			}
		}
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
