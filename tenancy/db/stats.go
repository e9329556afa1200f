package db

import (
	"database/sql"
	"slices"
	"sync"
	"time"

	"tenure/tenancy/fault"
)

// Why writes are refused before they are tried (Stats.Refused).
const (
	RefusedLane    = "lane-full"  // too many of one organization wait
	RefusedQueue   = "queue-full" // too many of all wait
	RefusedStorage = "storage"    // the disk takes none
	RefusedClock   = "clock"      // this node's clock is not one to write by
)

// Stats are what the committer and the pools have done since Open, and how full they are.
type Stats struct {
	Writer, Reader sql.DBStats
	Waiting        int    // writes in the queue
	Sizes          Spread // of batches, in writes
	Times          Spread // of batches, in seconds, with the tries that failed
	Failed         uint64 // batches of which nothing was written, for want of the database or of its answer
	Retries        uint64 // tries of a batch after its first
	Refused        map[string]uint64
}

// Spread is how values are spread: Counts has how many were at most each bound.
type Spread struct {
	Bounds []float64
	Counts []uint64
	Count  uint64 // of all values
	Sum    float64
}

func (s *Spread) add(v float64) {
	for i, bound := range s.Bounds {
		if v <= bound {
			s.Counts[i]++
		}
	}
	s.Count++
	s.Sum += v
}

func spread(bounds ...float64) Spread {
	return Spread{Bounds: bounds, Counts: make([]uint64, len(bounds))}
}

// counts is what Stats says of the past.
type counts struct {
	mu              sync.Mutex
	sizes, times    Spread
	failed, retries uint64
	refused         map[string]uint64
}

func newCounts() *counts {
	return &counts{sizes: spread(1, 4, 16, 64, 256), times: spread(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
		refused: map[string]uint64{RefusedLane: 0, RefusedQueue: 0, RefusedStorage: 0, RefusedClock: 0}}
}

// Under is for how long batches have hung: the one under way, with those before it that
// ended because they took too long; 0 for none.
func (d *DB) Under() time.Duration {
	if begun := d.begunAt.Load(); begun != nil {
		return time.Since(*begun)
	}
	return 0
}

// Stats is what a node shows of its database.
func (d *DB) Stats() Stats {
	s := Stats{Writer: d.writer.Stats(), Reader: d.reader.Stats(), Waiting: d.waiting(), Refused: map[string]uint64{}}
	c := d.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Sizes, s.Times, s.Failed, s.Retries = c.sizes, c.times, c.failed, c.retries
	s.Sizes.Counts, s.Times.Counts = slices.Clone(c.sizes.Counts), slices.Clone(c.times.Counts)
	for why, n := range c.refused {
		s.Refused[why] = n
	}
	return s
}

// refuse counts writes that are not tried, and returns why.
func (c *counts) refuse(writes int, err error) error {
	why := RefusedQueue
	switch f := fault.Of(err); {
	case f.Code == fault.CodeStorage:
		why = RefusedStorage
	case f.Code == fault.CodeClock:
		why = RefusedClock
	case f.Kind == fault.Throttled:
		why = RefusedLane
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[why] += uint64(writes)
	return err
}

// ended counts a batch, and what it is refused by.
func (c *counts) ended(writes, tries int, took time.Duration, err error) {
	if err != nil {
		if code := fault.Of(err).Code; code == fault.CodeClock || code == fault.CodeStorage {
			_ = c.refuse(writes, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sizes.add(float64(writes))
	c.times.add(took.Seconds())
	c.retries += uint64(tries - 1)
	if err != nil {
		c.failed++
	}
}
