// Package tally counts what happens again and again: the first time is written down
// before it happens, the times after it, for a while, are counted in memory and told
// together. It knows nothing of what it counts.
package tally

import (
	"context"
	"sync"

	"tenure/tenancy/history"
)

// Tally counts happenings by key. It is safe for use by several goroutines.
type Tally[K comparable] struct {
	span history.Micros // how long happenings are counted under one first one
	most int            // keys that are remembered; beyond that each happening is a first one

	mu    sync.Mutex
	open  map[K]*entry
	ended []Count[K]
}

type entry struct {
	since history.Micros
	more  int64
	ready chan struct{} // closed when the first one is written, or failed
	done  bool          // it is written
}

// Count is how often a key happened again after its first time.
type Count[K comparable] struct {
	Key   K
	Since history.Micros // when the first time was
	More  int64
}

// New makes an empty tally.
func New[K comparable](span history.Micros, most int) *Tally[K] {
	return &Tally[K]{span: span, most: most, open: map[K]*entry{}}
}

// Happens returns nil when key may happen at an instant: at once if its first time is
// written down, else after first has written it. Who comes meanwhile waits. The error
// is first's, or the context's.
func (t *Tally[K]) Happens(ctx context.Context, key K, at history.Micros, first func() error) error {
	for {
		t.mu.Lock()
		e := t.open[key]
		switch {
		case e == nil && len(t.open) >= t.most:
			t.mu.Unlock()
			return first()
		case e != nil && e.done && at < e.since+t.span:
			e.more++
			t.mu.Unlock()
			return nil
		case e == nil || e.done: // its time is over
			if e != nil {
				t.end(key, e)
			}
			e = &entry{since: at, ready: make(chan struct{})}
			t.open[key] = e
			t.mu.Unlock()
			return t.write(key, e, first)
		}
		t.mu.Unlock()
		select {
		case <-e.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t *Tally[K]) write(key K, e *entry, first func() error) error {
	written := false // a panic is no success
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if e.done = written; !e.done {
			delete(t.open, key)
		}
		close(e.ready)
	}()
	err := first()
	written = err == nil
	return err
}

// end moves what was counted to what is to be told.
func (t *Tally[K]) end(key K, e *entry) {
	delete(t.open, key)
	if e.more > 0 {
		t.ended = append(t.ended, Count[K]{key, e.since, e.more})
	}
}

// Take returns what was counted in spans that are over at an instant, once; with all
// set also what is still being counted.
func (t *Tally[K]) Take(at history.Micros, all bool) []Count[K] {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, e := range t.open {
		if e.done && (all || at >= e.since+t.span) {
			t.end(key, e)
		}
	}
	ended := t.ended
	t.ended = nil
	return ended
}

// Return gives back what could not be told, for the next time.
func (t *Tally[K]) Return(counts []Count[K]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = append(t.ended, counts...)
}
