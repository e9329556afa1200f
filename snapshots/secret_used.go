package snapshots

import (
	"context"
	"errors"

	"github.com/Masterminds/squirrel"
	"github.com/maypok86/otter/v2"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// uses is when clients last proved who they are. What was read is remembered
// for a while, so that a read that shows it asks the database only now and then.
type uses struct {
	*tenancy.LastUsed[EntityID]
	stored kept[EntityID, use]
}

type use struct{ last, read history.Micros }

func newUses() *uses {
	return &uses{LastUsed: tenancy.NewLastUsed[EntityID]("client_use", "entity_id"),
		stored: otter.Must(&otter.Options[EntityID, use]{MaximumSize: 20_000})}
}

func (u *uses) read(ctx context.Context, d *db.DB, now history.Micros, ids []EntityID) ([]history.Micros, error) {
	found := make([]history.Micros, len(ids))
	var ask []int // places in ids
	for i, id := range ids {
		if held, ok := u.stored.GetIfPresent(id); ok && now-held.read < history.Micros(tenancy.FlushEvery.Microseconds()) {
			found[i] = held.last
		} else {
			ask = append(ask, i)
		}
	}
	if len(ask) > 0 {
		var rows []struct {
			ID   EntityID       `db:"entity_id"`
			Last history.Micros `db:"last_used"`
		}
		unread := make([]EntityID, len(ask))
		for n, i := range ask {
			unread[n] = ids[i]
		}
		q := db.Builder().Select("entity_id, last_used").From("client_use").Where(squirrel.Eq{"entity_id": unread})
		if err := d.View(ctx, func(c *db.Conn) error { return c.SelectBuilt(&rows, q) }); err != nil {
			return nil, err
		}
		last := make(map[EntityID]history.Micros, len(rows))
		for _, r := range rows {
			last[r.ID] = r.Last
		}
		for _, i := range ask {
			found[i] = last[ids[i]]
			u.stored.Set(ids[i], use{found[i], now})
		}
	}
	for i, id := range ids {
		found[i] = max(found[i], u.Noted(id))
	}
	return found, nil
}

// flush writes what is new.
func (u *uses) flush(ctx context.Context, d *db.DB) error {
	written, err := u.Flush(ctx, d)
	for _, id := range written {
		u.stored.Invalidate(id)
	}
	return err
}

// LastUsed tells when each of the clients last proved who it is, by a secret or a
// registration token; 0 for never. A use on another node shows
// after at most twice tenancy.FlushEvery.
func (s *Store) LastUsed(ctx context.Context, scope tenancy.Scope, ids ...EntityID) ([]history.Micros, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return nil, err
	}
	return s.uses.read(ctx, s.db, s.log.Now(), ids)
}

// Flush writes the uses gathered since the previous Flush, and how often secrets
// were shown again in hours that are over. Losing some in a crash is accepted.
func (s *Store) Flush(ctx context.Context) error { return s.flush(ctx, false) }

// Finish is the last Flush of a process: it writes all that was gathered.
func (s *Store) Finish(ctx context.Context) error { return s.flush(ctx, true) }

func (s *Store) flush(ctx context.Context, all bool) error {
	return errors.Join(s.uses.flush(ctx, s.db), s.reads.Flush(ctx, s.db), s.disclosures.Flush(ctx, all))
}

// verified notes that a client has just proved who it is.
func (s *Store) verified(e Entity) { s.uses.Note(e.ID, s.log.Now()) }
