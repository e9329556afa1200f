package snapshots

import (
	"context"
	"errors"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// ClientAnywhere resolves the client that bears client_id in any setup, or in
// the one that within names. Where several setups have one that the scope
// covers, that in preferred is meant, else it is a Conflict. NotFound if
// nothing in force bears it; Forbidden with fault.CodeOutside if what does is
// not covered by the scope.
func (s *Store) ClientAnywhere(ctx context.Context, scope tenancy.Scope, within, preferred EntityID, clientID string) (Resolved[document.Client], error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Resolved[document.Client]{}, err
	}
	bearers, err := s.bearers(ctx, clientID)
	if err != nil {
		return Resolved[document.Client]{}, err
	}
	return s.choose(ctx, scope, bearers, within, preferred)
}

// ClientAnywhereAsOf is ClientAnywhere at an instant, for the client that bore
// the id then.
func (s *Store) ClientAnywhereAsOf(ctx context.Context, scope tenancy.Scope, within, preferred EntityID, clientID string, in Instant) (Resolved[document.Client], error) {
	if !in.Given() {
		return s.ClientAnywhere(ctx, scope, within, preferred, clientID)
	}
	return inView(ctx, s, scope, in, func(c *db.Conn, m moment) (Resolved[document.Client], error) {
		var rows []entityRow
		if storable(clientID) {
			if err := c.Select(&rows, "SELECT "+entityColumns+" FROM entity WHERE kind = 'client' AND client_id = "+asText+
				" ORDER BY recorded_at DESC, entity_id", clientID); err != nil {
				return Resolved[document.Client]{}, err
			}
		}
		var seen []Resolved[document.Client]
		failed := unknown(KindClient)
		for _, r := range rows {
			e := r.entity()
			if within != "" && e.Setup != within {
				continue
			}
			if !scope.Covers(e.Owner) {
				if fault.HasCode(failed, fault.CodeClientUnknown) {
					failed = errOutside()
				}
				continue
			}
			found, err := asOf[document.Client](s, c, scope, e, m)
			switch {
			case fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone):
				if !fault.Is(failed, fault.Gone) {
					failed = err
				}
			case err != nil || e.Setup == preferred:
				return found, err
			default:
				seen = append(seen, found)
			}
		}
		switch len(seen) {
		case 0:
			return Resolved[document.Client]{}, failed
		case 1:
			return seen[0], nil
		}
		return Resolved[document.Client]{}, errSeveral()
	})
}

func errOutside() error {
	return fault.New(fault.Forbidden, fault.CodeOutside, "the client is not below the acting organization")
}

func errSeveral() error {
	return fault.New(fault.Conflict, "", "clients of several setups have this client_id: name the setup")
}

// bearers are the clients that bear client_id in all setups, planned ones too.
// They are remembered until the next client is made, and may be deleted by then.
func (s *Store) bearers(ctx context.Context, clientID string) ([]Entity, error) {
	made := s.cache.made.Load()
	if held, ok := s.cache.bearers.GetIfPresent(clientID); ok && held.made == made && s.cache.fresh() {
		return held.entities, nil
	}
	if !storable(clientID) {
		return nil, nil
	}
	var rows []entityRow
	if err := s.db.View(ctx, func(c *db.Conn) error {
		return c.Select(&rows, "SELECT "+entityColumns+" FROM entity e WHERE e.kind = 'client' AND e.client_id = "+asText+" AND NOT"+ended+
			" ORDER BY e.recorded_at, e.entity_id", clientID)
	}); err != nil {
		return nil, err
	}
	held := bearing{entities: make([]Entity, len(rows)), made: made}
	for i, r := range rows {
		held.entities[i] = r.entity()
	}
	s.cache.bearers.Set(clientID, held)
	return held.entities, nil
}

// choose resolves the one client that is meant of those that bear an id. Of
// those outside the scope it looks only until one is there, so that nobody makes
// another's lookup fail or slow by having many clients with its id.
func (s *Store) choose(ctx context.Context, scope tenancy.Scope, bearers []Entity, within, preferred EntityID) (Resolved[document.Client], error) {
	var seen []Resolved[document.Client]
	outside := false
	for _, e := range bearers {
		if within != "" && e.Setup != within || !scope.Alive(e.Owner) {
			continue
		}
		if !visible(scope, e, true) {
			if !outside {
				var err error
				if outside, err = s.inForceNow(ctx, e); err != nil {
					return Resolved[document.Client]{}, err
				}
			}
			continue
		}
		found, err := s.Client(ctx, scope, Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID})
		switch {
		case fault.Is(err, fault.NotFound): // planned, or deleted since
		case err != nil || e.Setup == preferred:
			return found, err
		default:
			seen = append(seen, found)
		}
	}
	switch {
	case len(seen) == 1:
		return seen[0], nil
	case len(seen) > 1:
		return Resolved[document.Client]{}, errSeveral()
	case outside:
		return Resolved[document.Client]{}, errOutside()
	}
	return Resolved[document.Client]{}, unknown(KindClient)
}

