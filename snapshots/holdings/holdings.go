// Package holdings counts what setups and organizations hold, and what uses a resource
// server: what would go along if they were deleted; and who may see a setup's past, as the owner of what it holds.
//
// It owns these counts and the condition by which an entity is deleted. Who
// may delete what is in packages snapshots and tenancy.
// What counts needs no Scope, because it is asked inside their reads and transactions.
//
// It may import document, jwk/strictjson, tenancy and tenancy/{db,fault,history}.
package holdings

import (
	"math"
	"slices"
	"strings"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	// Ended is true where entity e, or the setup that it is in, is deleted: a
	// tombstone that no later snapshot follows. None is planned after one.
	Ended = ` EXISTS (SELECT 1 FROM snapshot t WHERE t.module = e.module AND t.setup_id = e.setup_id
		AND t.entity_id IN (e.entity_id, e.setup_id) AND t.kind = 'tombstone' AND NOT EXISTS (SELECT 1 FROM snapshot r
			WHERE r.module = t.module AND r.setup_id = t.setup_id AND r.entity_id = t.entity_id AND r.valid_from > t.valid_from
			AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = r.snapshot_id)))`

	inStatement = 200                           // ids that one statement names
	forever     = history.Micros(math.MaxInt64) // the instant by which everything is known
)

// ClientsOf counts the clients of a setup that are not deleted, planned ones too.
// Those of deleted organizations do not count.
func ClientsOf(c *db.Conn, setup string) (int64, error) {
	var owners []struct {
		Org tenancy.OrgID `db:"org_id"`
		N   int64         `db:"n"`
	}
	if err := c.Select(&owners, "SELECT e.org_id, count(*) AS n FROM entity e WHERE e.setup_id = ? AND e.kind = 'client' AND NOT"+Ended+
		" GROUP BY e.org_id", setup); err != nil {
		return 0, err
	}
	total := int64(0)
	for _, o := range owners {
		ended, err := tenancy.EndedAt(c, o.Org, forever)
		if err != nil {
			return 0, err
		}
		if ended == 0 {
			total += o.N
		}
	}
	return total, nil
}

// Contents is what package tenancy asks before it deletes an organization.
func Contents() tenancy.Contents { return tenancy.Contents{Holds: of, Defaults: defaultsBelow} }

// KeepsSetup is why a setup cannot be deleted; nil if it can, with so many clients.
func KeepsSetup(c *db.Conn, setup string, clients int64) error {
	named, err := defaults(c, "= ?", []any{setup}, nil)
	if err != nil {
		return err
	}
	n, err := ClientsOf(c, setup)
	switch {
	case err != nil:
		return err
	case named > 0:
		return fault.New(fault.Conflict, fault.CodeDefaultSetup, "the setup has %s and is the default setup of %s; choose another one there first",
			tenancy.Counted(n, "client"), tenancy.Counted(named, "organization"))
	case n != clients && n == 0:
		return fault.New(fault.Conflict, fault.CodeNotEmpty, "the setup has no clients; leave clients out")
	case n != clients:
		return fault.New(fault.Conflict, fault.CodeNotEmpty, "the setup has %s, which would be deleted with it; delete them first, or say clients=%d",
			tenancy.Counted(n, "client"), n)
	}
	return nil
}

// defaults counts the organizations that name one of the setups as their default
// and are not among those inside.
func defaults(c *db.Conn, setups string, args []any, inside []tenancy.OrgID) (n int64, err error) {
	var orgs []tenancy.OrgID
	if err := c.Select(&orgs, `SELECT v.org_id FROM org_version v WHERE v.default_setup_id `+setups+` AND v.deleted = 0
		AND NOT EXISTS (SELECT 1 FROM org_version x WHERE x.org_id = v.org_id AND x.seq > v.seq)`, args...); err != nil {
		return 0, err
	}
	for _, org := range orgs {
		if slices.Contains(inside, org) {
			continue
		}
		ended, err := tenancy.EndedAt(c, org, forever)
		if err != nil {
			return 0, err
		}
		if ended == 0 {
			n++
		}
	}
	return n, nil
}

// defaultsBelow counts the organizations elsewhere whose default setup belongs to one of orgs.
func defaultsBelow(c *db.Conn, orgs []tenancy.OrgID) (n int64, err error) {
	for some := range slices.Chunk(orgs, inStatement) {
		list, args := named(some)
		more, err := defaults(c, "IN (SELECT e.entity_id FROM entity e WHERE e.kind = 'setup' AND e.org_id "+list+" AND NOT"+Ended+")", args, orgs)
		if err != nil {
			return 0, err
		}
		n += more
	}
	return n, nil
}

// of counts what organizations own that is not deleted.
func of(c *db.Conn, orgs []tenancy.OrgID) (h tenancy.Holdings, err error) {
	h.Organizations = int64(len(orgs)) - 1
	for some := range slices.Chunk(orgs, inStatement) {
		list, args := named(some)
		var kinds []struct {
			Kind string `db:"kind"`
			N    int64  `db:"n"`
		}
		if err := c.Select(&kinds, "SELECT e.kind, count(*) AS n FROM entity e WHERE e.kind IN ('setup', 'resource_server', 'client') AND e.org_id "+list+
			" AND NOT"+Ended+" GROUP BY e.kind", args...); err != nil {
			return h, err
		}
		for _, k := range kinds {
			switch k.Kind {
			case history.ObjectSetup:
				h.Setups += k.N
			case history.ObjectResourceServer:
				h.ResourceServers += k.N
			case history.ObjectClient:
				h.Clients += k.N
			}
		}
	}
	return h, nil
}

// named is a list of ids in a statement, with its parameters.
func named(orgs []tenancy.OrgID) (string, []any) {
	args := make([]any, len(orgs))
	for i, org := range orgs {
		args[i] = org
	}
	return "IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args
}
