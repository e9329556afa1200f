package tenancy

import (
	"context"
	"strings"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// ActorKey begins the actor of what was done with an API key; its id follows.
const ActorKey = "key:"

// ActingKeys reads the keys that made the events, revoked ones too, by id:
// those of organizations that the scope covers. Who stands above is not named.
func (s *Store) ActingKeys(ctx context.Context, scope Scope, events []history.Entry) (map[string]Key, error) {
	if err := scope.Check(History); err != nil {
		return nil, err
	}
	seen, ids := make(map[string]bool), []string{}
	for _, e := range events {
		if id, ok := strings.CutPrefix(e.Actor, ActorKey); ok && !seen[id] {
			seen[id], ids = true, append(ids, id)
		}
	}
	return s.KeysByID(ctx, scope, ids)
}

// KeysByID reads the keys of these ids, revoked ones too, which belong to
// organizations that the scope covers.
func (s *Store) KeysByID(ctx context.Context, scope Scope, ids []string) (map[string]Key, error) {
	if err := scope.Check(History); err != nil {
		return nil, err
	}
	keys := make(map[string]Key, len(ids))
	if len(ids) == 0 {
		return keys, nil
	}
	var rows []keyRow
	err := s.db.View(ctx, func(c *db.Conn) error {
		return c.SelectBuilt(&rows, db.Builder().Select("key_id, org_id, name").From("api_key").Where(squirrel.Eq{"key_id": ids}))
	})
	for _, r := range rows {
		if scope.Covers(r.Org) {
			keys[r.ID] = r.key()
		}
	}
	return keys, err
}
