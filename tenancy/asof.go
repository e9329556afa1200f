package tenancy

import (
	"cmp"
	"context"
	"slices"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// OrganizationsAsOf lists the organizations that the scope covers now as the
// tree was at an instant: what was deleted since is in it, what was not made yet
// is not. Depths are those of then. It reads every organization's versions.
func (s *Store) OrganizationsAsOf(ctx context.Context, scope Scope, at history.Micros) ([]Organization, error) {
	then, err := s.treeAsOf(ctx, scope, at)
	if err != nil {
		return nil, err
	}
	past := &Store{tree: then}
	list := []Organization{}
	for _, n := range then.nodes {
		if !n.gone && len(n.path) > 0 && scope.Covers(n.ID) {
			list = append(list, past.organization(scope, n))
		}
	}
	slices.SortFunc(list, func(a, b Organization) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// treeAsOf reads the whole tree as it was at an instant, for a scope that may see
// the past.
func (s *Store) treeAsOf(ctx context.Context, scope Scope, at history.Micros) (*tree, error) {
	if err := scope.Check(Resolve | History); err != nil {
		return nil, err
	}
	var rows []orgVersion
	err := s.db.View(ctx, func(c *db.Conn) error {
		return c.Select(&rows, "SELECT "+orgColumns+` FROM org_version v WHERE v.recorded_at <= ?
			AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq AND n.recorded_at <= ?)`, int64(at), int64(at))
	})
	if err != nil {
		return nil, err
	}
	then := &tree{nodes: make(map[OrgID]*node, len(rows)), children: map[OrgID][]OrgID{}}
	for _, v := range rows {
		then.nodes[v.ID] = &node{orgVersion: v}
		then.children[v.Parent] = append(then.children[v.Parent], v.ID)
		if v.Parent == "" {
			then.root = v.ID
		}
	}
	if top := then.nodes[then.root]; top != nil {
		then.place(top)
		then.placeBelow(top)
	}
	return then, nil
}
