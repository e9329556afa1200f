package db_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var bg = context.Background()

// load opens dsn with a log as its sequencer, and a table to write to.
func load(t testing.TB, dsn string, opts db.Options) (*db.DB, *history.Log) {
	t.Helper()
	d := dbtest.Open(t, dsn, opts)
	l := history.New(nil, nil)
	if err := l.Load(bg, d); err != nil {
		t.Fatalf("load: %v", err)
	}
	statement(t, d, "CREATE TABLE IF NOT EXISTS scratch (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)")
	return d, l
}

func statement(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	if _, err := d.Raw().Exec(d.Raw().Rebind(query), args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// put is a closure that inserts the row id and records an event of it.
func put(id int64) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		history.Record(tx, history.Event{Kind: "scratch.put", ObjectKind: "scratch", Object: fmt.Sprintf("s%d", id), Actor: "operator:test"})
		_, err := tx.Exec("INSERT INTO scratch (id, n) VALUES (?, ?)", id, id)
		return err
	}
}

func ids(t testing.TB, d *db.DB) []int64 {
	t.Helper()
	var got []int64
	if err := d.View(bg, func(c *db.Conn) error { return c.Select(&got, "SELECT id FROM scratch ORDER BY id") }); err != nil {
		t.Fatalf("read scratch: %v", err)
	}
	return got
}

// sound fails the test when the log of d does not hold together, or does not
// have size entries.
func sound(t testing.TB, d *db.DB, size int64) {
	t.Helper()
	if err := d.View(bg, func(c *db.Conn) error {
		problems, err := history.Check(c)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			t.Errorf("the log is not sound:\n%s", strings.Join(problems, "\n"))
		}
		head, err := history.ReadHead(c)
		if err == nil && head.Size != size {
			t.Errorf("the log has %d entries, want %d", head.Size, size)
		}
		return err
	}); err != nil {
		t.Fatalf("check: %v", err)
	}
}

// reopened closes d, opens dsn again and fails the test unless scratch holds
// want and the log of as many entries is sound.
func reopened(t *testing.T, d *db.DB, dsn string, want ...int64) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	again, l := load(t, dsn, db.Options{})
	if got := ids(t, again); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("after opening again: rows %v, want %v", got, want)
	}
	if l.Size() != int64(len(want)) {
		t.Errorf("after opening again: the log has %d entries, want %d", l.Size(), len(want))
	}
	sound(t, again, int64(len(want)))
}

// hold keeps the committer of d busy until the answer is called.
func hold(t *testing.T, d *db.DB) (release func()) {
	t.Helper()
	running, gate, answer := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		answer <- d.Write(bg, func(*db.Tx) error {
			once.Do(func() { close(running) })
			<-gate
			return nil
		})
	}()
	<-running
	return func() {
		t.Helper()
		close(gate)
		if err := <-answer; err != nil {
			t.Errorf("the closure that held the committer: %v", err)
		}
	}
}

// queue has d wait with each closure, in order, and returns their answers.
func queue(d *db.DB, fns ...func(*db.Tx) error) []chan error {
	answers := make([]chan error, len(fns))
	for i, fn := range fns {
		answers[i] = queueFor(d, "", fn)
	}
	return answers
}

// queueFor has d wait with a closure of a lane, and returns its answer.
func queueFor(d *db.DB, lane string, fn func(*db.Tx) error) chan error {
	answer := make(chan error, 1)
	before := d.Queued()
	go func() { answer <- d.WriteFor(bg, lane, fn) }()
	for d.Queued() == before {
		runtime.Gosched()
	}
	return answer
}

// together runs the closures in one batch, in order.
func together(t *testing.T, d *db.DB, fns ...func(*db.Tx) error) []error {
	t.Helper()
	release := hold(t, d)
	answers := queue(d, fns...)
	release()
	errs := make([]error, len(fns))
	for i, a := range answers {
		errs[i] = <-a
	}
	return errs
}
