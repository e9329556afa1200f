//go:build linux

package drill

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	pairs        = 10_000 // of a write at one node and a read at another, with the token
	pairsWithout = 2_000
	pairWriters  = 32
)

// TestFreshness writes at node a and reads at node b at once. A reader that brings the
// revision of the write is always shown it; without it the answer is from before for a poll at most.
func TestFreshness(t *testing.T) {
	requireDrill(t)
	i := install(t, binaries(t)[0], false)
	began := time.Now()
	with := i.pairs(t, pairs, true)
	slices.Sort(with.ages)
	t.Logf("%d pairs with the revision in %v: %d stale, %d refused", pairs, time.Since(began).Round(time.Second), with.stale, with.refused)
	if with.stale > 0 || with.refused > 0 {
		t.Errorf("with the revision %d answers are stale and %d are refused", with.stale, with.refused)
	}
	without := i.pairs(t, pairsWithout, false)
	slices.Sort(without.ages)
	at := func(share float64) time.Duration {
		return without.ages[int(share*float64(len(without.ages)-1))].Round(time.Millisecond)
	}
	t.Logf("\n| %d pairs without | stale at first | median | 90 %% | 99 %% | most |\n|---|---|---|---|---|---|\n| until the write is shown | %d | %v | %v | %v | %v |",
		pairsWithout, without.stale, at(0.5), at(0.9), at(0.99), at(1))
	if at(1) > staleBound {
		t.Errorf("without the revision a write was not shown for %v", at(1))
	}
}

// paired is what came of pairs.
type paired struct {
	mu             sync.Mutex
	stale, refused int64
	ages           []time.Duration // from the write's answer to the read that showed it
}

// pairs makes pairs with several writers, each with a client of its own.
func (i *installation) pairs(t *testing.T, count int, token bool) *paired {
	t.Helper()
	result := &paired{}
	var writers sync.WaitGroup
	var next atomic.Int64
	for w := range pairWriters {
		writers.Go(func() {
			id := fmt.Sprintf("pair-%v-%d", token, w)
			got, err := i.nodes[0].send(t.Context(), i.admin, "POST", "/admin/clients", fmt.Sprintf(`{"client_id":%q}`, id))
			if err != nil || got.status != http.StatusCreated {
				t.Errorf("%d %s %v", got.status, got.body, err)
			}
			for n := next.Add(1); n <= int64(count) && !t.Failed(); n = next.Add(1) {
				if err := i.pair(t, id, fmt.Sprintf("pair %d", n), token, result); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return result
}

// pair gives a client a name at node a and reads it at node b. Without the token it reads
// until the name is there.
func (i *installation) pair(t *testing.T, id, name string, token bool, result *paired) error {
	path := "/admin/clients/" + id
	got, err := i.nodes[0].send(t.Context(), i.admin, "PATCH", path, fmt.Sprintf(`[{"op":"replace","path":"/client_name","value":%q}]`, name))
	if err != nil || got.status != http.StatusOK {
		return fmt.Errorf("%s: %d %s %w", name, got.status, got.body, err)
	}
	written := time.Now()
	var header []string
	if token {
		revision := got.header.Get("Tenure-Revision")
		if revision == "" {
			return fmt.Errorf("the answer to a write has no Tenure-Revision")
		}
		header = []string{"Tenure-At-Least: " + revision}
	}
	for first := true; time.Since(written) < 2*staleBound; first = false {
		if got, err = i.nodes[1].send(t.Context(), i.admin, "GET", path, "", header...); err != nil {
			return err
		}
		shown := strings.Contains(string(got.body), fmt.Sprintf("%q:%q", "client_name", name))
		result.mu.Lock()
		switch {
		case shown:
			result.ages = append(result.ages, time.Since(written))
		case token && got.status != http.StatusOK:
			result.refused++
		case first:
			result.stale++
		}
		result.mu.Unlock()
		if shown || token {
			return nil
		}
		pause(t.Context(), 5*time.Millisecond)
	}
	return fmt.Errorf("%s is not shown: %d %s", name, got.status, got.body)
}
