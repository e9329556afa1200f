package fair_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tenure/tenancy/fair"
	"tenure/tenancy/fault"
)

func TestQueueInTurns(t *testing.T) {
	q := fair.NewQueue[string](fair.Bounds{Lane: 4, All: 6})
	for _, item := range []string{"a1", "a2", "a3", "a4", "b1", "c1"} {
		if err := q.Push(item[:1], item); err != nil {
			t.Fatal(item, err)
		}
	}
	if err := q.Push("a", "a5"); !fault.Is(err, fault.Throttled) || fault.Of(err).RetryAfter == 0 {
		t.Error(err)
	}
	if err := q.Push("d", "d1"); !fault.Is(err, fault.Unavailable) || fault.Of(err).RetryAfter == 0 {
		t.Error(err)
	}
	if q.Remove("a", "b1") || q.Remove("z", "z") || !q.Remove("a", "a3") {
		t.Error("Remove takes out what is in the lane, and nothing else")
	}
	var got []string
	for item, ok := q.Pop(nil); ok; item, ok = q.Pop(nil) {
		got = append(got, item)
	}
	if want := "a1 b1 c1 a2 a4"; strings.Join(got, " ") != want || q.Len() != 0 {
		t.Error(got, q.Len())
	}
}

// TestQueueModel compares the queue with lists by lane and the lane that was
// served longest ago.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bounds := fair.Bounds{Lane: rapid.IntRange(1, 4).Draw(t, "lane"), All: rapid.IntRange(1, 8).Draw(t, "all")}
		q := fair.NewQueue[int](bounds)
		lanes, order, next, size := map[string][]int{}, []string{}, 0, 0
		names := rapid.SampledFrom([]string{"a", "b", "c"})
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				name := names.Draw(t, "name")
				next++
				err := q.Push(name, next)
				switch {
				case len(lanes[name]) == bounds.Lane:
					if !fault.Is(err, fault.Throttled) {
						t.Fatal(err)
					}
				case size == bounds.All:
					if !fault.Is(err, fault.Unavailable) {
						t.Fatal(err)
					}
				case err != nil:
					t.Fatal(err)
				default:
					if len(lanes[name]) == 0 {
						order = append(order, name)
					}
					lanes[name] = append(lanes[name], next)
					size++
				}
			},
			"pop": func(t *rapid.T) {
				skip := names.Draw(t, "skip")
				got, ok := q.Pop(func(lane string) bool { return lane != skip })
				i := slices.IndexFunc(order, func(lane string) bool { return lane != skip })
				if ok != (i >= 0) {
					t.Fatal(ok, order)
				}
				if !ok {
					return
				}
				name := order[i]
				if lanes[name][0] != got {
					t.Fatal(got, lanes)
				}
				lanes[name], size = lanes[name][1:], size-1
				order = slices.Delete(order, i, i+1)
				if len(lanes[name]) > 0 {
					order = append(order, name)
				}
			},
			"remove": func(t *rapid.T) {
				name := names.Draw(t, "name")
				item := rapid.IntRange(1, next+1).Draw(t, "item")
				i := slices.Index(lanes[name], item)
				if q.Remove(name, item) != (i >= 0) {
					t.Fatal(name, item)
				}
				if i >= 0 {
					lanes[name], size = slices.Delete(lanes[name], i, i+1), size-1
					if len(lanes[name]) == 0 {
						order = slices.DeleteFunc(order, func(lane string) bool { return lane == name })
					}
				}
			},
			"": func(t *rapid.T) {
				if q.Len() != size {
					t.Fatal(q.Len(), size)
				}
			},
		})
	})
}

// TestPlacesInTurns: with one place, a lane that floods gets every second turn
// while another asks.
func TestPlacesInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fair.NewPlaces(1, 1, fair.Bounds{Lane: 10, All: 100})
		var done sync.WaitGroup
		var ran []string
		work := func(name string) {
			done.Go(func() {
				if err := p.Do(t.Context(), name[:1], func() error {
					time.Sleep(time.Second)
					ran = append(ran, name)
					return nil
				}); err != nil {
					t.Error(name, err)
				}
			})
			synctest.Wait()
		}
		for _, name := range []string{"a0", "a1", "a2", "a3", "b0", "b1"} {
			work(name)
		}
		done.Wait()
		if want := "a0 a1 b0 a2 b1 a3"; strings.Join(ran, " ") != want {
			t.Error(ran)
		}
	})
}

// TestPlacesPerLane: one lane never has more than its share, and what it cannot
// take is for others.
func TestPlacesPerLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fair.NewPlaces(3, 2, fair.Bounds{Lane: 2, All: 3})
		var done sync.WaitGroup
		inside, most := map[string]int{}, map[string]int{}
		var mu sync.Mutex
		results := map[string][]error{}
		ask := func(lane string, ctx context.Context) {
			done.Go(func() {
				err := p.Do(ctx, lane, func() error {
					mu.Lock()
					inside[lane]++
					most[lane] = max(most[lane], inside[lane])
					mu.Unlock()
					time.Sleep(time.Minute)
					mu.Lock()
					inside[lane]--
					mu.Unlock()
					return nil
				})
				mu.Lock()
				results[lane] = append(results[lane], err)
				mu.Unlock()
			})
			synctest.Wait()
		}
		ctx, hangUp := context.WithCancel(t.Context())
		ask("a", t.Context())
		ask("a", t.Context())
		ask("a", ctx)         // waits, then hangs up
		ask("a", t.Context()) // waits
		ask("a", t.Context()) // too many
		ask("b", t.Context()) // has the third place at once
		if len(results["a"]) != 1 || !fault.Is(results["a"][0], fault.Throttled) || inside["a"] != 2 || inside["b"] != 1 {
			t.Fatal(results, inside)
		}
		hangUp()
		synctest.Wait()
		if len(results["a"]) != 2 || !fault.Is(results["a"][1], fault.Timeout) {
			t.Fatal(results)
		}
		ask("a", t.Context()) // the place in the queue is free again
		done.Wait()
		if most["a"] != 2 || len(results["a"]) != 6 || results["a"][5] != nil || results["b"][0] != nil {
			t.Error(most, results)
		}
	})
}

// TestBudget: a lane has its share, all have the whole, and what is given back can be
// taken again.
func TestBudget(t *testing.T) {
	b := fair.NewBudget(fair.Bounds{Lane: 4, All: 6}, "bodies")
	for _, step := range []struct {
		lane string
		n    int // given back if below 0
		want fault.Kind
	}{
		{"a", 4, 0}, {"a", 1, fault.Throttled}, {"b", 2, 0}, {"b", 1, fault.Unavailable}, {"c", 1, fault.Unavailable},
		{"a", -1, 0}, {"b", 1, 0}, {"a", 1, fault.Unavailable}, {"b", -3, 0}, {"a", 2, fault.Throttled}, {"c", 3, 0},
		{"c", -3, 0}, {"a", -3, 0}, {"a", 4, 0}, {"c", 5, fault.Throttled},
	} {
		if step.n < 0 {
			b.Give(step.lane, -step.n)
			continue
		}
		err := b.Take(step.lane, step.n)
		if step.want == 0 && err != nil || step.want != 0 && (!fault.Is(err, step.want) || fault.Of(err).RetryAfter == 0) {
			t.Errorf("%+v: %v", step, err)
		}
	}
}
