//go:build linux

package drill

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	aheadBy   = 10 * time.Minute
	aheadTime = 13 * time.Second // more than the time between two flushes of last uses
	// clockBound is how far the log's clock may be ahead of PostgreSQL's.
	clockBound = 500 * time.Millisecond
)

// TestClock has a node whose clock is ten minutes ahead. It writes nothing, says so, and
// its reads and last uses do not move the log's clock; the others go on without a pause.
func TestClock(t *testing.T) {
	requireDrill(t)
	i := install(t, binaries(t)[0], false)
	l := newLoad(t, i)
	fast := i.nodes[2]
	fast.stop(t)
	fast.program = buildAhead(t, aheadBy)
	began := time.Now()
	watched := i.watch()
	l.begin()
	i.launch(t, fast)
	within(t, 10*time.Second, "node c answers", func() error {
		_, err := fast.send(t.Context(), l.reader, "GET", "/v1/whoami", "")
		return err
	})
	pause(t.Context(), aheadTime)
	r := row{fault: "the clock of node c is 10 min ahead"}
	for n := range i.nodes {
		r.times = append(r.times, l.pause(n, began))
	}
	l.end()
	for _, samples := range watched.end() {
		r.said = append(r.said, said(samples))
	}
	ahead := i.ask(t, "SELECT (clock / 1000 - extract(epoch FROM clock_timestamp()) * 1000)::bigint::text FROM log_head")
	if d, err := time.ParseDuration(ahead + "ms"); err != nil || d > clockBound {
		t.Errorf("the log's clock is %s ms ahead of PostgreSQL's: %v", ahead, err)
	}
	if n := len(l.acknowledged(2, began)); n > 0 {
		t.Errorf("node c acknowledged %d writes", n)
	}
	if status, word := fast.ready(t.Context()); status != http.StatusServiceUnavailable || !strings.Contains(word, "clock") {
		t.Errorf("/readyz of node c: %d %s", status, word)
	}
	if status, word := fast.read(t, l); status != http.StatusOK {
		t.Errorf("a read at node c: %d %s", status, word)
	}
	for n, d := range r.times[:2] {
		if d > time.Second {
			t.Errorf("node %s paused for %v", i.nodes[n].name, d)
		}
	}
	r.verdict = l.check(t, began, i.nodes[:2]...)
	fault{name: r.fault}.judgeWrites(t, r)
	table(t, "PostgreSQL "+version(t, i.bin)+", asynchronous standby", pausedColumns, []row{r})
}

// read reads a client at a node.
func (n *tenure) read(t *testing.T, l *load) (int, string) {
	t.Helper()
	got, err := n.send(t.Context(), l.reader, "GET", "/admin/clients?page_size=1", "")
	must(t, err)
	return got.status, string(got.body)
}
