package holdings

import (
	"slices"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// lasting are the snapshots of the entities of a kind in a setup that are in force
// at an instant or planned after it, with their content. Its parameters are at,
// setup, kind.
const lasting = ` FROM entity e JOIN snapshot s ON s.module = e.module AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id
	JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
	WHERE NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id)
	AND NOT EXISTS (SELECT 1 FROM snapshot n WHERE n.module = s.module AND n.setup_id = s.setup_id AND n.entity_id = s.entity_id
		AND n.valid_from > s.valid_from AND n.valid_from <= ? AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = n.snapshot_id))
	AND e.setup_id = ? AND e.kind = ? AND NOT` + Ended

// KeepsResourceServer is why a resource server cannot be deleted; nil if it can,
// with so many clients that use it: that have a scope, now or by a plan, which no
// other resource server of the setup declares. It reads all clients of the setup.
func KeepsResourceServer(c *db.Conn, setup, server string, at history.Millis, clients int64) error {
	own, others := map[string]bool{}, map[string]bool{}
	err := c.Each(func(scan func(...any) error) error {
		var id, content string
		var from history.Millis
		if err := scan(&id, &from, &content); err != nil {
			return err
		}
		declared := own
		if id != server {
			if from > at {
				return nil
			}
			declared = others
		}
		doc, err := document.Decode[document.ResourceServer]([]byte(content))
		if err != nil {
			return err
		}
		for _, scope := range doc.Scopes {
			declared[scope.Name] = true
		}
		return nil
	}, "SELECT e.entity_id, s.valid_from, b.content"+lasting, at, setup, history.ObjectResourceServer)
	if err != nil {
		return err
	}
	var only []string
	for scope := range own {
		if !others[scope] {
			only = append(only, scope)
		}
	}
	n, err := usersOf(c, setup, at, only)
	switch {
	case err != nil:
		return err
	case n != clients && n == 0:
		return fault.New(fault.Conflict, fault.CodeNotEmpty, "no client uses the resource server; leave clients out")
	case n != clients:
		return fault.New(fault.Conflict, fault.CodeNotEmpty, "the resource server is used by %s, with scopes that no other one declares; change them first, or say clients=%d",
			tenancy.Counted(n, "client"), n)
	}
	return nil
}

// usersOf counts the clients that have one of the scopes. Those of deleted
// organizations do not count.
func usersOf(c *db.Conn, setup string, at history.Millis, scopes []string) (int64, error) {
	if len(scopes) == 0 {
		return 0, nil
	}
	quoted := make([]string, len(scopes)) // as they are in a document: few have to be decoded then
	for i, scope := range scopes {
		quoted[i] = string(strictjson.AppendText(nil, scope))
	}
	users := map[string]tenancy.OrgID{}
	if err := c.Each(func(scan func(...any) error) error {
		var id, content string
		var owner tenancy.OrgID
		if err := scan(&id, &owner, &content); err != nil {
			return err
		}
		if !slices.ContainsFunc(quoted, func(scope string) bool { return strings.Contains(content, scope) }) {
			return nil
		}
		doc, err := document.Decode[document.Client]([]byte(content))
		if err == nil && slices.ContainsFunc(doc.Scopes, func(scope string) bool { return slices.Contains(scopes, scope) }) {
			users[id] = owner
		}
		return err
	}, "SELECT e.entity_id, e.org_id, b.content"+lasting, at, setup, history.ObjectClient); err != nil {
		return 0, err
	}
	n := int64(0)
	ended := map[tenancy.OrgID]bool{}
	for _, owner := range users {
		if _, known := ended[owner]; !known {
			at, err := tenancy.EndedAt(c, owner, forever)
			if err != nil {
				return 0, err
			}
			ended[owner] = at != 0
		}
		if !ended[owner] {
			n++
		}
	}
	return n, nil
}
