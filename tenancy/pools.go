package tenancy

import (
	"context"
	"slices"

	"tenure/tenancy/history"
)

// RootName is the name of the root organization, which every caller of the
// installation may know: SlashID's objects show it as tenant_name.
func (s *Store) RootName() string { return s.tree.get(s.Root()).Name }

// Pools lists the organizations that share a pool of persons, and of groups,
// with the acting one: itself first, then those below it, parents first. Who
// shares the pool of an organization that shares another's has that one.
func (s *Store) Pools(scope Scope) (persons, groups []OrgID, err error) {
	if err := scope.Check(Resolve); err != nil {
		return nil, nil, err
	}
	persons, groups = s.tree.pools(s.tree.subtree(scope.acting))
	return persons, groups, nil
}

// Pooled is an organization as it was, with what SlashID shows beside it.
type Pooled struct {
	Organization
	RootName        string
	Persons, Groups []OrgID // as Pools lists them
}

// PooledAsOf is the acting organization at an instant, with the pools and the
// root's name of then. It leaves out organizations that the scope does not cover
// now. Its faults are OrganizationAsOf's.
func (s *Store) PooledAsOf(ctx context.Context, scope Scope, at history.Micros) (Pooled, error) {
	then, err := s.treeAsOf(ctx, scope, at)
	if err != nil {
		return Pooled{}, err
	}
	if _, err := s.nodeAsOf(ctx, scope, then, scope.acting, at); err != nil {
		return Pooled{}, err
	}
	nodes := slices.DeleteFunc(then.subtree(scope.acting), func(n *node) bool { return !scope.Covers(n.ID) })
	persons, groups := then.pools(nodes)
	return Pooled{(&Store{tree: then}).organization(scope, nodes[0]), then.nodes[then.root].Name, persons, groups}, nil
}

// pools lists which of nodes share the pools of the first.
func (t *tree) pools(nodes []*node) (persons, groups []OrgID) {
	personsOf := func(n *node) OrgID { return n.PersonsPool }
	groupsOf := func(n *node) OrgID { return n.GroupsPool }
	for _, n := range nodes {
		if t.pool(n, personsOf) == t.pool(nodes[0], personsOf) {
			persons = append(persons, n.ID)
		}
		if t.pool(n, groupsOf) == t.pool(nodes[0], groupsOf) {
			groups = append(groups, n.ID)
		}
	}
	return persons, groups
}

// pool is the organization whose pool n has in the end. A pool is older than
// who shares it, so there is no circle.
func (t *tree) pool(n *node, shares func(*node) OrgID) OrgID {
	for {
		next := t.get(shares(n))
		if next == nil {
			return n.ID
		}
		n = next
	}
}
