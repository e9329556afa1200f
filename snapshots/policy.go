package snapshots

import (
	"context"
	"fmt"
	"slices"

	"tenure/snapshots/document"
	"tenure/snapshots/policy"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Policy is that of a setup; see package policy.
type Policy = policy.Policy

// The switches that others set.
const (
	StaleKeep, StaleRefuse                     = policy.StaleKeep, policy.StaleRefuse
	ScopesByDialect, ScopesAlways, ScopesNever = policy.ScopesByDialect, policy.ScopesAlways, policy.ScopesNever
	RegistrationOff, RegistrationOpen          = policy.RegistrationOff, policy.RegistrationOpen
	RegistrationToken, RegistrationStatement   = policy.RegistrationToken, policy.RegistrationStatement
	WeakRefuse, WeakWarn                       = policy.WeakRefuse, policy.WeakWarn
	RotateAlways, RotateNever                  = policy.RotateAlways, policy.RotateNever
	ProfileOff, ProfilePlain                   = policy.ProfileOff, policy.ProfilePlain
	ProfileDCR2, ProfileID3                    = policy.ProfileDCR2, policy.ProfileID3
	DoorOAuth2, DoorReg                        = policy.DoorOAuth2, policy.DoorReg
)

// DefaultPolicy is that of a setup that was given none.
func DefaultPolicy() Policy { return policy.Default() }

func policyOf(setup EntityID, by history.Micros) db.Lookup[policy.Version] {
	return policy.Newest(string(setup), by)
}

// readPolicy is the newest policy of a setup, or the default.
func readPolicy(c *db.Conn, setup EntityID, by history.Micros) (Policy, error) {
	row, err := policyOf(setup, by).One(c)
	if err != nil {
		return Policy{}, err
	}
	if row == nil {
		return DefaultPolicy(), nil
	}
	p, err := policy.Decode([]byte(row.Content))
	if err != nil {
		return Policy{}, fmt.Errorf("policy of setup %s: %w", setup, err)
	}
	return p, nil
}

// SetPolicy gives a setup a new policy; a switch left empty takes its default.
func (s *Store) SetPolicy(ctx context.Context, scope tenancy.Scope, module string, setup EntityID, p Policy) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	p = p.Filled()
	if err := fault.Rules(p.Check()); err != nil {
		return err
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		to, err := s.toChange(tx, scope, KindSetup, SetupRef(module, setup))
		if err != nil {
			return err
		}
		newest, err := policyOf(setup, forever).One(&tx.Conn)
		if err != nil {
			return err
		}
		return p.Store(tx, scope, string(setup), to.entity.Owner, newest)
	})
}

// Policy reads the policy that a setup had at an instant. It is for the setup's
// organization and those above it. Of the setup it answers as Resolve does.
func (s *Store) Policy(ctx context.Context, scope tenancy.Scope, setup EntityID, in Instant) (Policy, error) {
	return inView(ctx, s, scope, in, func(l *look) (Policy, error) { return l.policy(setup) })
}

func (l *look) policy(setup EntityID) (Policy, error) {
	p, err := l.find(KindSetup, ByEntity(setup))
	if err == nil && !l.scope.CoversObject(string(setup), p.own.entity.Owner) {
		err = fault.New(fault.Forbidden, "", "only the setup's owner and the organizations above it may read its policy")
	}
	if err != nil {
		return Policy{}, err
	}
	return readPolicy(l.view, setup, l.tree())
}

// checksScopes reports whether the scopes that this write adds must be
// declared. The policy is read only where it adds some.
func (w *writing[T]) checksScopes(next *T) (bool, error) {
	doc, ok := any(next).(*document.Client)
	if !ok {
		return false, nil
	}
	var stored []string
	if base := any(w.baseDoc).(*document.Client); base != nil {
		stored = base.Scopes
	}
	if !slices.ContainsFunc(doc.Scopes, func(scope string) bool { return !slices.Contains(stored, scope) }) {
		return false, nil
	}
	policy, err := readPolicy(&w.tx.Conn, w.setup.ID, forever)
	return policy.ScopeCheck == ScopesAlways || policy.ScopeCheck == ScopesByDialect && w.change.DialectChecksScopes, err
}

// relax takes out of the faults those that the setup's policy, or an import,
// lets pass. They are warnings then.
func (w *writing[T]) relax(faults []fault.Field) (kept, warnings []fault.Field, err error) {
	for _, f := range faults {
		if document.Relaxable(f) {
			warnings = append(warnings, f)
		} else {
			kept = append(kept, f)
		}
	}
	if len(warnings) == 0 || w.change.WeakKeys {
		return kept, warnings, nil
	}
	policy, err := readPolicy(&w.tx.Conn, w.setup.ID, forever)
	if err != nil || policy.WeakKeys != WeakWarn {
		return faults, nil, err
	}
	return kept, warnings, nil
}

// declared reads the scopes that resource servers in force at the write's
// instant declare.
func (w *writing[T]) declared() (map[string]bool, error) {
	var rows []entityRow
	if err := w.tx.Select(&rows, "SELECT "+entityColumns+" FROM entity WHERE setup_id = ? AND kind = ?",
		w.setup.ID, KindResourceServer); err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, r := range rows {
		row, err := inForce(&w.tx.Conn, r.entity(), w.validFrom)
		if err != nil {
			return nil, err
		}
		if row == nil || row.tombstone() {
			continue
		}
		server, _, err := body[document.ResourceServer](w.s, &w.tx.Conn, row.ID)
		if err != nil {
			return nil, err
		}
		for _, scope := range server.Scopes {
			names[scope.Name] = true
		}
	}
	return names, nil
}
