// Package turns says how much of the store's long work runs at once on a node, and how much
// of it waits: changes that are worked out, the documents that come of them, slow hashes.
// Organizations take turns. Every bound is a row of docs/limits.md.
//
// It may import tenancy and tenancy/fair.
package turns

import (
	"runtime"

	"tenure/tenancy"
	"tenure/tenancy/fair"
)

// Turns are those of one store.
type Turns struct {
	// Changes are places to work out a change in.
	Changes *fair.Places
	// Results is room for documents that were worked out and not answered yet, in bytes: a
	// patch of a few bytes can make a document of the greatest size.
	Results *fair.Budget
	// Keyed and Open are places to compute slow hashes in, which take processors and memory:
	// for callers with an API key, and apart from them for all others.
	Keyed, Open *fair.Places
}

// New makes as many places as there are processors.
func New() Turns {
	n := runtime.GOMAXPROCS(0)
	return Turns{
		Changes: fair.NewPlaces(n, n, fair.Bounds{Lane: 512, All: 4096}),
		Results: fair.NewBudget(fair.Bounds{Lane: 16 << 20, All: 64 << 20}, "large changes"),
		Keyed:   fair.NewPlaces(n, n, fair.Bounds{Lane: 64, All: 512}),
		Open:    fair.NewPlaces(n, n, fair.Bounds{Lane: 16, All: 128}),
	}
}

// Hashes is where the hashes of a scope are computed.
func (t Turns) Hashes(scope tenancy.Scope) *fair.Places {
	if scope.Principal().KeyID == "" {
		return t.Open
	}
	return t.Keyed
}
