package tenancytest

import (
	"sync"
	"time"
)

// Start is the first instant of every Clock, with a fraction that shows who
// rounds.
var Start = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

// Clock moves one microsecond with each reading, and further when told.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the next instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Reading is the present instant, without moving the clock.
func (c *Clock) Reading() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
