package holdings

import (
	"slices"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Audits reports whether a scope may see the past and the future of an entity. It may
// if the acting organization is the owner or above; and of a setup, with the permission
// for the past, if that or one below it owns a client in it, be that in force, planned or
// deleted: what a client inherits is part of its story. The second case takes one
// statement for an owner, else one for each 200 organizations below.
func Audits(c *db.Conn, scope tenancy.Scope, kind, id string, owner tenancy.OrgID) (bool, error) {
	if scope.CoversObject(id, owner) {
		return true, nil
	}
	if kind != history.ObjectSetup || !scope.Allows(tenancy.History) || !scope.Uses(owner) {
		return false, nil
	}
	if found, err := owns(c, id, []tenancy.OrgID{scope.Acting()}); found || err != nil {
		return found, err
	}
	for some := range slices.Chunk(scope.Subtree(), inStatement) {
		if found, err := owns(c, id, some); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// owns reports whether one of the organizations owns a client of a setup.
func owns(c *db.Conn, setup string, orgs []tenancy.OrgID) (bool, error) {
	list, args := named(orgs)
	var found string
	err := c.Get(&found, "SELECT entity_id FROM entity WHERE setup_id = ? AND kind = 'client' AND org_id "+list+" LIMIT 1", append([]any{setup}, args...)...)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}
