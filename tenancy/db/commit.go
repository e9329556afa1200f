package db

import (
	"context"
	"time"

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
	// Writers that were answered together ask together again. On PostgreSQL, where each
	// batch costs round trips under the lock of the head, a batch waits for as many
	// as the one before had, for half of the time that one took and gatherTime at most:
	// without that, the first few of them would go alone, and the others wait for the next.
	gatherTime = 20 * time.Millisecond
)

// Sequencer orders what a batch's closures change. The committer reads its Needs
// before all others', which locks what orders the writers, then calls Open once at
// the start of a transaction, Next before each closure and Accept after it, with what
// it queued and inserted, Seal with everything the successful closures queued, and Settle once the outcome of COMMIT is known or in
// doubt. Each may be called again when a batch is re-run.
type Sequencer interface {
	Needs() []Need
	Open(tx *Tx) error
	Next(tx *Tx)
	// Accept may change what was queued, in place. An error fails the closure.
	Accept(queued []any, rows []Row) error
	Seal(tx *Tx, queued []any) error
	// Settle reports whether the batch stands: commit is COMMIT's error.
	Settle(view func(func(*Conn) error) error, commit error) (bool, error)
}

type job struct {
	ctx      context.Context
	needs    func() []Need // nil for none
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
			for d.gather(); ; d.gather() {
				first := d.next()
				if first == nil {
					break
				}
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

// gather waits for the writes that are likely to come soon.
func (d *DB) gather() {
	n, most := d.waiting(), d.last.jobs
	if d.Dialect != Postgres || n == 0 || n >= most || time.Since(d.last.ended) > d.last.took {
		return
	}
	enough := time.NewTimer(min(d.last.took/2, gatherTime))
	defer enough.Stop()
	for ; n < most; n = d.waiting() {
		select {
		case <-d.wake:
		case <-enough.C:
			return
		case <-d.stop:
			return
		}
	}
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

// Decide is WriteFor for a closure that says beforehand which rows it will look up,
// so that those of a whole batch are read together. needs may be called more than
// once and must be quick; a look-up that it leaves out costs a statement of its own.
func (d *DB) Decide(ctx context.Context, lane string, needs func() []Need, fn func(tx *Tx) error) error {
	return d.write(ctx, lane, &job{needs: needs, fn: fn})
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
		return d.counts.refuse(1, err)
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
		return d.counts.refuse(1, err)
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
