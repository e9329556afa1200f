//go:build linux

package drill

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const watchEvery = 100 * time.Millisecond

// sample is what /readyz of a node said.
type sample struct {
	at     time.Time
	status int
	word   string
}

// watch asks /readyz of every node all the time.
type watch struct {
	i       *installation
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	samples [][]sample // by node
}

func (i *installation) watch() *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{i: i, stop: stop, samples: make([][]sample, len(i.nodes))}
	for k, n := range i.nodes {
		w.running.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				status, word := n.ready(ctx)
				if ctx.Err() == nil {
					w.mu.Lock()
					w.samples[k] = append(w.samples[k], sample{began, status, word})
					w.mu.Unlock()
				}
				pause(ctx, watchEvery)
			}
		})
	}
	return w
}

// end ends the watch and returns the samples by node.
func (w *watch) end() [][]sample {
	w.stop()
	w.running.Wait()
	return w.samples
}

// first is when a node first said a word after an instant.
func (w *watch) first(node int, after time.Time, word string) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.samples[node] {
		if s.at.After(after) && strings.Contains(s.word, word) {
			return s.at, true
		}
	}
	return time.Time{}, false
}

// last is what a node said last.
func (w *watch) last(node int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if samples := w.samples[node]; len(samples) > 0 {
		return samples[len(samples)-1].word
	}
	return "nothing"
}

// said sums up the samples of a node: what it said other than "ready", and for how long about.
func said(samples []sample) string {
	var words []string
	times := map[string]time.Duration{}
	for k, s := range samples {
		if s.word == "ready" {
			continue
		}
		word := s.word
		if s.status != 0 {
			word = fmt.Sprintf("%d %s", s.status, word)
		}
		if times[word] == 0 {
			words = append(words, word)
		}
		if k+1 < len(samples) {
			times[word] += samples[k+1].at.Sub(s.at)
		} else {
			times[word] += watchEvery
		}
	}
	for k, word := range words {
		words[k] = fmt.Sprintf("%s for %s", word, seconds(times[word]))
	}
	if len(words) == 0 {
		return "ready"
	}
	return strings.Join(words, ", ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
