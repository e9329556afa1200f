package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// State is how a client is now.
type State uint8

// The states. A client is also deleted if its setup is.
const (
	InForce State = iota + 1
	Planned
	Deleted
)

// Find finds a client that is there now, planned or deleted, and shows no
// content; by client_id it is the newest incarnation. It returns NotFound if
// the scope may not see the client, and then also for one that is only planned
// or deleted without the permission for plans or history.
func (s *Store) Find(ctx context.Context, scope tenancy.Scope, name Name) (Entity, State, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Entity{}, 0, err
	}
	l, ref := look{ctx: ctx, s: s, scope: scope, moment: Instant{}.moment(s.log.Now().Millis())}, name.ref
	if name.how == byClientID {
		e, err := s.current(ctx, ref.Setup, name.clientID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Entity{}, 0, err
		}
		ref.Entity = e.ID
	}
	p, fits, err := l.pair(KindClient, ref, name.manner())
	switch {
	case err != nil:
		return Entity{}, 0, err
	case name.manner().setup && (p.setup == nil || !visible(&scope, &p.setup.entity, true)):
		return Entity{}, 0, unknown(KindSetup)
	case !fits || !visible(&scope, &p.own.entity, true):
		return Entity{}, 0, unknown(KindClient)
	}
	state, need := InForce, tenancy.Resolve
	switch {
	case p.own.active != nil && p.own.active.tombstone() || !p.setup.inForce():
		state, need = Deleted, tenancy.History
	case p.own.active == nil:
		state, need = Planned, tenancy.Plans
	}
	if !scope.Allows(need) {
		return Entity{}, 0, unknown(KindClient)
	}
	return p.own.entity, state, nil
}

// clientKey is how dialects name a client.
type clientKey struct {
	setup    EntityID
	clientID string
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
	found, err := s.fill(ctx, now, ofNewest, string(setup), clientID)
	if err == nil && len(found) == 0 {
		err = unknown(KindClient)
	}
	if err != nil {
		return Entity{}, err
	}
	_ = found[0].keep(s) // erased content is for whoever asks for it to find
	s.cache.current.Set(key, found[0].entity)
	return found[0].entity, nil
}

// mostBearers is up to how many clients of one client_id are read with their contents.
const mostBearers = 16

// bearers are the clients that have client_id in all setups, planned ones too.
// They are remembered until the next client is made, and may be deleted by then.
func (s *Store) bearers(ctx context.Context, clientID string, now history.Millis) ([]Entity, error) {
	made := s.cache.made.Load()
	if held, ok := s.cache.bearers.GetIfPresent(clientID); ok && held.made == made && (s.cache.fresh() || history.IsOnlyMemory(ctx)) {
		return held.entities, nil
	}
	held := bearing{made: made}
	rows, err := s.fill(ctx, now, ofBearers+" LIMIT "+asInstant, clientID, mostBearers+1)
	for _, r := range rows {
		_ = r.keep(s)
		held.entities = append(held.entities, r.entity)
	}
	if err == nil && len(rows) > mostBearers { // their contents would be too much
		var all []entityRow
		all, err = db.Lookup[entityRow]{Query: "SELECT " + entityColumns + " FROM entity e WHERE " + ofBearers, Args: []any{clientID}}.Rows(s.db.Single(ctx))
		held.entities = held.entities[:0]
		for _, r := range all {
			held.entities = append(held.entities, r.entity())
		}
	}
	if err != nil {
		return nil, err
	}
	s.cache.bearers.Set(clientID, held)
	return held.entities, nil
}

// setupInForce finds a setup that is not deleted, for deciding under which
// scope a request without an API key may act in it. It shows no content.
func (s *Store) setupInForce(ctx context.Context, id EntityID) (*timeline, error) {
	t, err := s.timeline(ctx, id, s.log.Now().Millis())
	if fault.Is(err, fault.NotFound) || err == nil && (t.entity.Kind != KindSetup || !t.inForce()) {
		return nil, unknown(KindSetup)
	}
	return t, err
}

// covered finds a client that the scope covers, whatever its state; its setup's
// own state is not asked.
func (s *Store) covered(ctx context.Context, scope tenancy.Scope, ref Ref) (Entity, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Entity{}, err
	}
	var e Entity
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		if _, err := s.usableSetup(c, scope, ref.Module, ref.Setup); err != nil {
			return err
		}
		e, err = s.find(c, KindClient, ref)
		return err
	})
	if err == nil && !visible(&scope, &e, false) {
		err = unknown(KindClient)
	}
	return e, err
}

// Ref names the entity as a path does.
func (e Entity) Ref() Ref { return Ref{e.Module, e.Setup, e.ID} }

// Mounted is the setup that a request is about, if the scope may use it: the one
// of an id, in a module if one is named. NotFound with CodeSetupUnknown.
func (s *Store) Mounted(ctx context.Context, scope tenancy.Scope, module string, id EntityID) (Entity, error) {
	found, err := Resolve[document.Setup](ctx, s, scope, ByRef(SetupRef(module, id)), Instant{})
	return found.Entity, err
}
