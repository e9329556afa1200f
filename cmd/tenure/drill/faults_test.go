//go:build linux

package drill

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// warmTime is how long the load runs before a fault and after everything is well again;
// recoverLimit is the most that may pass until every node writes again.
const (
	warmTime     = time.Second
	recoverLimit = 60 * time.Second
)

// fault breaks an installation. For hold it stays broken, then mend mends it.
type fault struct {
	name        string
	short       bool // also in the short round
	synchronous bool // only where the standby is
	inject      func(t *testing.T, i *installation)
	hold        time.Duration
	mend        func(t *testing.T, i *installation)
	pause       [3]time.Duration // by node: the most that may pass without an acknowledged write
	after       func(t *testing.T, i *installation)
}

// Statements of the nodes by which their backends are known.
const (
	pollPattern  = `log_event where idx >= \$1 order by idx limit`
	writePattern = "insert into|update log_head"
)

// faults are in the order of the drill: each begins where the one before has ended.
func faults() []fault {
	var stopped int // the backend that a fault has stopped
	stop := func(node, pattern string, writing bool) func(*testing.T, *installation) {
		return func(t *testing.T, i *installation) { stopped = i.primary.stopBackend(t, node, pattern, writing) }
	}
	resume := func(t *testing.T, i *installation) { syscall.Kill(stopped, syscall.SIGCONT) }
	return []fault{
		{name: "kill -9 of node a, started again after 1 s", short: true, hold: time.Second, pause: [3]time.Duration{10 * time.Second, 5 * time.Second, 5 * time.Second},
			inject: func(t *testing.T, i *installation) { i.nodes[0].process.kill() },
			mend:   func(t *testing.T, i *installation) { i.launch(t, i.nodes[0]) }},
		{name: "node b is asked to end, and started again", pause: [3]time.Duration{5 * time.Second, 25 * time.Second, 5 * time.Second},
			inject: func(t *testing.T, i *installation) {
				i.nodes[1].stop(t)
				i.launch(t, i.nodes[1])
			}},
		{name: "kill -9 of the primary's postmaster, started again", short: true, pause: [3]time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second},
			inject: func(t *testing.T, i *installation) {
				i.primary.process.kill()
				i.primary.start(t)
			}},
		{name: "SIGSTOP of a backend that polls for node a, for 6 s", hold: 6 * time.Second, pause: [3]time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second}, inject: stop("a", pollPattern, false), mend: resume},
		{name: "SIGSTOP of a backend in the middle of a write for node b, for 6 s", hold: 6 * time.Second, pause: [3]time.Duration{11 * time.Second, 11 * time.Second, 11 * time.Second}, inject: stop("b", writePattern, true), mend: resume},
		{name: "SIGSTOP of the primary with all its processes, for 5 s", hold: 5 * time.Second, pause: [3]time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second},
			inject: func(t *testing.T, i *installation) { must(t, i.primary.process.signalTree(syscall.SIGSTOP)) },
			mend:   func(t *testing.T, i *installation) { must(t, i.primary.process.signalTree(syscall.SIGCONT)) }},
		{name: "node c is cut off from PostgreSQL for 6 s: packets are dropped", hold: 6 * time.Second, pause: [3]time.Duration{5 * time.Second, 5 * time.Second, 15 * time.Second},
			inject: func(t *testing.T, i *installation) {
				for _, p := range i.nodes[2].proxies {
					p.swallow()
				}
			},
			mend: func(t *testing.T, i *installation) {
				for _, p := range i.nodes[2].proxies {
					p.heal()
				}
			}},
		{name: "SIGSTOP of the synchronous standby with all its processes, for 7 s", synchronous: true, hold: 7 * time.Second, pause: [3]time.Duration{12 * time.Second, 12 * time.Second, 12 * time.Second},
			inject: func(t *testing.T, i *installation) { must(t, i.standby.process.signalTree(syscall.SIGSTOP)) },
			mend:   func(t *testing.T, i *installation) { must(t, i.standby.process.signalTree(syscall.SIGCONT)) }},
		{name: "kill -9 of the primary with all its processes, the standby is promoted", short: true, synchronous: true, pause: [3]time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second},
			inject: func(t *testing.T, i *installation) { i.failOver(t) },
			after:  func(t *testing.T, i *installation) { i.rebuildStandby(t) }},
	}
}

