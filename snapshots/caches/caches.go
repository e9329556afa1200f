// Package caches makes the caches of a store, and knows how they fare.
//
// It owns nothing of what they hold: the store weighs entries and drops what is not true
// any more. It imports nothing of ours.
package caches

import (
	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"
)

// Cache is what a store asks of a cache. It is an interface because the compiler would
// otherwise compile the whole cache again, once for each type, in every package that
// knows the store.
type Cache[K comparable, V any] interface {
	GetIfPresent(K) (V, bool)
	Set(K, V) (V, bool)
	Invalidate(K) (V, bool)
	InvalidateAll()
}

// Stats are how a cache fares since it was made.
type Stats struct {
	Name                    string
	Hits, Misses, Evictions uint64 // an eviction is for want of room
	Bytes                   uint64 // that its entries take now
}

// Set is the caches of a store. All are made before the first Stats.
type Set struct{ read []func() Stats }

// New makes a cache of a set for so many bytes; weigh is how many an entry takes.
func New[K comparable, V any](set *Set, name string, bytes uint64, weigh func(K, V) uint32) Cache[K, V] {
	c := otter.Must(&otter.Options[K, V]{MaximumWeight: bytes, Weigher: weigh, StatsRecorder: stats.NewCounter()})
	set.read = append(set.read, func() Stats {
		s := c.Stats()
		return Stats{Name: name, Hits: s.Hits, Misses: s.Misses, Evictions: s.Evictions, Bytes: c.WeightedSize()}
	})
	return c
}

// Stats tells how each cache fares, in the order in which they were made.
func (s *Set) Stats() []Stats {
	all := make([]Stats, len(s.read))
	for i, read := range s.read {
		all[i] = read()
	}
	return all
}
