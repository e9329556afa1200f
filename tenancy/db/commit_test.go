package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"tenure/jwk/jwktest"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestLimitsOfThePage: the other tests try these limits from both sides.
func TestLimitsOfThePage(t *testing.T) {
	if got, want := jwktest.Limit(t, "Requests", "writes of one transaction"), []int{db.BatchLimit, int(db.BatchWork.Milliseconds())}; !slices.Equal(got, want) {
		t.Errorf("the page says %d, not %d", got, want)
	}
	if got, want := jwktest.Limit(t, "Requests", "writes that wait"), []int{db.LaneLength, db.QueueLength}; !slices.Equal(got, want) {
		t.Errorf("the page says %d, not %d", got, want)
	}
}

func TestOneBatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		var commits atomic.Int64
		d, l := load(t, dsn, db.Options{Inject: func(point string) error {
			if point == db.BeforeCommit {
				commits.Add(1)
			}
			return nil
		}})
		d.Patient()
		fns := make([]func(*db.Tx) error, db.BatchLimit)
		for i := range fns {
			fns[i] = put(int64(i))
		}
		for i, err := range together(t, d, fns...) {
			if err != nil {
				t.Errorf("closure %d: %v", i, err)
			}
		}
		if got := commits.Load(); got != 2 {
			t.Errorf("%d transactions, want 2: the one that held the committer and the batch", got)
		}
		if l.Size() != db.BatchLimit {
			t.Errorf("the log has %d entries, want %d", l.Size(), db.BatchLimit)
		}
		sound(t, d, db.BatchLimit)

		// One more than fits is two.
		commits.Store(0)
		for i := range fns {
			fns[i] = put(int64(1000 + i))
		}
		together(t, d, append(fns, put(2000))...)
		if got := commits.Load(); got != 3 {
			t.Errorf("%d transactions, want 3", got)
		}
		sound(t, d, 2*db.BatchLimit+1)
	})
}

// TestBatchOfAnOption: a program may ask for larger transactions, of which twice as many wait.
func TestBatchOfAnOption(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		const batch = db.BatchLimit + 50
		var commits atomic.Int64
		d, _ := load(t, dsn, db.Options{Batch: batch, Inject: func(point string) error {
			if point == db.BeforeCommit {
				commits.Add(1)
			}
			return nil
		}})
		d.Patient()
		fns := make([]func(*db.Tx) error, 2*batch)
		for i := range fns {
			fns[i] = put(int64(i))
		}
		for i, err := range together(t, d, fns...) {
			if err != nil {
				t.Errorf("closure %d: %v", i, err)
			}
		}
		if got := commits.Load(); got != 3 {
			t.Errorf("%d transactions, want 3: the one that held the committer and two batches", got)
		}
		sound(t, d, int64(len(fns)))
	})
}

// A failing closure leaves nothing, and its neighbours whole.
func TestFailingClosureInABatch(t *testing.T) {
	domain := fault.New(fault.Invalid, "", "the domain says no")
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		after := func(id int64, fail func(*db.Tx) error) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				if err := put(id)(tx); err != nil {
					return err
				}
				return fail(tx)
			}
		}
		var inside []int64
		errs := together(t, d,
			put(1),
			after(11, func(*db.Tx) error { return domain }),
			put(2),
			after(12, put(1)),
			put(3),
			after(13, func(*db.Tx) error { panic("geheim") }),
			put(4),
			after(14, func(tx *db.Tx) error { _, err := tx.Exec("SELEKT 1"); return err }),
			put(5),
			func(tx *db.Tx) error { return tx.Select(&inside, "SELECT id FROM scratch ORDER BY id") },
		)
		for i := 0; i < len(errs); i += 2 {
			if errs[i] != nil {
				t.Errorf("closure %d between failing ones: %v", i, errs[i])
			}
		}
		if !errors.Is(errs[1], domain) {
			t.Errorf("the closure's own error came back as %v", errs[1])
		}
		wantFault(t, errs[3], fault.Conflict)
		wantFault(t, errs[5], fault.Internal, "panic in a write")
		wantFault(t, errs[7], fault.Internal)
		if errs[9] != nil || fmt.Sprint(inside) != "[1 2 3 4 5]" {
			t.Errorf("the last closure of the batch sees %v (%v), want 1 to 5", inside, errs[9])
		}
		reopened(t, d, dsn, 1, 2, 3, 4, 5)
	})
}

