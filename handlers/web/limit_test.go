package web_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := web.NewLimiter(10*time.Second, 3, 100, func() time.Time { return now })
	take := func(key string, wait time.Duration) {
		t.Helper()
		err := l.Take(key)
		if (err != nil) != (wait > 0) || err != nil && (fault.Of(err).Kind != fault.Throttled || fault.Of(err).RetryAfter != wait) {
			t.Errorf("%v, want a wait of %s", err, wait)
		}
	}
	for range 3 {
		take("a", 0)
	}
	take("a", 10*time.Second)
	take("a", 10*time.Second) // refused events are not counted
	take("b", 0)
	now = now.Add(4 * time.Second)
	take("a", 6*time.Second)
	now = now.Add(6 * time.Second)
	take("a", 0)
	take("a", 10*time.Second)
	l.Give("a")
	take("a", 0)
	take("a", 10*time.Second)
	l.Give("nobody")
	now = now.Add(time.Hour)
	for range 3 {
		take("a", 0)
	}
	take("a", 10*time.Second) // rest does not add up beyond the burst
	now = now.Add(-time.Hour) // nor does a clock that steps back open the gate
	take("a", time.Hour+10*time.Second)
}

// TestLimiterUnderLoad: attempts at once do not go past the limit, and many
// keys do not either take memory without end.
func TestLimiterUnderLoad(t *testing.T) {
	l := web.NewLimiter(time.Hour, 5, 1000, time.Now)
	var all sync.WaitGroup
	passed := make(chan bool, 200)
	for range 200 {
		all.Go(func() { passed <- l.Take("a") == nil })
	}
	all.Wait()
	n := 0
	for range 200 {
		if <-passed {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d passed", n)
	}
	for i := range 100_000 {
		if err := l.Take(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
}
