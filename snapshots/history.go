package snapshots

import (
	"context"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Happened is one change of a client, as the log tells it.
type Happened struct {
	Index int64 // of its leaf in the log
	history.Envelope
}

// History reads what happened to a client, oldest first: at most limit events
// after the object's own sequence number after, and whether there are more. It
// is for whoever owns the client or stands above, and stays so when the client,
// its setup or its owner is deleted. NotFound otherwise.
func (s *Store) History(ctx context.Context, scope tenancy.Scope, id EntityID, after int64, limit int) (Entity, []Happened, bool, error) {
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return Entity{}, nil, false, err
	}
	var e Entity
	var rows []struct {
		Index    int64  `db:"idx"`
		Envelope string `db:"envelope"`
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		e, err = s.entity(c, id)
		if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != KindClient || !scope.CoversObject(string(e.ID), e.Owner)) {
			return unknown(KindClient)
		}
		if err != nil {
			return err
		}
		return c.Select(&rows, "SELECT idx, envelope FROM log_event WHERE object_id = "+asText+
			" AND object_seq > ? ORDER BY object_seq LIMIT ?", id, after, limit+1)
	})
	if err != nil {
		return Entity{}, nil, false, err
	}
	more := len(rows) > limit
	rows = rows[:min(limit, len(rows))]
	list := make([]Happened, len(rows))
	for i, r := range rows {
		envelope, err := history.DecodeEnvelope([]byte(r.Envelope))
		if err != nil {
			return Entity{}, nil, false, err
		}
		list[i] = Happened{r.Index, envelope}
	}
	return e, list, more, nil
}
