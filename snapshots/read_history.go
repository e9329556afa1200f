package snapshots

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/ending"
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
	From   int64 // log index of the first event looked at; 0 for none
	Until  int64 // log index of the event after these, or in front of which the read ends
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
	err := s.OfEntity(ctx, scope, cmp.Or(part.Kind, KindClient), id, func(c *db.Conn, e Entity) (err error) {
		past.Entity = e
		before := int64(math.MaxInt64)
		if part.Known != nil {
			if before, err = history.RecordedBy(c, *part.Known); err != nil {
				return err
			}
		}
		if past.Events, err = history.OfObject(c, string(id), part.After, before, part.Limit+1); err != nil {
			return err
		}
		past.Until = before
		if past.More = len(past.Events) > part.Limit; past.More {
			past.Until = past.Events[part.Limit].Index
			past.Events = past.Events[:part.Limit]
		}
		containers, err := s.containersOf(c, scope, past.Entity)
		if err != nil {
			return err
		}
		if n := len(past.Events); n > 0 {
			past.From, past.Next = past.Events[0].Index, past.Events[n-1].Seq
			if past.Around, err = history.Entries(c, squirrel.And{squirrel.Eq{"object_id": containers, "kind": containerKinds},
				squirrel.GtOrEq{"idx": past.Events[0].Index}, squirrel.Lt{"idx": past.Until}}, maxAround); err != nil {
				return err
			}
		}
		past.EndedWith, err = ending.First(c, containers, before)
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

// containerKinds are the kinds of event around an object that say where it belongs.
var containerKinds = append([]string{"organization.moved", "organization.restored", "setup.restored"}, ending.Kinds()...)

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
