package snapshots

import (
	"context"
	"crypto/sha256"

	"tenure/snapshots/holdings"
	"tenure/snapshots/initial"
	"tenure/snapshots/policy"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// CodeRegistrationOff is the NotFound of a setup that lets nobody register.
const CodeRegistrationOff = "registration-off"

// Registration is the right to register one client into a setup.
type Registration struct {
	Setup   Entity
	Policy  Policy
	Grant   tenancy.Grant
	Initial string // id of the initial access token; empty if registration is open
}

// Registrant is a caller without an API key who wants to register.
type Registrant struct {
	Setup            EntityID
	Surface, Address string
	Door             policy.Door
	Token            func() string // the initial access token, empty for none; asked only where the policy wants one
}

// Register decides by the setup's policy whether a caller may register.
// NotFound with CodeRegistrationOff where it is off, Unauthenticated for an
// initial access token that is missing or does not hold.
func (s *Store) Register(ctx context.Context, by Registrant) (Registration, error) {
	e, rules, err := s.Registering(ctx, by.Setup, by.Door)
	r := Registration{Setup: e, Policy: rules}
	if err != nil {
		return r, err
	}
	r.Grant = tenancy.Grant{Setup: string(by.Setup), Owner: r.Policy.RegistrationOwner, Actor: "anonymous:" + by.Address,
		Allowed: tenancy.Resolve | tenancy.WriteClients, Surface: by.Surface}
	if r.Grant.Owner == "" {
		r.Grant.Owner = e.Owner
	}
	if rules.Registration != RegistrationToken {
		return r, nil
	}
	return r, s.takeInitial(ctx, &r, by.Token())
}

// Registering finds a setup into which clients may register themselves by a door, and
// its policy. NotFound with CodeRegistrationOff where they may not, beside the
// setup and its policy; then the clients that did before cannot manage
// themselves either.
func (s *Store) Registering(ctx context.Context, setup EntityID, by policy.Door) (Entity, Policy, error) {
	t, err := s.setupInForce(ctx, setup)
	if err != nil {
		return Entity{}, Policy{}, err
	}
	p := t.policy.Load()
	if p == nil {
		read, err := readPolicy(s.db.Single(ctx), setup, forever)
		if err != nil {
			return t.entity, Policy{}, err
		}
		p = &read
		t.policy.Store(p)
		s.cache.keep(t)
	}
	if !p.Opens(by) {
		err = fault.New(fault.NotFound, CodeRegistrationOff, "registration is off for this setup")
	}
	return t.entity, *p, err
}

// takeInitial checks an initial access token now and makes the grant check it
// again inside the write, where its uses are counted.
func (s *Store) takeInitial(ctx context.Context, r *Registration, token string) error {
	presented := initial.ByHash(string(r.Setup.ID), sha256.Sum256([]byte(token)))
	look := func(c *db.Conn, now history.Micros) (string, error) {
		row, err := presented.One(c)
		if err == nil && (row == nil || !row.Holds(now)) {
			err = fault.New(fault.Unauthenticated, "", "the initial access token is missing or not valid")
		}
		if err != nil {
			return "", err
		}
		return row.ID, nil
	}
	id, err := look(s.db.Single(ctx), s.log.Now())
	if err != nil {
		return err
	}
	r.Initial = id
	r.Grant.Actor = "initial-token:" + r.Initial
	r.Grant.Valid = func(tx *db.Tx) error {
		_, err := look(&tx.Conn, history.At(tx))
		return err
	}
	return nil
}

// registering holds what binds clients that register themselves: the setup's
// maximum, and the count of the token's uses.
func (s *Store) registering(tx *db.Tx, scope tenancy.Scope, e Entity, token string) error {
	if _, registers := scope.Registers(); !registers {
		return nil
	}
	policy, err := readPolicy(&tx.Conn, e.Setup, forever)
	if err != nil {
		return err
	}
	if policy.MaxClients > 0 {
		var n int64
		if err := tx.Get(&n, `SELECT count(*) FROM (SELECT 1 FROM entity e WHERE e.setup_id = ? AND e.kind = 'client'
			AND NOT`+holdings.Ended+" LIMIT 1 OFFSET ?) beyond", e.Setup, policy.MaxClients); err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Quota, "", "the setup has as many clients as it may have")
		}
	}
	if token != "" {
		initial.Use(tx, string(e.Setup), token, string(e.ID))
	}
	return nil
}

// InitialToken is what may be told of an initial access token; see package initial.
type InitialToken = initial.Token

// CreateInitialToken makes an initial access token of a setup that the scope
// may change, and returns its text, which is not shown again: it is empty
// where the request is a repetition (Scope.Once).
func (s *Store) CreateInitialToken(ctx context.Context, scope tenancy.Scope, setup EntityID, t InitialToken) (InitialToken, string, error) {
	if err := scope.Check(tenancy.Administer); err != nil {
		return t, "", err
	}
	if err := fault.Rules(t.Check(s.Now())); err != nil {
		return t, "", err
	}
	id, fresh := s.newID(), s.ids.Token(initial.Prefix)
	hash := sha256.Sum256([]byte(fresh))
	var text string
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		e, err := s.setupToChange(tx, scope, setup)
		if err != nil {
			return err
		}
		if earlier, err := scope.Earlier(tx); err != nil || earlier != "" {
			row, err := initial.ByID(string(setup), earlier).One(&tx.Conn)
			if text = ""; err == nil && row != nil {
				t = row.Token()
			}
			return err
		}
		text = fresh
		t.ID, t.Uses, t.RecordedAt = id, 0, history.At(tx)
		initial.Insert(tx, string(setup), t, hash)
		s.secretEvent(tx, scope, e, "setup.initial-token-added", t.ID, t.RecordedAt.Millis())
		return scope.Remember(tx, t.ID)
	})
	if err != nil {
		return InitialToken{}, "", err
	}
	return t, text, nil
}

func (s *Store) setupToChange(tx *db.Tx, scope tenancy.Scope, setup EntityID) (Entity, error) {
	e, err := s.entity(&tx.Conn, setup)
	if fault.Is(err, fault.NotFound) {
		return e, unknown(KindSetup)
	}
	if err != nil {
		return e, err
	}
	to, err := s.toChange(tx, scope, KindSetup, SetupRef(e.Module, setup))
	return to.entity, err
}

// InitialTokens lists the initial access tokens that a setup had at an instant,
// with their uses by then.
func (s *Store) InitialTokens(ctx context.Context, scope tenancy.Scope, setup EntityID, in Instant) ([]InitialToken, error) {
	if err := scope.Check(tenancy.History); err != nil {
		return nil, err
	}
	return inView(ctx, s, scope, in, func(l *look) ([]InitialToken, error) {
		if _, err := l.policy(setup); err != nil {
			return nil, err
		}
		return initial.AsOf(l.view, string(setup), l.tree())
	})
}

// RevokeInitialToken ends an initial access token at once.
func (s *Store) RevokeInitialToken(ctx context.Context, scope tenancy.Scope, setup EntityID, id string) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		e, err := s.setupToChange(tx, scope, setup)
		if err != nil {
			return err
		}
		row, err := initial.ByID(string(setup), id).One(&tx.Conn)
		if err == nil && row == nil {
			err = fault.New(fault.NotFound, fault.CodeKeyUnknown, "there is no such initial access token")
		}
		if err != nil {
			return err
		}
		initial.End(tx, string(setup), id)
		s.secretEvent(tx, scope, e, "setup.initial-token-ended", id, history.At(tx).Millis())
		return nil
	})
}
