package fair

import (
	"sync"

	"tenure/tenancy/fault"
)

// Budget bounds the bytes that calls hold at once: of all lanes together, and of
// each.
type Budget struct {
	mu        sync.Mutex
	lane, all int
	what      string
	used      int
	held      map[string]int // by lane
}

// NewBudget makes a budget of bounds.All bytes, of which one lane has at most
// bounds.Lane. what names what is held in the text of a refusal, such as "bodies".
func NewBudget(bounds Bounds, what string) *Budget {
	return &Budget{lane: bounds.Lane, all: bounds.All, what: what, held: map[string]int{}}
}

// Take holds n bytes more for a lane, until Give: Throttled if the lane has its
// share already, Unavailable if all of it is used.
func (b *Budget) Take(lane string, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.held[lane]+n > b.lane:
		return refuse(fault.Throttled, "too many "+b.what+" of one organization at once; try again shortly")
	case b.used+n > b.all:
		return refuse(fault.Unavailable, "too many "+b.what+" at once; try again shortly")
	}
	b.used += n
	b.held[lane] += n
	return nil
}

// Give gives bytes back that Take took.
func (b *Budget) Give(lane string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.held[lane] -= n; b.held[lane] == 0 {
		delete(b.held, lane)
	}
}
