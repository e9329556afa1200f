// Package ending ends secrets and tokens that ended with something around their
// client: what is inside a deleted setup or organization has no row that says so.
// Before the setup or organization is restored each gets its own, so that none of
// them is valid again.
//
// It owns the search for them, and for the deletion that ended what is inside. When they end is for package snapshots to say. It
// needs a Scope for its events only: its callers have checked it.
//
// It may import snapshots/{clientsecret,holdings,initial,selftoken}, tenancy and tenancy/{db,history}.
package ending

import (
	"slices"
	"strings"

	"tenure/snapshots/clientsecret"
	"tenure/snapshots/holdings"
	"tenure/snapshots/initial"
	"tenure/snapshots/selftoken"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Inside says which entities e are meant.
type Inside struct {
	where string
	args  []any
}

// Setup means a setup and what is in it.
func Setup(id string) []Inside { return []Inside{{"e.setup_id = ?", []any{id}}} }

const inStatement = 200 // ids that one statement names

// Organizations means what organizations own.
func Organizations(orgs []tenancy.OrgID) (all []Inside) {
	for some := range slices.Chunk(orgs, inStatement) {
		args := make([]any, len(some))
		for i, org := range some {
			args[i] = org
		}
		all = append(all, Inside{"e.org_id IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args})
	}
	return all
}

// live is a secret or token that has no end of its own.
type live struct {
	ID     string        `db:"id"`
	Entity string        `db:"entity_id"`
	Org    tenancy.OrgID `db:"org_id"`
}

// sorts are the secrets and tokens, how the live ones are found and ended.
var sorts = []struct {
	query        string
	end          func(tx *db.Tx, l live, at history.Millis)
	object, kind string
}{
	{`SELECT c.secret_id AS id, e.entity_id, e.org_id FROM entity e JOIN client_secret c ON c.entity_id = e.entity_id WHERE e.kind = 'client' AND %
		AND NOT EXISTS (SELECT 1 FROM secret_end x WHERE x.secret_id = c.secret_id AND x.snapshot_id = '' AND x.ends_at <= ?) ORDER BY c.secret_id LIMIT ?`,
		func(tx *db.Tx, l live, at history.Millis) { clientsecret.End(tx, l.Entity, l.ID, "", at) }, history.ObjectClient, "client.secret-ended"},
	{`SELECT t.token_id AS id, e.entity_id, e.org_id FROM entity e JOIN registration_token t ON t.entity_id = e.entity_id WHERE e.kind = 'client' AND %
		AND NOT EXISTS (SELECT 1 FROM registration_token_end x WHERE x.token_id = t.token_id) ORDER BY t.token_id LIMIT ?`,
		func(tx *db.Tx, l live, _ history.Millis) { selftoken.End(tx, l.Entity, l.ID) }, history.ObjectClient, "client.token-ended"},
	{`SELECT t.token_id AS id, e.entity_id, e.org_id FROM entity e JOIN initial_token t ON t.setup_id = e.entity_id WHERE e.kind = 'setup' AND %
		AND NOT EXISTS (SELECT 1 FROM initial_token_end x WHERE x.token_id = t.token_id) ORDER BY t.token_id LIMIT ?`,
		func(tx *db.Tx, l live, _ history.Millis) { initial.End(tx, l.Entity, l.ID) }, history.ObjectSetup, "setup.initial-token-ended"},
}

// End ends at most so many of what is inside, secrets at an instant, and returns how
// many it ended.
func End(tx *db.Tx, scope tenancy.Scope, inside []Inside, at history.Millis, most int) (ended int, err error) {
	now := history.At(tx)
	for _, sort := range sorts {
		secret := sort.kind == "client.secret-ended"
		for _, in := range inside {
			if ended == most {
				return ended, nil
			}
			args := slices.Clone(in.args)
			if secret {
				args = append(args, at)
			}
			var found []live
			if err := tx.Select(&found, strings.Replace(sort.query, "%", in.where, 1), append(args, most-ended)...); err != nil {
				return ended, err
			}
			for _, l := range found {
				effective := now.Millis()
				if secret {
					effective = at
				}
				sort.end(tx, l, effective)
				history.Record(tx, scope.Event(history.Event{Kind: history.Kind(sort.kind), ObjectKind: sort.object, Object: l.Entity,
					Ref: l.ID, Org: string(l.Org), Effective: effective}))
				ended++
			}
		}
	}
	return ended, nil
}

// Taken lists the clients of organizations, not deleted themselves, whose client_id
// a later client of their setup has.
func Taken(tx *db.Tx, orgs []tenancy.OrgID) (ids []string, err error) {
	for _, in := range Organizations(orgs) {
		var more []string
		if err := tx.Select(&more, "SELECT e.entity_id FROM entity e WHERE e.kind = 'client' AND "+in.where+` AND EXISTS (SELECT 1 FROM entity n
			WHERE n.setup_id = e.setup_id AND n.kind = e.kind AND n.client_id = e.client_id AND n.incarnation > e.incarnation) AND NOT`+holdings.Ended, in.args...); err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}