// A closure that takes no notice of a statement's failure harms itself at most.
func TestSwallowedError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		errs := together(t, d, put(1), func(tx *db.Tx) error {
			tx.Exec("INSERT INTO scratch (id, n) VALUES (1, 1)")
			return nil
		}, put(2))
		if errs[0] != nil || errs[2] != nil {
			t.Errorf("neighbours of a closure that swallowed an error: %v, %v", errs[0], errs[2])
		}
		if d.Dialect == db.Postgres { // which does not go on after a failed statement
			wantFault(t, errs[1], fault.Internal)
		}
		reopened(t, d, dsn, 1, 2)
	})
}

// Whatever a failing closure did to the clock is undone with it.
func TestFailingClosureAndTheClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, db.Options{})
		before := l.Now()
		var at history.Micros
		errs := together(t, d, func(tx *db.Tx) error {
			history.Advance(tx, before+3600e6)
			return errors.New("no")
		}, func(tx *db.Tx) error {
			at = history.At(tx)
			return put(1)(tx)
		})
		if errs[0] == nil || errs[1] != nil {
			t.Fatalf("answers %v", errs)
		}
		if at >= before+3600e6 {
			t.Errorf("recorded %s ahead, as a failed closure wanted it", at.Time().Sub(before.Time()))
		}
		if err := d.Write(bg, put(2)); err != nil {
			t.Errorf("the next write: %v", err)
		}
		sound(t, d, 2)
	})
}

func TestCancelledClosureIsNotRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		ran := false
		fn := func(*db.Tx) error { ran = true; return nil }

		done, cancel := context.WithCancel(bg)
		cancel()
		wantFault(t, d.Write(done, fn), fault.Timeout)

		// Also when it ends while the closure waits: Write does not wait on.
		release := hold(t, d)
		waiting, cancel := context.WithCancel(bg)
		answer := make(chan error)
		before := d.Queued()
		go func() { answer <- d.Write(waiting, fn) }()
		for d.Queued() == before {
			runtime.Gosched()
		}
		cancel()
		wantFault(t, <-answer, fault.Timeout)
		release()

		// The committer answers in order: behind this one both were looked at.
		if err := d.Write(bg, put(1)); err != nil {
			t.Fatal(err)
		}
		if ran {
			t.Error("a closure was run after its context had ended")
		}
		reopened(t, d, dsn, 1)
	})
}

// TestFullQueue: a lane that has as many as it may does not keep others from
// queueing, as long as there is any room.
func TestFullQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		release := hold(t, d)
		var answers []chan error
		var want []int64
		for i := range int64(db.QueueLength) {
			lane := fmt.Sprint("lane ", i/db.LaneLength)
			if i%db.LaneLength == 0 && i > 0 {
				err := d.WriteFor(bg, fmt.Sprint("lane ", i/db.LaneLength-1), put(-1))
				wantFault(t, err, fault.Throttled, "one organization")
				if fault.Of(err).RetryAfter <= 0 {
					t.Error("a full lane does not say when to come again")
				}
			}
			answers, want = append(answers, queueFor(d, lane, put(i))), append(want, i)
		}
		err := d.WriteFor(bg, "another", put(-1))
		wantFault(t, err, fault.Unavailable, "too many")
		if fault.Of(err).RetryAfter <= 0 {
			t.Error("a full queue does not say when to come again")
		}
		release()
		for i, a := range answers {
			if err := <-a; err != nil {
				t.Fatalf("closure %d of a full queue: %v", i, err)
			}
		}
		if err := d.Write(bg, put(db.QueueLength)); err != nil {
			t.Errorf("after the queue has emptied: %v", err)
		}
		reopened(t, d, dsn, append(want, db.QueueLength)...)
	})
}

// TestLanesTakeTurns: a write behind a hundred of another lane is the second to be
// made, and a slow one ends its batch.
func TestLanesTakeTurns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		d.Impatient()
		release := hold(t, d)
		var order []string
		say := func(name string) func(*db.Tx) error {
			return func(*db.Tx) error { order = append(order, name); return nil }
		}
		var answers []chan error
		for range 100 {
			answers = append(answers, queueFor(d, "flood", say("flood")))
		}
		answers = append(answers, queueFor(d, "other", say("other")))
		release()
		for _, a := range answers {
			if err := <-a; err != nil {
				t.Error(err)
			}
		}
		if i := slices.Index(order, "other"); i != 1 || len(order) != 101 {
			t.Errorf("the other's write was number %d of %d", i, len(order))
		}
	})
}