// failOver loses the primary and promotes the standby.
func (i *installation) failOver(t *testing.T) {
	t.Helper()
	i.primary.killAll(t)
	i.standby.promote(t)
	i.primary, i.standby = i.standby, i.primary
}

// rebuildStandby makes a standby of the present primary in the place of the server that was lost.
func (i *installation) rebuildStandby(t *testing.T) {
	t.Helper()
	must(t, os.RemoveAll(i.standby.data()))
	i.addStandby(t, i.standby.name, i.standby.port)
}

// TestFaults breaks an installation whose standby is synchronous, one thing after another.
// No acknowledged write is lost.
func TestFaults(t *testing.T) {
	requireDrill(t)
	for k, bin := range binaries(t) {
		for _, synchronous := range []bool{true, false} {
			if k > 0 && !synchronous {
				continue // the further versions have a short round
			}
			name := "PostgreSQL " + version(t, bin) + ", asynchronous standby"
			if synchronous {
				name = strings.Replace(name, "asynchronous", "synchronous", 1)
			}
			t.Run(name, func(t *testing.T) {
				i := install(t, bin, synchronous)
				l := newLoad(t, i)
				var rows []row
				for _, f := range faults() {
					if k > 0 && !f.short || f.synchronous && !synchronous {
						continue
					}
					rows = append(rows, f.run(t, i, l))
				}
				table(t, name, pausedColumns, rows)
				i.consistent(t)
			})
		}
	}
}

// run runs one fault under load and checks what came of it.
func (f fault) run(t *testing.T, i *installation, l *load) row {
	t.Helper()
	t.Log(time.Now().Format("15:04:05"), f.name)
	began := time.Now()
	watched := i.watch()
	l.begin()
	pause(t.Context(), warmTime)
	broken := time.Now()
	f.inject(t, i)
	pause(t.Context(), f.hold)
	if f.mend != nil {
		f.mend(t, i)
	}
	r := row{fault: f.name}
	mended := time.Now()
	within(t, recoverLimit, f.name+": every node writes again", func() error {
		for n := range i.nodes {
			if len(l.acknowledged(n, mended)) == 0 {
				return fmt.Errorf("node %s does not, /readyz said %s", i.nodes[n].name, watched.last(n))
			}
		}
		return nil
	})
	pause(t.Context(), warmTime)
	for n := range i.nodes {
		r.times = append(r.times, l.pause(n, broken))
	}
	l.end()
	for _, samples := range watched.end() {
		r.said = append(r.said, said(samples))
	}
	if f.after != nil {
		f.after(t, i)
	}
	r.verdict = l.check(t, began)
	f.judge(t, r)
	return r
}

// judge fails the test if a row is not as it must be.
func (f fault) judge(t *testing.T, r row) {
	t.Helper()
	f.judgeWrites(t, r)
	for n, d := range r.times {
		if d > f.pause[n] {
			t.Errorf("%s: for %v no write was acknowledged at node %c, more than %v", f.name, d, 'a'+n, f.pause[n])
		}
	}
}

// judgeWrites fails the test if a write is lost or something else is wrong.
func (f fault) judgeWrites(t *testing.T, r row) {
	t.Helper()
	if r.verdict.acknowledged < 50 {
		t.Errorf("%s: only %d writes were acknowledged", f.name, r.verdict.acknowledged)
	}
	for mark, w := range r.verdict.lost {
		t.Errorf("%s: %s of node %d (%s) was acknowledged and is lost", f.name, mark, w.node, w.kind)
	}
	for k, problem := range r.verdict.wrong {
		if k == 10 {
			t.Errorf("%s: and %d more", f.name, len(r.verdict.wrong)-k)
			break
		}
		t.Errorf("%s: %s", f.name, problem)
	}
}
