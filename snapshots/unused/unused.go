// Package unused ends the clients that registered themselves and that nobody used
// within the time that their setup's policy gives them (unused_ttl).
//
// It owns when a client is unused. The policy, the list and the deletion are the
// store's; whoever runs it says how often, and makes the scope. A client that is ended
// is deleted like any other: its history stays.
//
// It may import snapshots, snapshots/document, tenancy, tenancy/fault and
// tenancy/history.
package unused

import (
	"context"
	"errors"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Every is how often End is to be called, in seconds; a client may be that much older.
const Every = 600

// most is how many clients of one setup End deletes in one call.
const most = 500

// grace is for uses that another node has seen and not yet written.
const grace = history.Micros(2 * tenancy.FlushEvery / 1000)

// End deletes the clients of every setup whose time is over, and returns how many it
// deleted. The scope is the operator's. A setup that fails does not stop the others.
func End(ctx context.Context, s *snapshots.Store, scope tenancy.Scope) (ended int, err error) {
	scope = scope.Because("the client registered itself and was not used within the policy's unused_ttl")
	modules, err := s.Modules(ctx, scope, snapshots.Instant{})
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, module := range modules {
		setups, err := snapshots.List[document.Setup](ctx, s, scope, snapshots.Ref{Module: module}, snapshots.Filter{})
		failed = append(failed, err)
		for _, setup := range setups {
			n, err := endOf(ctx, s, scope, snapshots.EntityID(setup.ID))
			ended, failed = ended+n, append(failed, err)
		}
	}
	return ended, errors.Join(failed...)
}

// endOf is End for one setup.
func endOf(ctx context.Context, s *snapshots.Store, scope tenancy.Scope, setup snapshots.EntityID) (ended int, err error) {
	policy, err := s.Policy(ctx, scope, setup, snapshots.Instant{})
	if err != nil || policy.UnusedTTL == 0 {
		return 0, err
	}
	due := s.Now() - history.Micros(policy.UnusedTTL)*1e6 - grace
	found, _, err := s.Page(ctx, scope, setup, snapshots.PageQuery{Itself: true, Unused: true, Before: due, Limit: most})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	ids := make([]snapshots.EntityID, len(found))
	for i, f := range found {
		ids[i] = f.Entity.ID
	}
	used, err := s.LastUsed(ctx, scope, ids...) // what this node has seen and not yet written
	if err != nil {
		return 0, err
	}
	for i, f := range found {
		if used[i] != 0 {
			continue
		}
		err := snapshots.Delete[document.Client](ctx, s, scope, f.Entity.Ref(), nil)
		if fault.Is(err, fault.NotFound) {
			continue // another node was first
		}
		if err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}
