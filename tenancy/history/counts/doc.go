// Package counts commits to which objects each organization has, so that one that is
// left out of an evidence bundle is missed.
//
// An organization's objects at a size of the log are those that an entry below it is about
// and that belonged to the organization then. A count is one event for many organizations:
// its detail has the root of a tree (RFC 6962) with a leaf for each, so what one organization
// has can be shown without the others.
//
// It owns the leaf, the tree and the event log.counted. It does not own when there is a
// count (cmd/tenure/node, snapshots/evidence) nor its form in a bundle.
//
// Invariants: a tree depends on nothing but the entries below its size and the organizations
// asked for; a leaf tells nothing to whoever does not know the ids, which are random.
//
// It may import tenancy/db, tenancy/fault and tenancy/history.
package counts
