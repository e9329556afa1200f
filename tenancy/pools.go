package tenancy

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
	personsOf := func(n *node) OrgID { return n.PersonsPool }
	groupsOf := func(n *node) OrgID { return n.GroupsPool }
	var p, g OrgID
	for i, n := range s.tree.subtree(scope.acting) {
		if i == 0 {
			p, g = s.tree.pool(n, personsOf), s.tree.pool(n, groupsOf)
		}
		if s.tree.pool(n, personsOf) == p {
			persons = append(persons, n.ID)
		}
		if s.tree.pool(n, groupsOf) == g {
			groups = append(groups, n.ID)
		}
	}
	return persons, groups, nil
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
