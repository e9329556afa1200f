package tally_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tenure/snapshots/tally"
	"tenure/tenancy/history"
)

const hour = history.Micros(3_600_000_000)

func TestOneFirstTimeAndACount(t *testing.T) {
	c := tally.New[string](hour, 2)
	firsts := 0
	happen := func(key string, at history.Micros) {
		t.Helper()
		if err := c.Happens(t.Context(), key, at, func() error { firsts++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for range 4000 {
		happen("a", 5)
	}
	if firsts != 1 || len(c.Take(5+hour-1, false)) != 0 {
		t.Fatal(firsts)
	}
	happen("b", 5)
	happen("c", 5) // there is no room: each time is a first one
	happen("c", 5)
	happen("a", 5+hour) // another hour
	if got := c.Take(5+hour, false); firsts != 5 || len(got) != 1 || got[0] != (tally.Count[string]{Key: "a", Since: 5, More: 3999}) {
		t.Fatal(firsts, got)
	}
	happen("a", 6+hour)
	got := c.Take(7+hour, true)
	if len(got) != 1 || got[0].More != 1 || len(c.Take(9*hour, true)) != 0 {
		t.Fatal(got)
	}
	c.Return(got)
	if again := c.Take(0, false); len(again) != 1 || again[0] != got[0] {
		t.Fatal(again)
	}
}

// TestNobodyPassesTheFirst: who comes while the first time is being written waits for
// it, and becomes the first where it fails.
func TestNobodyPassesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tally.New[string](hour, 10)
		failed := errors.New("disk full")
		fail := true
		firsts, passed := 0, 0
		var mu sync.Mutex
		var done sync.WaitGroup
		for range 8 {
			done.Go(func() {
				err := c.Happens(t.Context(), "a", 1, func() error {
					mu.Lock()
					defer mu.Unlock()
					firsts++
					time.Sleep(time.Second)
					if fail {
						fail = false
						return failed
					}
					return nil
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					passed++
				} else if !errors.Is(err, failed) {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if got := c.Take(2, true); firsts != 2 || passed != 7 || len(got) != 1 || got[0].More != 6 {
			t.Error(firsts, passed, got)
		}
		func() { // a panic writes nothing down, and leaves nobody waiting
			defer func() { _ = recover() }()
			_ = c.Happens(t.Context(), "p", 1, func() error { panic("in the first") })
		}()
		again := false
		if err := c.Happens(t.Context(), "p", 1, func() error { again = true; return nil }); err != nil || !again {
			t.Error(err, again)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		release := make(chan struct{})
		done.Go(func() { _ = c.Happens(t.Context(), "b", 1, func() error { <-release; return nil }) })
		synctest.Wait()
		done.Go(func() {
			if err := c.Happens(ctx, "b", 1, func() error { t.Error("it was not the first"); return nil }); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		hangUp()
		synctest.Wait()
		close(release)
		done.Wait()
	})
}
