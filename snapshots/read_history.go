package snapshots

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// maxAround bounds how many changes around an object one page tells.
const maxAround = 1000

// Happened is one event, as the log tells it.
type Happened = history.Entry

// Part says which part of a client's history is read.
type Part struct {
	Kind  Kind  // of the object; empty for a client
	After int64 // the object's own sequence number that it follows
	Limit int
	// At leaves out what takes effect later, Known what was recorded later; nil for everything.
	At    *history.Millis
	Known *history.Micros
}

// Past is what happened to an object, oldest first.
type Past struct {
	Entity Entity
	Events []Happened
	More   bool  // there are later events
	Next   int64 // sequence number of the last event looked at
	// Around are the moves and deletions of its setup, its owner and the organizations above that which fall between
	// these events and the next, as far as the scope covers them. Its present ancestors count.
	Around []Happened
	// EndedWith is the deletion of the object's setup, its owner or an organization above that, which ended the object
	// without an event of its own; nil where there was none.
	EndedWith *Happened
}

// History reads what happened to an object: at most part.Limit events after part.After. Who may see its past
// says Audited; that stays so when the object, its setup or its owner is deleted.
func (s *Store) History(ctx context.Context, scope tenancy.Scope, id EntityID, part Part) (Past, error) {
	var past Past
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return past, err
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		if past.Entity, err = s.past(c, scope, cmp.Or(part.Kind, KindClient), id); err != nil {
			return err
		}
		before := int64(math.MaxInt64)
		if part.Known != nil {
			if before, err = history.RecordedBy(c, *part.Known); err != nil {
				return err
			}
		}
		if past.Events, err = history.OfObject(c, string(id), part.After, before, part.Limit+1); err != nil {
			return err
		}
		next := before
		if past.More = len(past.Events) > part.Limit; past.More {
			next = past.Events[part.Limit].Index
			past.Events = past.Events[:part.Limit]
		}
		containers, err := s.containersOf(c, scope, past.Entity)
		if err != nil {
			return err
		}
		if n := len(past.Events); n > 0 {
			past.Next = past.Events[n-1].Seq
			if past.Around, err = history.Entries(c, squirrel.And{squirrel.Eq{"object_id": containers, "kind": containerKinds},
				squirrel.GtOrEq{"idx": past.Events[0].Index}, squirrel.Lt{"idx": next}}, maxAround); err != nil {
				return err
			}
		}
		past.EndedWith, err = endedWith(c, containers, before)
		return err
	})
	if at := part.At; at != nil {
		later := func(h Happened) bool { return h.Effective > *at }
		past.Events, past.Around = slices.DeleteFunc(past.Events, later), slices.DeleteFunc(past.Around, later)
		if past.EndedWith != nil && later(*past.EndedWith) {
			past.EndedWith = nil
		}
	}
	return past, err
}

// Kinds of event around an object that say where it belongs, and those of them that end it.
var (
	endKinds       = []string{"organization.deleted", "setup.deleted"}
	containerKinds = append([]string{"organization.moved", "organization.restored", "setup.restored"}, endKinds...)
)

// containersOf lists the setup and the organizations that an object is inside of, as far as the scope covers them.
func (s *Store) containersOf(c *db.Conn, scope tenancy.Scope, e Entity) ([]string, error) {
	setup, err := s.entity(c, e.Setup)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, org := range scope.Path(e.Owner) {
		ids = append(ids, string(org))
	}
	if e.ID != setup.ID && scope.Covers(setup.Owner) {
		ids = append(ids, string(setup.ID))
	}
	return ids, nil
}

// endedWith finds the first deletion of something that an object is inside of and that was not restored after it.
func endedWith(c *db.Conn, containers []string, before int64) (*Happened, error) {
	found, err := history.Entries(c, squirrel.And{squirrel.Eq{"object_id": containers, "kind": endKinds}, squirrel.Lt{"idx": before},
		squirrel.Expr(`NOT EXISTS (SELECT 1 FROM log_event r WHERE r.object_id = log_event.object_id AND r.idx > log_event.idx AND r.idx < ?
			AND r.kind IN ('organization.restored', 'setup.restored'))`, before)}, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
