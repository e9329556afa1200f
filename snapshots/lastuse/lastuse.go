// Package lastuse is when clients last proved who they are.
//
// It owns the table client_use. What was read is remembered for a while, so that a
// read that shows it asks the database only now and then. Who may see it is decided in
// package snapshots.
//
// It may import tenancy and tenancy/{db,history}.
package lastuse

import (
	"context"

	"github.com/Masterminds/squirrel"
	"github.com/maypok86/otter/v2"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Uses is of clients with such entity ids. It is safe for use by several goroutines.
type Uses[ID ~string] struct {
	*tenancy.LastUsed[ID]
	stored held
}

// held is what is asked of a cache. It is an interface because the compiler would
// compile the whole cache again otherwise, in every package that knows a Uses.
type held interface {
	GetIfPresent(string) (use, bool)
	Set(string, use) (use, bool)
	Invalidate(string) (use, bool)
}

type use struct{ last, read history.Micros }

// New has seen no use.
func New[ID ~string]() *Uses[ID] {
	return &Uses[ID]{LastUsed: tenancy.NewLastUsed[ID]("client_use", "entity_id"),
		stored: otter.Must(&otter.Options[string, use]{MaximumSize: 20_000})}
}

// Read is when each of the clients was used last, by their entity ids; 0 for never. With
// a context of history.OnlyMemory it is what this node knows, 0 for nothing.
func (u *Uses[ID]) Read(ctx context.Context, d *db.DB, now history.Micros, ids []ID) ([]history.Micros, error) {
	found := make([]history.Micros, len(ids))
	var ask []int // places in ids
	for i, id := range ids {
		held, ok := u.stored.GetIfPresent(string(id))
		switch {
		case ok && now-held.read < history.Micros(tenancy.FlushEvery.Microseconds()), history.IsOnlyMemory(ctx):
			found[i] = held.last
		default:
			ask = append(ask, i)
		}
	}
	if len(ask) > 0 {
		var rows []struct {
			ID   ID             `db:"entity_id"`
			Last history.Micros `db:"last_used"`
		}
		unread := make([]ID, len(ask))
		for n, i := range ask {
			unread[n] = ids[i]
		}
		q := db.Builder().Select("entity_id, last_used").From("client_use").Where(squirrel.Eq{"entity_id": unread})
		if err := d.View(ctx, func(c *db.Conn) error { return c.SelectBuilt(&rows, q) }); err != nil {
			return nil, err
		}
		last := make(map[ID]history.Micros, len(rows))
		for _, r := range rows {
			last[r.ID] = r.Last
		}
		for _, i := range ask {
			found[i] = last[ids[i]]
			u.stored.Set(string(ids[i]), use{found[i], now})
		}
	}
	for i, id := range ids {
		found[i] = max(found[i], u.Noted(id))
	}
	return found, nil
}

// Write writes what is new.
func (u *Uses[ID]) Write(ctx context.Context, d *db.DB) error {
	written, err := u.Flush(ctx, d)
	for _, id := range written {
		u.stored.Invalidate(string(id))
	}
	return err
}
