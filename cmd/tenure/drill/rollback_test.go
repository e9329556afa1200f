//go:build linux

package drill

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// rolledBack is the word of /readyz, and refusedCode the exit code, of a node whose log was rolled back.
	rolledBack  = "log-rolled-back"
	refusedCode = 6
	// tellLimit is how long a node may take to find out: a poll, and a new connection before it.
	tellLimit = 4 * time.Second
	// lostTime is how long writes go on that the rollback will lose.
	lostTime = 1500 * time.Millisecond
)

// rollback is what takes acknowledged writes out of the database under running nodes.
type rollback struct {
	name string
	// hold begins the time whose writes will be lost, and returns an instant from before it: what
	// was acknowledged until then stays. lose loses the others.
	hold func(t *testing.T, i *installation) time.Time
	lose func(t *testing.T, i *installation)
}

func rollbacks() []rollback {
	var old *postgres
	return []rollback{
		{"the standby lacks the last transactions and is promoted",
			func(t *testing.T, i *installation) time.Time {
				from := time.Now()
				written := i.primary.mustQuery(t, "SELECT pg_current_wal_flush_lsn()::text")[0]
				within(t, 10*time.Second, "the standby has what was written", func() error {
					if got := i.primary.mustQuery(t, "SELECT count(*)::text FROM pg_stat_replication WHERE flush_lsn >= $1::text::pg_lsn", written); got[0] == "0" {
						return fmt.Errorf("it lacks some of %s", written)
					}
					return nil
				})
				i.replication.swallow()
				return from
			},
			func(t *testing.T, i *installation) { i.failOver(t) }},
		{"an older base copy is started in the primary's place",
			func(t *testing.T, i *installation) time.Time {
				from := time.Now()
				old = i.copyOf(t, i.primary, "old", i.primary.port, "")
				return from
			},
			func(t *testing.T, i *installation) {
				i.primary.killAll(t)
				old.start(t)
				i.primary = old
			}},
	}
}

// TestRollback takes acknowledged writes away under running nodes: by a failover to an
// asynchronous standby that lacks them, and by a restore. Exactly these are gone, every node notices and
// refuses, and the installation goes on after tenure log new-origin.
func TestRollback(t *testing.T) {
	requireDrill(t)
	for k, bin := range binaries(t) {
		name := "PostgreSQL " + version(t, bin) + ", asynchronous standby"
		t.Run(name, func(t *testing.T) {
			i := install(t, bin, false)
			l := newLoad(t, i)
			var rows []row
			for n, r := range rollbacks() {
				if k > 0 && n > 0 {
					break // a short round
				}
				rows = append(rows, r.run(t, i, l))
			}
			table(t, name, foundColumns, rows)
		})
	}
}

// told is when and how a node has found out that its log was rolled back.
type told struct {
	at  time.Time
	how string
}

func (r rollback) run(t *testing.T, i *installation, l *load) row {
	t.Helper()
	t.Log(time.Now().Format("15:04:05"), r.name)
	began := time.Now()
	watched := i.watch()
	l.begin()
	pause(t.Context(), warmTime)
	heldFrom := r.hold(t, i)
	held := time.Now()
	lostKey, _ := i.newKey(t, i.nodes[1], "lost", "reader")
	for _, n := range i.nodes { // each node sees it, and answers with it
		within(t, staleBound, "node "+n.name+" knows the key", func() error { return i.accepts(t, n, lostKey) })
	}
	pause(t.Context(), lostTime)
	losing := time.Now()
	states := i.states(t)
	r.lose(t, i)
	lost := time.Now()
	signed := i.newestSigned(t)
	found := i.awaitTold(t, watched, lost)
	for n, f := range found {
		if after := f.at.Sub(lost); after > tellLimit {
			t.Errorf("node %s found out after %v, more than %v", i.nodes[n].name, after, tellLimit)
		}
	}
	asked := time.Now()
	for asked.Add(warmTime).After(time.Now()) { // nobody is answered by what is lost, and nothing is signed
		for _, n := range i.nodes {
			if err := i.accepts(t, n, lostKey); err == nil {
				t.Errorf("%s: node %s accepts the API key that is lost, %v after it found out", r.name, n.name, time.Since(asked))
			}
		}
		pause(t.Context(), watchEvery)
	}
	l.end()
	result := row{fault: r.name}
	for n, samples := range watched.end() {
		result.said = append(result.said, said(samples)+", "+found[n].how)
	}
	if now := i.newestSigned(t); now != signed {
		t.Errorf("%s: a checkpoint of %s entries was signed after the rollback, %s were before it", r.name, now, signed)
	}
	for name, before := range states {
		if now, err := os.ReadFile(name); err != nil || string(now) != before {
			t.Errorf("%s: %s has changed: %v\n%s\nwas\n%s", r.name, name, err, now, before)
		}
	}
	i.goOn(t, states)
	l.begin()
	pause(t.Context(), warmTime)
	l.end()
	result.verdict = l.check(t, began)
	for n := range i.nodes {
		result.times = append(result.times, found[n].at.Sub(lost))
		if list := l.acknowledged(n, asked); len(list) == 0 {
			t.Errorf("%s: node %s acknowledged nothing after new-origin", r.name, i.nodes[n].name)
		}
	}
	r.judge(t, l, result.verdict, heldFrom, held, losing, lost, asked, found)
	l.forget(result.verdict.lost)
	i.consistent(t)
	i.rebuildStandby(t)
	return result
}