// inForceNow reports whether a client and its setup are there.
func (s *Store) inForceNow(ctx context.Context, e Entity) (bool, error) {
	now := s.log.Now().Millis()
	for _, id := range []EntityID{e.ID, e.Setup} {
		t, err := s.timeline(ctx, id, now)
		if err != nil || t.active == nil || t.active.tombstone() {
			return false, err
		}
	}
	return true, nil
}

// OwnedQuery asks for clients by who owns them.
type OwnedQuery struct {
	Setup       EntityID // empty for any
	Descendants bool     // those of organizations below the acting one too
	In          Instant
	Offset      int
	Limit       int
}

// Owned reads the clients of the acting organization that are in force now, in
// the order in which they were registered, and how many there are in all. Its
// cost grows with their number.
func (s *Store) Owned(ctx context.Context, scope tenancy.Scope, q OwnedQuery) ([]Resolved[document.Client], int64, error) {
	if q.In.Given() {
		return s.ownedAsOf(ctx, scope, q)
	}
	if err := scope.Check(tenancy.Resolve); err != nil {
		return nil, 0, err
	}
	if q.Setup != "" {
		if _, err := s.SetupEntity(ctx, scope, q.Setup); err != nil {
			return nil, 0, err
		}
	}
	now := s.log.Now().Millis()
	var rows []ownedRow
	err := s.db.View(ctx, func(c *db.Conn) error { return c.SelectBuilt(&rows, q.candidates(scope, now)) })
	if err != nil {
		return nil, 0, err
	}
	var page []Resolved[document.Client]
	total := int64(0)
	for _, r := range rows {
		if !scope.Covers(r.Owner) || !scope.Alive(r.Owner) {
			continue
		}
		if total++; total <= int64(q.Offset) || len(page) == q.Limit {
			continue
		}
		found, err := s.Client(ctx, scope, Ref{Module: r.Module, Setup: r.Setup, Entity: r.ID})
		if fault.Is(err, fault.NotFound) {
			total-- // deleted since
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		page = append(page, found)
	}
	return page, total, nil
}

// ownedAsOf is Owned at an instant; what is deleted now may be in it.
func (s *Store) ownedAsOf(ctx context.Context, scope tenancy.Scope, q OwnedQuery) ([]Resolved[document.Client], int64, error) {
	var total int64
	page, err := inView(ctx, s, scope, q.In, func(c *db.Conn, m moment) ([]Resolved[document.Client], error) {
		b := db.Builder().Select(entityColumns).From("entity").Where("kind = 'client' AND recorded_at <= ?", m.known).OrderBy("recorded_at", "entity_id")
		if q.Setup != "" {
			b = b.Where(squirrel.Eq{"setup_id": q.Setup})
		}
		if !q.Descendants {
			b = b.Where(squirrel.Eq{"org_id": scope.Acting()})
		}
		var rows []entityRow
		if err := c.SelectBuilt(&rows, b); err != nil {
			return nil, err
		}
		var page []Resolved[document.Client]
		for _, r := range rows {
			if !scope.Covers(r.Owner) {
				continue
			}
			found, err := asOf[document.Client](s, c, scope, r.entity(), m)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if total++; total > int64(q.Offset) && len(page) < q.Limit {
				page = append(page, found)
			}
		}
		return page, nil
	})
	return page, total, err
}

type ownedRow struct {
	ID     EntityID      `db:"entity_id"`
	Module string        `db:"module"`
	Setup  EntityID      `db:"setup_id"`
	Owner  tenancy.OrgID `db:"org_id"`
}

// candidates are the clients in force; which of them are covered is asked
// again of each, as a large subtree is not named.
func (q OwnedQuery) candidates(scope tenancy.Scope, now history.Millis) squirrel.SelectBuilder {
	b := db.Builder().Select("e.entity_id, e.module, e.setup_id, e.org_id").From("entity e").
		Where("e.kind = 'client' AND NOT"+ended+` AND EXISTS (SELECT 1 FROM snapshot s WHERE s.module = e.module
			AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id AND s.valid_from <= ?`+notWithdrawn+")", now).
		OrderBy("e.recorded_at", "e.entity_id")
	if q.Setup != "" {
		b = b.Where(squirrel.Eq{"e.setup_id": q.Setup})
	}
	if !q.Descendants {
		return b.Where(squirrel.Eq{"e.org_id": scope.Acting()})
	}
	if owners := scope.Subtree(); len(owners) <= maxOwners {
		return b.Where(squirrel.Eq{"e.org_id": owners})
	}
	return b
}

// LastUsed tells when clients last proved who they are, by a secret or a
// registration token; who never did is left out. A use on another node shows
// after at most twice tenancy.FlushEvery.
func (s *Store) LastUsed(ctx context.Context, scope tenancy.Scope, ids ...EntityID) (map[EntityID]history.Micros, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return nil, err
	}
	return s.uses.read(ctx, s.db, s.log.Now(), ids)
}

// Flush writes the uses gathered since the previous Flush. Losing some in a
// crash is accepted.
func (s *Store) Flush(ctx context.Context) error {
	return errors.Join(s.uses.flush(ctx, s.db), s.flushReads(ctx))
}

// verified notes that a client has just proved who it is.
func (s *Store) verified(e Entity) { s.uses.Note(e.ID, s.log.Now()) }
