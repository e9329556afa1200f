package inheriting

import (
	"context"
	"slices"

	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// Reader reads the past of clients together with what their setups changed in it.
type Reader struct {
	Snapshots *snapshots.Store
	Tenancy   *tenancy.Store
}

// Past is a part of a client's history with the changes of its setup that fall in it.
type Past struct {
	snapshots.Past
	// Setup are the changes of the setup that changed the client, in the log's
	// order: those recorded between these events and the next, and with the first
	// page what was recorded before and took effect since. At most 10,000 are
	// looked at.
	Setup []Change
}

// History is snapshots.Store.History with the setup's changes, by two statements more,
// and one for each 400 changes after the first 400.
func (r Reader) History(ctx context.Context, scope tenancy.Scope, client snapshots.EntityID, part snapshots.Part) (Past, error) {
	past, err := r.Snapshots.History(ctx, scope, client, part)
	made := Past{Past: past}
	if err != nil || past.From == 0 {
		return made, err
	}
	look := span{first: past.From, before: past.Until, known: forever, earlier: part.After == 0}
	if part.Known != nil {
		look.known = *part.Known
	}
	err = r.Snapshots.OfEntity(ctx, scope, snapshots.KindClient, client, func(c *db.Conn, e snapshots.Entity) error {
		events, _, err := look.candidates(c, e, mostAround)
		if err != nil || len(events) == 0 {
			return err
		}
		made.Setup, err = changed(c, e, look.known, events)
		return err
	})
	if at := part.At; at != nil {
		made.Setup = slices.DeleteFunc(made.Setup, func(c Change) bool { return c.Effective > *at })
	}
	return made, err
}

// Entries are the setup's events alone.
func (p *Past) Entries() []snapshots.Happened {
	list := make([]snapshots.Happened, len(p.Setup))
	for i, c := range p.Setup {
		list[i] = c.Entry
	}
	return list
}

// Members are those of the client that the setup's events changed, by log index.
func (p *Past) Members() map[int64][]string {
	all := make(map[int64][]string, len(p.Setup))
	for _, c := range p.Setup {
		all[c.Index] = c.Members
	}
	return all
}
