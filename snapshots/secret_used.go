package snapshots

import (
	"context"
	"errors"

	"tenure/tenancy"
	"tenure/tenancy/history"
)

// LastUsed tells when each of the clients last proved who it is, by a secret or a
// registration token; 0 for never. A use on another node shows
// after at most twice tenancy.FlushEvery.
func (s *Store) LastUsed(ctx context.Context, scope tenancy.Scope, ids ...EntityID) ([]history.Micros, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return nil, err
	}
	return s.uses.Read(ctx, s.db, s.log.Now(), ids)
}

// Flush writes the uses gathered since the previous Flush, and how often secrets
// were shown again in hours that are over. Losing some in a crash is accepted.
func (s *Store) Flush(ctx context.Context) error { return s.flush(ctx, false) }

// Finish is the last Flush of a process: it writes all that was gathered.
func (s *Store) Finish(ctx context.Context) error { return s.flush(ctx, true) }

func (s *Store) flush(ctx context.Context, all bool) error {
	return errors.Join(s.uses.Write(ctx, s.db), s.reads.Flush(ctx, s.db), s.disclosures.Flush(ctx, all))
}

// verified notes that a client has just proved who it is.
func (s *Store) verified(e Entity) { s.uses.Note(e.ID, s.log.Now()) }
