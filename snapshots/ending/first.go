package ending

import (
	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Kinds are the kinds of event by which everything that is inside of their object ends.
func Kinds() []string { return []string{"organization.deleted", "setup.deleted"} }

// First finds the first deletion of one of the containers in front of a log index that
// was not taken back after it; nil for none.
func First(c *db.Conn, containers []string, before int64) (*history.Entry, error) {
	found, err := history.Entries(c, squirrel.And{squirrel.Eq{"object_id": containers, "kind": Kinds()}, squirrel.Lt{"idx": before},
		squirrel.Expr(`NOT EXISTS (SELECT 1 FROM log_event r WHERE r.object_id = log_event.object_id AND r.idx > log_event.idx AND r.idx < ?
			AND r.kind IN ('organization.restored', 'setup.restored'))`, before)}, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
