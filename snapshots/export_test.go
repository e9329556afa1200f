package snapshots

import (
	"context"
	"runtime"

	"tenure/snapshots/disclosures"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// SetFresh replaces what tells whether the caches may be used.
func (s *Store) SetFresh(fresh func() bool) { s.cache.fresh = fresh }

// Fill reads an entity's timeline as a resolve does that misses the cache, and
// returns what puts it there.
func (s *Store) Fill(ctx context.Context, id EntityID) (keep func(), err error) {
	found, err := s.fill(ctx, s.log.Now().Millis(), ofID, string(id))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return func() { _ = found[0].keep(s) }, found[0].err
}

// Holds reports whether the cache answers for the entity now.
func (s *Store) Holds(id EntityID) bool {
	return s.cache.held(context.Background(), id, s.log.Now().Millis()) != nil
}

// SecretEnds lists when the entity's secrets end, the newest first; 0 for never.
func (s *Store) SecretEnds(ctx context.Context, id EntityID) (ends []history.Millis, err error) {
	err = s.db.View(ctx, func(c *db.Conn) error {
		rows, err := secretsFrom(c, id, ever)
		for _, r := range rows {
			ends = append(ends, r.EndsAt)
		}
		return err
	})
	return ends, err
}

// HoldHashSlots takes every place for a slow hash of callers without an API key,
// until release is called.
func (s *Store) HoldHashSlots() (release func()) {
	n := runtime.GOMAXPROCS(0)
	for range n {
		if err := s.turns.Open.Take(context.Background(), "held"); err != nil {
			panic(err)
		}
	}
	return func() {
		for range n {
			s.turns.Open.Give("held")
		}
	}
}

// What is counted of disclosures.
const (
	DisclosureSpan  = disclosures.Span
	MostDisclosures = disclosures.Most
)

// Owned is OwnedElements with the clients themselves.
func (s *Store) Owned(ctx context.Context, scope tenancy.Scope, q OwnedQuery) (page []Resolved[document.Client], total int64, err error) {
	total, err = s.owned(ctx, scope, q, nil, func(o *owned, hits []hit) (err error) {
		page, err = o.resolved(hits, false)
		return err
	})
	return page, total, err
}
