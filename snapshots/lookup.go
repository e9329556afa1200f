package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// clientKey is how dialects name a client.
type clientKey struct {
	setup    EntityID
	clientID string
}

// ClientByID resolves the client that bears client_id in a setup, as Client
// does by entity id. NotFound also where only another incarnation had it.
func (s *Store) ClientByID(ctx context.Context, scope tenancy.Scope, setup EntityID, clientID string) (Resolved[document.Client], error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Resolved[document.Client]{}, err
	}
	e, err := s.current(ctx, setup, clientID)
	if err != nil {
		return Resolved[document.Client]{}, err
	}
	return resolve[document.Client](ctx, s, scope, Ref{Module: e.Module, Setup: setup, Entity: e.ID})
}

// RefByID names the client that bears client_id in a setup, planned ones too.
// It tells nothing else of it: whoever acts on the Ref is asked then.
func (s *Store) RefByID(ctx context.Context, scope tenancy.Scope, setup EntityID, clientID string) (Ref, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Ref{}, err
	}
	e, err := s.current(ctx, setup, clientID)
	if err == nil && !visible(scope, e, true) {
		err = unknown(KindClient)
	}
	return Ref{Module: e.Module, Setup: setup, Entity: e.ID}, err
}

// Deleted reports whether the client that bore client_id in a setup was
// deleted, and none bears it since.
func (s *Store) Deleted(ctx context.Context, scope tenancy.Scope, setup EntityID, clientID string) (bool, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return false, err
	}
	e, err := s.current(ctx, setup, clientID)
	if fault.Is(err, fault.NotFound) || err == nil && !visible(scope, e, true) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t, err := s.timeline(ctx, e.ID, s.log.Now().Millis())
	return err == nil && t.active != nil && t.active.tombstone(), err
}

// current is the newest incarnation of a client_id. It is remembered while
// that one is not deleted: only then can another take its place.
func (s *Store) current(ctx context.Context, setup EntityID, clientID string) (Entity, error) {
	key, now := clientKey{setup, clientID}, s.log.Now().Millis()
	if e, ok := s.cache.current.GetIfPresent(key); ok {
		t, err := s.timeline(ctx, e.ID, now)
		if err == nil && (t.active == nil || !t.active.tombstone()) {
			return e, nil
		}
		s.cache.current.Invalidate(key)
	}
	if !storable(clientID) || !storable(string(setup)) {
		return Entity{}, unknown(KindClient)
	}
	var r entityRow
	err := s.db.View(ctx, func(c *db.Conn) error {
		return c.Get(&r, "SELECT "+entityColumns+` FROM entity WHERE setup_id = ? AND kind = 'client' AND client_id = ?
			ORDER BY incarnation DESC LIMIT 1`, setup, clientID)
	})
	if fault.Is(err, fault.NotFound) {
		return Entity{}, unknown(KindClient)
	}
	if err != nil {
		return Entity{}, err
	}
	s.cache.current.Set(key, r.entity())
	return r.entity(), nil
}

// SetupEntity finds a setup that the scope may use, whatever its module.
func (s *Store) SetupEntity(ctx context.Context, scope tenancy.Scope, id EntityID) (Entity, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Entity{}, err
	}
	e, err := s.SetupOwner(ctx, id)
	if err == nil && !visible(scope, e, true) {
		err = unknown(KindSetup)
	}
	return e, err
}

// SetupOwner finds a setup that is not deleted, for deciding under which
// scope a request without an API key may act in it. It shows no content.
func (s *Store) SetupOwner(ctx context.Context, id EntityID) (Entity, error) {
	t, err := s.timeline(ctx, id, s.log.Now().Millis())
	if fault.Is(err, fault.NotFound) || err == nil && (t.entity.Kind != KindSetup || t.active == nil || t.active.tombstone()) {
		return Entity{}, unknown(KindSetup)
	}
	if err != nil {
		return Entity{}, err
	}
	return t.entity, nil
}