// What fails before COMMIT has not happened; what fails behind it has.
func TestInjectedFailure(t *testing.T) {
	injected := errors.New("injected")
	dbtest.Each(t, func(t *testing.T, dsn string) {
		var fail atomic.Value
		fail.Store("")
		d, l := load(t, dsn, db.Options{Inject: func(point string) error {
			if fail.CompareAndSwap(point, "") {
				return injected
			}
			return nil
		}})
		var fed []int64
		l.OnCommit(func(events []history.Applied, size int64) {
			for _, e := range events {
				fed = append(fed, e.Idx)
			}
		})
		if err := d.Write(bg, put(1)); err != nil {
			t.Fatal(err)
		}

		fail.Store(db.AfterLoad)
		if err := d.Write(bg, put(9)); !errors.Is(err, injected) {
			t.Errorf("after the rows were read: answer %v, want the injected error", err)
		}

		// Armed by a closure of the batch itself: the one before it is committed then.
		failing := func(point string, id int64) func(*db.Tx) error {
			return func(tx *db.Tx) error { fail.Store(point); return put(id)(tx) }
		}
		for i, err := range together(t, d, failing(db.BeforeCommit, 2), put(3)) {
			if !errors.Is(err, injected) {
				t.Errorf("closure %d before COMMIT: answer %v, want the injected error", i, err)
			}
		}
		if got := fmt.Sprint(ids(t, d), fed, l.Size()); got != "[1] [0] 1" {
			t.Errorf("rows, feed and size are %s after a failure before COMMIT, want [1] [0] 1", got)
		}
		sound(t, d, 1)

		for i, err := range together(t, d, failing(db.AfterCommit, 4), put(5)) {
			if err != nil {
				t.Errorf("closure %d behind COMMIT: %v", i, err)
			}
		}
		if got := fmt.Sprint(ids(t, d), fed, l.Size()); got != "[1 4 5] [0 1 2] 3" {
			t.Errorf("rows, feed and size are %s after a failure behind COMMIT, want [1 4 5] [0 1 2] 3", got)
		}

		// Without an event nothing tells whether the batch is there.
		fail.Store(db.AfterCommit)
		err := d.Write(bg, func(tx *db.Tx) error { _, err := tx.Exec("UPDATE scratch SET n = 7 WHERE id = 1"); return err })
		wantFault(t, err, fault.Timeout, "it may or may not be stored")
		if !errors.Is(err, injected) {
			t.Errorf("the cause is lost: %v", err)
		}
		reopened(t, d, dsn, 1, 4, 5)
	})
}

func TestWriteAfterClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		if err := d.Write(bg, put(1)); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.Write(bg, put(2)), fault.Unavailable, "shutting down")
		wantFault(t, d.WriteLate(bg, put(3)), fault.Unavailable, "shutting down")
		reopened(t, d, dsn, 1)
	})
}

// Close runs what is queued, and every Write that it meets is answered.
func TestCloseAnswersEverybody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		release := hold(t, d)
		answers := queue(d, put(1), put(2), put(3))
		closed := make(chan error)
		go func() { closed <- d.Close() }()
		release()
		if err := <-closed; err != nil {
			t.Errorf("close: %v", err)
		}
		for i, a := range answers {
			if err := <-a; err != nil {
				t.Errorf("closure %d, queued before Close: %v", i, err)
			}
		}
		reopened(t, d, dsn, 1, 2, 3)
	})
}

func TestCloseWhileWriting(t *testing.T) {
	for range 10 {
		path := dbtest.SQLite(t)
		d, _ := load(t, path, db.Options{})
		var next, acknowledged atomic.Int64
		var wg sync.WaitGroup
		first := make(chan struct{})
		var once sync.Once
		for range 16 {
			wg.Go(func() {
				for {
					err := d.Write(bg, put(next.Add(1)))
					if err != nil {
						if !fault.Is(err, fault.Unavailable) {
							t.Errorf("write while closing: %v", err)
						}
						return
					}
					acknowledged.Add(1)
					once.Do(func() { close(first) })
				}
			})
		}
		<-first
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		wg.Wait()
		again := dbtest.Open(t, path, db.Options{ReadOnly: true})
		sound(t, again, acknowledged.Load())
		again.Close()
	}
}
