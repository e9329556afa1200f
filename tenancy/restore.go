package tenancy

import (
	"context"
	"errors"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Restoring is what another package has to do when organizations are restored.
type Restoring struct {
	// Keeps refuses where a client owned in subtree would be outside its setup's
	// subtree, as in MoveOrganization.
	Keeps func(tx *db.Tx, subtree []OrgID, stays func(OrgID) bool) error
	// End ends at most so many secrets and tokens of what orgs own, secrets at an
	// instant, and returns how many it ended.
	End func(tx *db.Tx, scope Scope, orgs []OrgID, at history.Millis, most int) (int, error)
	// Taken deletes what orgs own of which somebody else has taken the name.
	Taken func(tx *db.Tx, scope Scope, orgs []OrgID) error
}

// endedAtOnce is how many keys, secrets and tokens one transaction ends.
const endedAtOnce = 500

// errMore ends a transaction that would have to end too many of them.
var errMore = errors.New("there are more keys, secrets and tokens to end")

// RestoreOrganization brings a deleted organization back, and with it everything
// below that was not deleted by itself. API keys, secrets and tokens stay ended.
// NotFound if the scope does not cover it, Conflict with fault.CodeNotDeleted if it is
// not deleted or the one above it is; the rules for a new place of a subtree hold.
func (s *Store) RestoreOrganization(ctx context.Context, scope Scope, id OrgID, with Restoring) (Organization, error) {
	if err := scope.Check(Administer); err != nil {
		return Organization{}, err
	}
	if s.tree.get(id) == nil || !scope.Covers(id) {
		return Organization{}, errOrg()
	}
	for {
		err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
			old, subtree, err := s.toRestore(tx, scope, id, with)
			if err != nil || subtree == nil { // or a repeated request
				return err
			}
			n, err := endInside(tx, scope, subtree, old, with, endedAtOnce+1)
			if err != nil {
				return err
			}
			if n > endedAtOnce && !tx.Rehearsal {
				return errMore
			}
			if err := with.Taken(tx, scope, subtree); err != nil {
				return err
			}
			next := old
			next.Seq, next.Deleted, next.RecordedAt = old.Seq+1, false, int64(history.At(tx))
			if err := s.appendOrg(tx, scope, "organization.restored", &old, next); err != nil {
				return err
			}
			return scope.Remember(tx, string(id))
		})
		if !errors.Is(err, errMore) {
			if err != nil {
				return Organization{}, err
			}
			return s.organization(scope, s.tree.get(id)), nil
		}
		if err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
			old, subtree, err := s.toRestore(tx, scope, id, with)
			if err == nil {
				_, err = endInside(tx, scope, subtree, old, with, endedAtOnce)
			}
			return err
		}); err != nil {
			return Organization{}, err
		}
	}
}

// toRestore reads a deleted organization and what comes back with it, if it may come
// back where it was; nothing for a request that has restored it before.
func (s *Store) toRestore(tx *db.Tx, scope Scope, id OrgID, with Restoring) (orgVersion, []OrgID, error) {
	old, err := readOrg(&tx.Conn, id)
	if err != nil {
		return old, nil, err
	}
	above, err := s.pathOf(tx, old.Parent)
	if err == nil && old.Parent != "" && !above.gone() {
		if err = scope.Recheck(tx, old.Parent); err == nil {
			earlier, failed := scope.Earlier(tx)
			if failed != nil || earlier != "" {
				return old, nil, failed
			}
		}
	}
	switch {
	case err != nil:
		return old, nil, err
	case old.Parent == "" || !old.Deleted && !above.gone():
		return old, nil, fault.New(fault.Conflict, fault.CodeNotDeleted, "the organization is not deleted")
	case above.gone():
		return old, nil, fault.New(fault.Conflict, fault.CodeNotDeleted, "an organization above it is deleted; restore that one first")
	}
	subtree, height, err := below(&tx.Conn, id)
	if err != nil {
		return old, nil, err
	}
	if len(above)+height > MaxDepth {
		return old, nil, fault.New(fault.Conflict, "", "organizations are at most %d deep", MaxDepth)
	}
	if err := checkQuota(tx, above, len(subtree)); err != nil {
		return old, nil, err
	}
	inside := make(map[OrgID]bool, len(subtree))
	for _, o := range subtree {
		inside[o] = true
	}
	return old, subtree, with.Keeps(tx, subtree, func(org OrgID) bool { return inside[org] || above.holds(org) })
}

// endInside ends at most so many keys, secrets and tokens of organizations that were
// deleted with one, and returns how many it ended.
func endInside(tx *db.Tx, scope Scope, orgs []OrgID, deleted orgVersion, with Restoring, most int) (int, error) {
	n := 0
	for i := 0; i < len(orgs) && n < most; i += readAtOnce {
		some := orgs[i:min(i+readAtOnce, len(orgs))]
		var keys []keyRow
		if err := tx.Select(&keys, liveKeys+" AND k.org_id IN ("+marks(some)+") ORDER BY k.key_id LIMIT ?", append(args(some), most-n)...); err != nil {
			return n, err
		}
		for _, k := range keys {
			if err := revoke(tx, scope, k); err != nil {
				return n, err
			}
			n++
		}
	}
	if n == most {
		return n, nil
	}
	more, err := with.End(tx, scope, orgs, history.Micros(deleted.RecordedAt).Millis(), most-n)
	return n + more, err
}
