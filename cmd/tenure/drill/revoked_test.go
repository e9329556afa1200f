//go:build linux

package drill

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	askEvery = 50 * time.Millisecond
	// hungTime is how long what hangs does so after the revocation.
	hungTime = 4 * time.Second
)

// hang makes something hang while a key is revoked, or right after.
type hang struct {
	name          string
	before, after func(t *testing.T, i *installation)
	mend          func(t *testing.T, i *installation)
}

func hangs() []hang {
	var stopped []int
	resume := func(*testing.T, *installation) {
		for _, pid := range stopped {
			syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	nothing := func(*testing.T, *installation) {}
	return []hang{
		{"nothing hangs", nothing, nothing, nothing},
		{"the backend that polls for node a is stopped",
			func(t *testing.T, i *installation) {
				stopped = []int{i.primary.stopBackend(t, "a", pollPattern, false)}
			}, nothing, resume},
		{"all backends of node a are stopped",
			func(t *testing.T, i *installation) {
				stopped = nil
				for _, text := range i.primary.mustQuery(t, "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'a'") {
					pid, err := strconv.Atoi(text)
					must(t, err)
					stopped = append(stopped, pid)
					must(t, syscall.Kill(pid, syscall.SIGSTOP))
				}
			}, nothing, resume},
		{"node c is cut off: packets are dropped",
			func(t *testing.T, i *installation) {
				for _, p := range i.nodes[2].proxies {
					p.swallow()
				}
			}, nothing,
			func(t *testing.T, i *installation) {
				for _, p := range i.nodes[2].proxies {
					p.heal()
				}
			}},
		{"PostgreSQL is stopped at once after the revocation", nothing,
			func(t *testing.T, i *installation) { must(t, i.primary.process.signalTree(syscall.SIGSTOP)) },
			func(t *testing.T, i *installation) { must(t, i.primary.process.signalTree(syscall.SIGCONT)) }},
	}
}

// TestRevokedKey revokes a key at node b while something hangs, and uses it at every node
// every 50 ms: from staleBound after the answer on nobody accepts it, all the time.
func TestRevokedKey(t *testing.T) {
	requireDrill(t)
	i := install(t, binaries(t)[0], false)
	i.write(t)
	var b strings.Builder
	b.WriteString("\n| while a key is revoked at b | a accepted it for | b accepted it for | c accepted it for |\n|---|---|---|---|\n")
	for _, h := range hangs() {
		key, id := i.newKey(t, i.nodes[1], "stolen", "reader")
		uses := i.use(t, key)
		for k, n := range i.nodes {
			within(t, 2*staleBound, "node "+n.name+" knows the key", func() error {
				if uses.last(k).IsZero() {
					return fmt.Errorf("it is not accepted yet")
				}
				return nil
			})
		}
		h.before(t, i)
		i.revoke(t, i.nodes[1], id)
		revoked := time.Now()
		h.after(t, i)
		pause(t.Context(), hungTime)
		h.mend(t, i)
		pause(t.Context(), staleBound)
		uses.end()
		fmt.Fprintf(&b, "| %s |", h.name)
		for k, n := range i.nodes {
			worked := uses.last(k).Sub(revoked)
			if fmt.Fprintf(&b, " %s |", seconds(max(0, worked))); worked > staleBound {
				t.Errorf("%s: node %s accepted the key %v after it was revoked", h.name, n.name, worked)
			}
		}
		b.WriteString("\n")
	}
	t.Log(b.String())
}

// write changes a client at node b all the time, so that every poll of the others has something to read.
func (i *installation) write(t *testing.T) {
	t.Helper()
	n := i.nodes[1]
	for _, id := range []string{"busy", "quiet"} {
		got, err := n.send(t.Context(), i.admin, "POST", "/admin/clients", fmt.Sprintf(`{"client_id":%q}`, id))
		if err != nil || got.status != http.StatusCreated {
			t.Fatalf("%d %s %v", got.status, got.body, err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for k := 0; ctx.Err() == nil; k++ {
			n.send(ctx, i.admin, "PATCH", "/admin/clients/busy", fmt.Sprintf(`[{"op":"replace","path":"/client_name","value":"n%d"}]`, k))
			pause(ctx, askEvery)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
}

// uses keeps for every node when a use of a key began that was accepted last.
type uses struct {
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	at      []time.Time
}

// use uses a key at every node, for a client that every node has in memory. One that hangs keeps none of the next ones waiting.
func (i *installation) use(t *testing.T, key string) *uses {
	ctx, stop := context.WithCancel(t.Context())
	u := &uses{stop: stop, at: make([]time.Time, len(i.nodes))}
	for k, n := range i.nodes {
		u.running.Go(func() {
			for ctx.Err() == nil {
				u.running.Go(func() {
					began := time.Now()
					got, err := n.send(ctx, key, "GET", "/admin/clients/quiet", "")
					if err != nil || got.status != http.StatusOK {
						return
					}
					u.mu.Lock()
					defer u.mu.Unlock()
					if began.After(u.at[k]) {
						u.at[k] = began
					}
				})
				pause(ctx, askEvery)
			}
		})
	}
	return u
}

func (u *uses) last(k int) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.at[k]
}

func (u *uses) end() {
	u.stop()
	u.running.Wait()
}
