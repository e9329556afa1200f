package web

import (
	"sync"
	"time"

	"tenure/tenancy/fault"
)

// Bodies in memory at once, in bytes. One organization's callers share a quarter,
// and so do all who come without an API key.
const (
	bodiesBytes = 64 << 20
	bodiesShare = 4
)

// bodies counts the bytes of bodies that are held.
type bodies struct {
	mu   sync.Mutex
	most int
	all  int
	held map[string]int // by lane
}

func newBodies(most int) *bodies {
	if most == 0 {
		most = bodiesBytes
	}
	return &bodies{most: most, held: map[string]int{}}
}

// take makes room for n bytes more: Throttled if the lane has its share already,
// Unavailable if all of it is used.
func (b *bodies) take(lane string, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var f *fault.Fault
	switch {
	case b.held[lane]+n > b.most/bodiesShare:
		f = fault.New(fault.Throttled, "", "too many requests with a body at once; try again shortly")
	case b.all+n > b.most:
		f = fault.New(fault.Unavailable, "", "too many requests with a body are being read; try again shortly")
	default:
		b.all += n
		b.held[lane] += n
		return nil
	}
	f.RetryAfter = time.Second
	return f
}

func (b *bodies) give(lane string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all -= n
	if b.held[lane] -= n; b.held[lane] == 0 {
		delete(b.held, lane)
	}
}