// accepts returns nil if a node accepts an API key.
func (i *installation) accepts(t *testing.T, n *tenure, key string) error {
	got, err := n.send(t.Context(), key, "GET", "/v1/whoami", "")
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("%d", got.status)
	}
	return err
}

// states are the files of --log-state with their contents.
func (i *installation) states(t *testing.T) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, n := range i.nodes {
		raw, err := os.ReadFile(n.state)
		must(t, err)
		states[n.state] = string(raw)
	}
	return states
}

// newestSigned is the size of the newest checkpoint in the database.
func (i *installation) newestSigned(t *testing.T) string {
	t.Helper()
	return i.ask(t, "SELECT max(size)::text FROM log_checkpoint")
}

// awaitTold waits until every node has refused to go on: it says so at /readyz, and ends
// with the code for that unless it stays.
func (i *installation) awaitTold(t *testing.T, watched *watch, since time.Time) []told {
	t.Helper()
	found := make([]told, len(i.nodes))
	within(t, 20*time.Second, "every node refuses", func() error {
		for k, n := range i.nodes {
			at, says := watched.first(k, since, rolledBack)
			if says && found[k].at.IsZero() {
				found[k].at = at
			}
			switch {
			case n.process.running() && !(n.stays && says):
				return fmt.Errorf("node %s runs, and /readyz says %q", n.name, watched.last(k))
			case n.process.running():
				found[k].how = "stays"
			case found[k].how == "":
				code := n.process.exitCode()
				if found[k].how = fmt.Sprintf("exit code %d", code); code != refusedCode || n.stays {
					t.Errorf("node %s ended with %d: %s", n.name, code, n.process.output.last())
				}
				if found[k].at.IsZero() {
					found[k].at = time.Now()
				}
			}
		}
		return nil
	})
	return found
}

// goOn does what the documentation says to do after a rollback that is to stay: all nodes
// are stopped, the log gets a new origin, and the nodes are started. The command takes the
// --log-state that has published most.
func (i *installation) goOn(t *testing.T, states map[string]string) {
	t.Helper()
	for _, n := range i.nodes {
		if n.process.running() {
			n.stop(t)
		}
	}
	greatest, most := "", -1
	for name, note := range states {
		size, err := strconv.Atoi(strings.Split(note, "\n")[1])
		must(t, err)
		if size > most {
			greatest, most = name, size
		}
	}
	t.Log(i.runs(t, "log", "new-origin", "--database", i.nodes[0].dsn, "--log-key", i.file("log-key"), "--log-state", greatest, "--reason", "the drill has lost writes"))
	for _, n := range i.nodes {
		i.startNode(t, n)
	}
}

// judge fails the test unless exactly the writes of the time that was lost are gone, and
// nobody was answered by them after a node had found out.
func (r rollback) judge(t *testing.T, l *load, v verdict, heldFrom, held, losing, lost, asked time.Time, found []told) {
	t.Helper()
	if len(v.lost) < 20 {
		t.Errorf("%s: only %d writes were lost, the drill shows nothing", r.name, len(v.lost))
	}
	for _, problem := range v.wrong[:min(10, len(v.wrong))] {
		t.Errorf("%s: %s", r.name, problem)
	}
	for _, w := range l.writes {
		_, gone := v.lost[w.mark]
		switch {
		case w.outcome != acknowledged:
		case gone && w.ended.Before(heldFrom):
			t.Errorf("%s: %s was acknowledged before, and is lost", r.name, w.mark)
		case gone && w.began.After(lost):
			t.Errorf("%s: %s was acknowledged after, and is lost", r.name, w.mark)
		case !gone && w.began.After(held) && w.ended.Before(losing):
			t.Errorf("%s: %s was acknowledged meanwhile, and is there", r.name, w.mark)
		case w.began.After(lost) && w.ended.Before(asked):
			t.Errorf("%s: node %s acknowledged %s after the rollback", r.name, l.i.nodes[w.node].name, w.mark)
		}
	}
	for _, k := range l.looks {
		if _, gone := v.lost[k.mark]; gone && k.began.After(found[k.node].at) {
			t.Errorf("%s: node %s showed %s, which is lost, %v after it found out", r.name, l.i.nodes[k.node].name, k.mark, k.began.Sub(found[k.node].at))
		}
	}
}

// ask runs a statement on the nodes' database at the primary.
func (i *installation) ask(t testing.TB, statement string) string {
	t.Helper()
	column, err := i.primary.queryIn("tenure", statement)
	must(t, err)
	return column[0]
}

// consistent has a node sign the log, and runs tenure check with the nodes' own address and keys.
func (i *installation) consistent(t *testing.T) {
	t.Helper()
	within(t, 30*time.Second, "tenure check", func() error {
		if _, err := i.nodes[1].send(t.Context(), "", "GET", "/log/checkpoint", ""); err != nil {
			return err
		}
		out, err := exec.Command(program.path, "check", "--database", i.nodes[0].dsn, "--log-key", i.file("log-key")).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	})
}
