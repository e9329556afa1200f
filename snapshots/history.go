package snapshots

import (
	"context"

	"github.com/Masterminds/squirrel"

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

// Past is what happened to a client, oldest first.
type Past struct {
	Entity Entity
	Events []Happened
	More   bool // there are later events
	// EndedWith is the deletion of the client's setup, its owner or an
	// organization above that, which ended the client without an event of its
	// own; nil where there was none.
	EndedWith *Happened
}

// History reads what happened to a client: at most limit events after the
// object's own sequence number after. It is for whoever owns the client or
// stands above, and stays so when the client, its setup or its owner is
// deleted. NotFound otherwise.
func (s *Store) History(ctx context.Context, scope tenancy.Scope, id EntityID, after int64, limit int) (Past, error) {
	var past Past
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return past, err
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		e, err := s.entity(c, id)
		if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != KindClient || !scope.CoversObject(string(e.ID), e.Owner)) {
			return unknown(KindClient)
		}
		if err != nil {
			return err
		}
		past.Entity = e
		if past.Events, err = happened(c, db.Builder().Select("idx, envelope").From("log_event").
			Where("object_id = ? AND object_seq > ?", id, after).OrderBy("object_seq").Limit(uint64(limit+1))); err != nil {
			return err
		}
		if past.More = len(past.Events) > limit; past.More {
			past.Events = past.Events[:limit]
		}
		past.EndedWith, err = s.endedWith(c, scope, e)
		return err
	})
	return past, err
}

// endedWith finds the first deletion of something that a client is inside of,
// as far as the scope covers it.
func (s *Store) endedWith(c *db.Conn, scope tenancy.Scope, e Entity) (*Happened, error) {
	setup, err := s.entity(c, e.Setup)
	if err != nil {
		return nil, err
	}
	var around []string
	for _, org := range scope.Path(e.Owner) {
		around = append(around, string(org))
	}
	if scope.Covers(setup.Owner) {
		around = append(around, string(setup.ID))
	}
	found, err := happened(c, db.Builder().Select("idx, envelope").From("log_event").
		Where(squirrel.Eq{"object_id": around, "kind": []string{"organization.deleted", "setup.deleted"}}).OrderBy("idx").Limit(1))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func happened(c *db.Conn, q squirrel.SelectBuilder) ([]Happened, error) {
	var rows []struct {
		Index    int64  `db:"idx"`
		Envelope string `db:"envelope"`
	}
	if err := c.SelectBuilt(&rows, q); err != nil {
		return nil, err
	}
	list := make([]Happened, len(rows))
	for i, r := range rows {
		envelope, err := history.DecodeEnvelope([]byte(r.Envelope))
		if err != nil {
			return nil, err
		}
		list[i] = Happened{r.Index, envelope}
	}
	return list, nil
}
