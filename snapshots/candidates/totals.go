package candidates

import (
	"math"
	"sync"

	"tenure/tenancy/history"
)

// mostTotals is how many totals are remembered.
const mostTotals = 1024

// Totals remembers how many things lists of All had. A total is right while nothing is
// written at all, until the instant at which the first of the things changes by itself.
type Totals struct {
	mu   sync.Mutex
	held map[string]total
}

type total struct {
	n           int64
	size        int64 // of the log
	from, until history.Millis
}

// Of is the total of a list at an instant, if it is known for that size of the log.
func (t *Totals) Of(list string, at history.Millis, size int64) (n int64, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.held[list]
	return held.n, ok && held.size == size && held.from <= at && at < held.until
}

// Keep remembers a total that was counted at an instant; until is the first instant at
// which it may be another one, 0 for never.
func (t *Totals) Keep(list string, n, size int64, at, until history.Millis) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil || len(t.held) >= mostTotals {
		t.held = map[string]total{}
	}
	if until == 0 {
		until = math.MaxInt64
	}
	t.held[list] = total{n, size, at, until}
}
