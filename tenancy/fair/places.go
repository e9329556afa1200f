package fair

import (
	"context"
	"sync"

	"tenure/tenancy/fault"
)

// Places bound how much of one kind of work runs at once in a process. A free
// place goes to the lanes in turns.
type Places struct {
	mu      sync.Mutex
	free    int
	lane    int            // how many one lane may have at once
	held    map[string]int // by lane
	waiting *Queue[*waiter]
}

type waiter struct {
	lane    string
	granted chan struct{} // closed with the place
}

// NewPlaces makes n places, of which one lane has at most perLane at once, with
// a queue of those who wait.
func NewPlaces(n, perLane int, waiting Bounds) *Places {
	return &Places{free: n, lane: perLane, held: map[string]int{}, waiting: NewQueue[*waiter](waiting)}
}

// Do runs work in a place, waiting for one. Without running it: Throttled if too
// many of the lane wait, Unavailable if too many of all do, Timeout if ctx ends
// first. Whoever hangs up gives its place in the queue back.
func (p *Places) Do(ctx context.Context, lane string, work func() error) error {
	if err := p.Take(ctx, lane); err != nil {
		return err
	}
	defer p.Give(lane)
	return work()
}

// Take is the beginning of Do, for work that ends elsewhere: by Give.
func (p *Places) Take(ctx context.Context, lane string) error {
	p.mu.Lock()
	if p.free > 0 && p.held[lane] < p.lane {
		p.hold(lane)
		p.mu.Unlock()
		return nil
	}
	w := &waiter{lane: lane, granted: make(chan struct{})}
	err := p.waiting.Push(lane, w)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.waiting.Remove(lane, w) { // its turn came at the same moment: somebody else can have it
		p.release(lane)
	}
	return fault.Wrap(ctx.Err(), fault.Timeout, "", "the request ended before its turn came")
}

// Give gives back what Take took.
func (p *Places) Give(lane string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(lane)
}

func (p *Places) hold(lane string) {
	p.free--
	p.held[lane]++
}

// release frees a place of the lane and gives the free ones to those who wait.
func (p *Places) release(lane string) {
	p.free++
	if p.held[lane]--; p.held[lane] == 0 {
		delete(p.held, lane)
	}
	for p.free > 0 {
		w, ok := p.waiting.Pop(func(lane string) bool { return p.held[lane] < p.lane })
		if !ok {
			return
		}
		p.hold(w.lane)
		close(w.granted)
	}
}
