package tenancy

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// keysAsOf are the keys of some organizations that were made by an instant and
// not revoked by it.
const keysAsOf = `SELECT k.key_id, k.org_id, k.name, k.role, k.surface, k.hash, k.expires_at, k.recorded_at,
	COALESCE(u.last_used, 0) AS last_used
	FROM api_key k LEFT JOIN key_use u ON u.key_id = k.key_id
	WHERE k.recorded_at <= ? AND NOT EXISTS (SELECT 1 FROM key_revocation r WHERE r.key_id = k.key_id AND r.recorded_at <= ?)
		AND k.org_id IN (`

// orgsAtOnce is how many organizations one statement names.
const orgsAtOnce = 200

// KeysAsOf lists the keys of the organizations that the scope covers now as
// they were at an instant, oldest first. An expiry shows as it was set. Only
// the last use is kept: it is 0 where that was later.
func (s *Store) KeysAsOf(ctx context.Context, scope Scope, at history.Micros) ([]Key, error) {
	orgs, err := s.OrganizationsAsOf(ctx, scope, at)
	if err != nil {
		return nil, err
	}
	list := []Key{}
	err = s.db.View(ctx, func(c *db.Conn) error {
		for chunk := range slices.Chunk(orgs, orgsAtOnce) {
			args := []any{int64(at), int64(at)}
			for _, o := range chunk {
				args = append(args, o.ID)
			}
			var rows []keyRow
			if err := c.Select(&rows, keysAsOf+strings.Repeat("?, ", len(chunk)-1)+"?)", args...); err != nil {
				return err
			}
			for _, r := range rows {
				k := r.key()
				if k.LastUsed = max(k.LastUsed, s.uses.Noted(k.ID)); k.LastUsed > at {
					k.LastUsed = 0
				}
				list = append(list, k)
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.RecordedAt, b.RecordedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// OrganizationAsOf is one organization as it was at an instant. NotFound where
// the scope does not cover it now, and with CodeNotYetEffective before it was
// made; Gone with CodeDeleted after it, or one above it, was deleted.
func (s *Store) OrganizationAsOf(ctx context.Context, scope Scope, id OrgID, at history.Micros) (Organization, error) {
	then, err := s.treeAsOf(ctx, scope, at)
	if err != nil {
		return Organization{}, err
	}
	n, err := s.nodeAsOf(ctx, scope, then, id, at)
	if err != nil {
		return Organization{}, err
	}
	return (&Store{tree: then}).organization(scope, n), nil
}

// microseconds is how a text says an instant of the record.
const microseconds = "2006-01-02T15:04:05.000000Z"

// nodeAsOf finds an organization in the tree of an instant, or says why it is not
// there.
func (s *Store) nodeAsOf(ctx context.Context, scope Scope, then *tree, id OrgID, at history.Micros) (*node, error) {
	if !scope.Covers(id) {
		return nil, errOrg()
	}
	if n := then.nodes[id]; n != nil && !n.gone && len(n.path) > 0 {
		return n, nil
	}
	var made, ended history.Micros
	if err := s.db.View(ctx, func(c *db.Conn) (err error) {
		if err = c.Get(&made, "SELECT recorded_at FROM org_version WHERE org_id = ? ORDER BY seq LIMIT 1", id); err == nil {
			ended, err = EndedAt(c, id, at)
		}
		return err
	}); err != nil {
		return nil, err
	}
	f := fault.New(fault.NotFound, fault.CodeNotYetEffective, "it was not there yet; it was made at %s", made.Time().Format(microseconds))
	f.Instant = made.Time()
	if ended != 0 {
		f = fault.New(fault.Gone, fault.CodeDeleted, "it was deleted at %s, by itself or with an organization above it", ended.Time().Format(microseconds))
		f.Instant = ended.Time()
	}
	return nil, f
}
