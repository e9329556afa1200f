package snapshots

import (
	"context"
	"crypto/sha256"

	"tenure/snapshots/holdings"
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

// initialRow is a row of initial_token with how often it was used.
type initialRow struct {
	ID         string         `db:"token_id"`
	Name       string         `db:"name"`
	MaxUses    int64          `db:"max_uses"`
	ExpiresAt  history.Micros `db:"expires_at"`
	RecordedAt history.Micros `db:"recorded_at"`
	Uses       int64          `db:"uses"`
}

const liveInitial = `SELECT t.token_id, t.name, t.max_uses, t.expires_at, t.recorded_at,
	(SELECT count(*) FROM initial_token_use u WHERE u.token_id = t.token_id) AS uses
	FROM initial_token t WHERE t.setup_id = ? AND NOT EXISTS (SELECT 1 FROM initial_token_end x WHERE x.token_id = t.token_id)`

func (r initialRow) holds(now history.Micros) bool {
	return (r.ExpiresAt == 0 || now < r.ExpiresAt) && (r.MaxUses == 0 || r.Uses < r.MaxUses)
}

func (r initialRow) token() InitialToken {
	t := InitialToken{r.ID, r.Name, nil, r.Uses, r.ExpiresAt, r.RecordedAt}
	if r.MaxUses > 0 {
		t.MaxUses = &r.MaxUses
	}
	return t
}

// takeInitial checks an initial access token now and makes the grant check it
// again inside the write, where its uses are counted.
func (s *Store) takeInitial(ctx context.Context, r *Registration, token string) error {
	hash := sha256.Sum256([]byte(token))
	refused := fault.New(fault.Unauthenticated, "", "the initial access token is missing or not valid")
	look := func(c *db.Conn, now history.Micros) (initialRow, error) {
		var row initialRow
		err := c.Get(&row, liveInitial+" AND t.hash = ?", r.Setup.ID, hash[:])
		if fault.Is(err, fault.NotFound) || err == nil && !row.holds(now) {
			return row, refused
		}
		return row, err
	}
	err := s.db.View(ctx, func(c *db.Conn) error {
		row, err := look(c, s.log.Now())
		r.Initial = row.ID
		return err
	})
	if err != nil {
		return err
	}
	r.Grant.Actor = "initial-token:" + r.Initial
	r.Grant.Valid = func(tx *db.Tx) error {
		_, err := look(&tx.Conn, history.At(tx))
		return err
	}
	return nil
}

// registering holds what binds clients that register themselves: the setup's
// maximum, and the count of the token's uses.
func (s *Store) registering(tx *db.Tx, scope tenancy.Scope, e Entity, initial string) error {
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
	if initial == "" {
		return nil
	}
	tx.Insert(initialUseTable, "", initial, e.ID, int64(history.At(tx)))
	return nil
}

var initialUseTable = db.NewTable("initial_token_use", "token_id, entity_id, recorded_at", "")

// InitialToken is what may be told of an initial access token.
type InitialToken struct {
	ID, Name   string
	MaxUses    *int64 // 1 or more; nil for any number
	Uses       int64
	ExpiresAt  history.Micros // 0 for never
	RecordedAt history.Micros
}

// InitialPrefix starts every initial access token.
const InitialPrefix = "tenure_iat_"

// CreateInitialToken makes an initial access token of a setup that the scope
// may change, and returns its text, which is not shown again: it is empty
// where the request is a repetition (Scope.Once).
func (s *Store) CreateInitialToken(ctx context.Context, scope tenancy.Scope, setup EntityID, t InitialToken) (InitialToken, string, error) {
	if err := scope.Check(tenancy.Administer); err != nil {
		return t, "", err
	}
	faults := tenancy.CheckName("/name", t.Name)
	stored := int64(0) // any number
	if t.MaxUses != nil {
		if stored = *t.MaxUses; stored < 1 {
			faults = append(faults, fault.Field{Path: "/max_uses", Rule: "range", Message: "1 or more, or null for any number"})
		}
	}
	if t.ExpiresAt != 0 && t.ExpiresAt <= s.Now() {
		faults = append(faults, fault.Field{Path: "/expires_at", Rule: "future", Message: "the expiry is not in the future"})
	}
	if err := fault.Rules(faults); err != nil {
		return t, "", err
	}
	id, fresh := s.newID(), s.ids.Token(InitialPrefix)
	hash := sha256.Sum256([]byte(fresh))
	var text string
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		e, err := s.setupToChange(tx, scope, setup)
		if err != nil {
			return err
		}
		if earlier, err := scope.Earlier(tx); err != nil || earlier != "" {
			t, text, err = earlierInitial(tx, setup, earlier, err)
			return err
		}
		text = fresh
		t.ID, t.Uses, t.RecordedAt = id, 0, history.At(tx)
		if _, err := tx.Exec(`INSERT INTO initial_token (token_id, setup_id, name, hash, max_uses, expires_at, recorded_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, t.ID, setup, t.Name, hash[:], stored, int64(t.ExpiresAt), int64(t.RecordedAt)); err != nil {
			return err
		}
		s.secretEvent(tx, scope, e, "setup.initial-token-added", t.ID, t.RecordedAt.Millis())
		return scope.Remember(tx, t.ID)
	})
	if err != nil {
		return InitialToken{}, "", err
	}
	return t, text, nil
}

// earlierInitial is the token that a repeated request made, without its text.
func earlierInitial(tx *db.Tx, setup EntityID, id string, err error) (InitialToken, string, error) {
	var row initialRow
	if err == nil {
		err = tx.Get(&row, liveInitial+" AND t.token_id = ?", setup, id)
	}
	return row.token(), "", err
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
		then := l.tree()
		var rows []initialRow
		err := l.view.Select(&rows, `SELECT t.token_id, t.name, t.max_uses, t.expires_at, t.recorded_at,
			(SELECT count(*) FROM initial_token_use u WHERE u.token_id = t.token_id AND u.recorded_at <= ?) AS uses
			FROM initial_token t WHERE t.setup_id = ? AND t.recorded_at <= ?
				AND NOT EXISTS (SELECT 1 FROM initial_token_end x WHERE x.token_id = t.token_id AND x.recorded_at <= ?)
			ORDER BY t.recorded_at, t.token_id`, then, setup, then, then)
		list := make([]InitialToken, len(rows))
		for i, r := range rows {
			list[i] = r.token()
		}
		return list, err
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
		var row initialRow
		err = tx.Get(&row, liveInitial+" AND t.token_id = ?", setup, id)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, fault.CodeKeyUnknown, "there is no such initial access token")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO initial_token_end (token_id, recorded_at) VALUES (?, ?)", id, int64(history.At(tx))); err != nil {
			return err
		}
		s.secretEvent(tx, scope, e, "setup.initial-token-ended", id, history.At(tx).Millis())
		return nil
	})
}
