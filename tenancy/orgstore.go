package tenancy

import (
	"cmp"
	"context"
	"slices"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

func errOrg() error {
	return fault.New(fault.NotFound, fault.CodeOrgUnknown, "there is no such organization")
}

// Organization reads one organization that the scope covers.
func (s *Store) Organization(scope Scope, id OrgID) (Organization, error) {
	if err := scope.Check(Resolve); err != nil {
		return Organization{}, err
	}
	n := s.tree.get(id)
	if n == nil || n.gone || !scope.Covers(id) {
		return Organization{}, errOrg()
	}
	return s.organization(scope, n), nil
}

// Organizations lists the acting organization and everything below it,
// parents first, then by name and id, so that every node lists them alike.
func (s *Store) Organizations(scope Scope) ([]Organization, error) {
	if err := scope.Check(Resolve); err != nil {
		return nil, err
	}
	nodes := s.tree.subtree(scope.acting)
	list := make([]Organization, len(nodes))
	for i, n := range nodes {
		list[i] = s.organization(scope, n)
	}
	slices.SortFunc(list, func(a, b Organization) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// organization is what a scope may know of a node. How many organizations are above
// the acting one is not for it to know.
func (s *Store) organization(scope Scope, n *node) Organization {
	depth := 0
	if first := slices.IndexFunc(n.path, scope.Covers); first >= 0 {
		depth = len(n.path) - first
	}
	o := Organization{ID: n.ID, Parent: n.Parent, Name: n.Name, DefaultSetup: n.DefaultSetup,
		Depth: depth, HasDescendants: s.tree.hasLiveChildren(n.ID), TokenDuration: n.TokenDuration,
		PersonsPool: n.PersonsPool, GroupsPool: n.GroupsPool, InheritsRBAC: n.InheritsRBAC,
		RequireReason: n.RequireReason, ReasonRequired: s.tree.wantsReason(n.ID)}
	if n.MaxBelow >= 0 {
		o.MaxBelow = &n.MaxBelow
	}
	return o
}

// RenameOrganization gives an organization a new name.
func (s *Store) RenameOrganization(ctx context.Context, scope Scope, id OrgID, name string) (Organization, error) {
	if err := scope.Check(Administer); err != nil {
		return Organization{}, err
	}
	if err := fault.Rules(CheckName("/name", name)); err != nil {
		return Organization{}, err
	}
	return s.changeOrg(ctx, scope, id, "organization.renamed", func(_ *db.Tx, v *orgVersion) error {
		v.Name = name
		return nil
	})
}

// SetDefaultSetup chooses the setup that an organization's requests mean when
// they name none; empty goes back to the nearest ancestor's. usable says
// inside the transaction whether the organization may use the setup.
func (s *Store) SetDefaultSetup(ctx context.Context, scope Scope, id OrgID, setup string, usable func(*db.Tx) error) (Organization, error) {
	return s.changeOrg(ctx, scope, id, "organization.default-setup", func(tx *db.Tx, v *orgVersion) error {
		v.DefaultSetup = setup
		if setup == "" {
			return nil
		}
		return usable(tx)
	})
}

// MoveOrganization gives an organization a new parent. The scope must cover
// the old parent and the new one. keeps is asked inside the transaction
// whether every client owned below id stays in its setup's subtree; stays
// tells which organizations remain above.
func (s *Store) MoveOrganization(ctx context.Context, scope Scope, id, parent OrgID,
	keeps func(tx *db.Tx, subtree []OrgID, stays func(OrgID) bool) error) (Organization, error) {
	return s.changeOrg(ctx, scope, id, "organization.moved", func(tx *db.Tx, v *orgVersion) error {
		if v.Parent == "" {
			return fault.New(fault.Conflict, "", "the root organization cannot be moved")
		}
		if !scope.Covers(parent) || !scope.Alive(parent) {
			return errOrg()
		}
		if !scope.Covers(v.Parent) {
			return fault.New(fault.Forbidden, "", "moving an organization needs an admin of the organization above it")
		}
		if err := scope.Recheck(tx, v.Parent); err != nil {
			return err
		}
		if err := scope.Recheck(tx, parent); err != nil {
			return err
		}
		above, err := s.pathOf(tx, parent)
		if err != nil {
			return err
		}
		if above.holds(id) {
			return fault.At("/parent_id", "cycle", "an organization cannot be moved below itself")
		}
		subtree, height, err := below(&tx.Conn, id)
		if err != nil {
			return err
		}
		if len(above)+height > MaxDepth {
			return fault.At("/parent_id", "depth", "organizations are at most %d deep", MaxDepth)
		}
		left, err := s.pathOf(tx, v.Parent)
		if err != nil {
			return err
		}
		inside := make(map[OrgID]bool, len(subtree))
		for _, o := range subtree {
			inside[o] = true
		}
		if err := checkQuota(tx, above.without(left), len(subtree)); err != nil {
			return err
		}
		v.Parent = parent
		return keeps(tx, subtree, func(org OrgID) bool { return inside[org] || above.holds(org) })
	})
}

// Below reports inside a transaction whether org is ancestor or lies below it, and neither it nor an organization above is deleted.
func (s Scope) Below(tx *db.Tx, ancestor, org OrgID) (bool, error) {
	path, err := s.store.pathOf(tx, org)
	return err == nil && path.holds(ancestor) && !path.gone(), err
}

// below lists id and its descendants that are not deleted, and how deep they
// reach (1 for id alone).
func below(c *db.Conn, id OrgID) ([]OrgID, int, error) {
	var rows orgPath
	err := c.Select(&rows, `WITH RECURSIVE down (org_id, deleted, depth) AS (
		SELECT v.org_id, v.deleted, 1 FROM org_version v WHERE v.org_id = ?
			AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
		UNION ALL
		SELECT v.org_id, v.deleted, down.depth + 1 FROM down JOIN org_version v ON v.parent_id = down.org_id
			WHERE down.depth <= 32 AND v.deleted = 0 AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
	) SELECT org_id, deleted, depth FROM down`, id)
	ids, height := make([]OrgID, len(rows)), 0
	for i, r := range rows {
		ids[i], height = r.ID, max(height, r.Depth)
	}
	return ids, height, err
}

// DeleteOrganization ends an organization. Without subtree it must hold nothing:
// a *NotEmptyError otherwise; with subtree everything below goes with it, by this
// one row. Conflict with fault.CodeDefaultSetup for a setup below it that is the
// default of an organization elsewhere. What it holds is counted before the
// transaction, where that delays nobody, and again inside.
func (s *Store) DeleteOrganization(ctx context.Context, scope Scope, id OrgID, subtree bool, contents Contents) error {
	if err := mayChangeOrg(scope, id); err != nil {
		return err
	}
	if id == s.Root() {
		return fault.New(fault.Conflict, "", "the root organization cannot be deleted")
	}
	refuses := func(c *db.Conn) error {
		orgs, _, err := below(c, id)
		if err == nil {
			err = contents.refuses(c, orgs, !subtree)
		}
		return err
	}
	if !subtree {
		if err := s.db.View(ctx, refuses); err != nil {
			return err
		}
	}
	_, err := s.changeOrg(ctx, scope, id, "organization.deleted", func(tx *db.Tx, v *orgVersion) error {
		v.Deleted = true
		return refuses(&tx.Conn)
	})
	return err
}

// changeOrg appends a version that change makes of the present one. A version
// equal to the present one is not appended.
func (s *Store) changeOrg(ctx context.Context, scope Scope, id OrgID, kind history.Kind, change func(*db.Tx, *orgVersion) error) (Organization, error) {
	return s.changeOrgOr(ctx, scope, id, kind, new(bool), change)
}

// changeOrgOr is changeOrg, which appends an equal version too if change sets always.
func (s *Store) changeOrgOr(ctx context.Context, scope Scope, id OrgID, kind history.Kind, always *bool, change func(*db.Tx, *orgVersion) error) (Organization, error) {
	if err := mayChangeOrg(scope, id); err != nil {
		return Organization{}, err
	}
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if err := scope.Recheck(tx, id); err != nil {
			return err
		}
		old, err := readOrg(&tx.Conn, id)
		if err != nil {
			return err
		}
		next := old
		if err := change(tx, &next); err != nil {
			return err
		}
		if next == old && !*always {
			return nil
		}
		next.Seq, next.RecordedAt = old.Seq+1, int64(history.At(tx))
		return s.appendOrg(tx, scope, kind, &old, next)
	})
	if err != nil {
		return Organization{}, err
	}
	return s.organization(scope, s.tree.get(id)), nil
}

// mayChangeOrg refuses an organization that the scope does not cover, or that is deleted.
func mayChangeOrg(scope Scope, id OrgID) error {
	if err := scope.Check(Administer); err != nil {
		return err
	}
	if !scope.Covers(id) || !scope.Alive(id) {
		return errOrg()
	}
	return nil
}

// appendOrg appends a version; old is the one before it, nil for the first.
func (s *Store) appendOrg(tx *db.Tx, scope Scope, kind history.Kind, old *orgVersion, v orgVersion) error {
	v.insert(tx)
	before, err := old.detail()
	if err != nil {
		return err
	}
	after, err := v.detail()
	if err != nil {
		return err
	}
	detail, err := history.Changed(before, after)
	if err != nil {
		return err
	}
	history.RecordRow(tx, scope.Event(history.Event{Kind: kind, ObjectKind: history.ObjectOrganization,
		Object: string(v.ID), Org: string(v.ID), Effective: history.At(tx).Millis(), Detail: detail}), v)
	return nil
}
