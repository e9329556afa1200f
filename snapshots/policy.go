package snapshots

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Values of a Policy's switches; the first of each is the default.
const (
	StaleKeep   = "keep"
	StaleRefuse = "refuse"

	ScopesByDialect = "dialect"
	ScopesAlways    = "always"
	ScopesNever     = "never"
)

// Policy is how a setup treats its clients. It is versioned, and takes effect
// at once.
type Policy struct {
	OnStalePlan string // what an immediate write does under planned snapshots
	ScopeCheck  string // whether scopes must be declared by a resource server
}

// policyRow is the stored form of a Policy.
type policyRow struct {
	OnStalePlan string `json:"on_stale_plan"`
	ScopeCheck  string `json:"scope_check"`
}

func defaultPolicy() Policy { return Policy{OnStalePlan: StaleKeep, ScopeCheck: ScopesByDialect} }

// readPolicy is the newest policy of a setup, or the default.
func readPolicy(c *db.Conn, setup EntityID) (Policy, error) {
	var raw string
	err := c.Get(&raw, "SELECT content FROM setup_policy WHERE setup_id = "+asText+" ORDER BY seq DESC LIMIT 1", setup)
	if fault.Is(err, fault.NotFound) {
		return defaultPolicy(), nil
	}
	if err != nil {
		return Policy{}, err
	}
	var row policyRow
	if err := json.Unmarshal([]byte(raw), &row); err != nil {
		return Policy{}, fmt.Errorf("policy of setup %s: %w", setup, err)
	}
	return Policy(row), nil
}

// SetPolicy gives a setup a new policy.
func (s *Store) SetPolicy(ctx context.Context, scope tenancy.Scope, module string, setup EntityID, p Policy) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	var faults []fault.Field
	if p.OnStalePlan != StaleKeep && p.OnStalePlan != StaleRefuse {
		faults = append(faults, fault.Field{Path: "/on_stale_plan", Rule: "enum", Message: "one of keep, refuse"})
	}
	if p.ScopeCheck != ScopesByDialect && p.ScopeCheck != ScopesAlways && p.ScopeCheck != ScopesNever {
		faults = append(faults, fault.Field{Path: "/scope_check", Rule: "enum", Message: "one of dialect, always, never"})
	}
	if err := fault.Rules(faults); err != nil {
		return err
	}
	content, err := json.Marshal(policyRow(p))
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		to, err := s.toChange(tx, scope, KindSetup, SetupRef(module, setup))
		if err != nil {
			return err
		}
		var seq int64
		if err := tx.Get(&seq, "SELECT COALESCE(max(seq), 0) + 1 FROM setup_policy WHERE setup_id = ?", setup); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO setup_policy (setup_id, seq, content, recorded_at) VALUES (?, ?, ?, ?)",
			setup, seq, string(content), int64(history.At(tx))); err != nil {
			return err
		}
		history.Record(tx, scope.Event(history.Event{Kind: "setup.policy", ObjectKind: history.ObjectSetup, Object: string(to.entity.ID),
			Org: string(to.entity.Owner), Effective: history.At(tx).Millis(), Detail: content}))
		return nil
	})
}

// checksScopes reports whether the scopes that this write adds must be
// declared. The policy is read only where it adds some.
func (w *writing[T]) checksScopes(next *T) (bool, error) {
	doc, ok := any(next).(*Client)
	if !ok {
		return false, nil
	}
	var stored []string
	if base := any(w.baseDoc).(*Client); base != nil {
		stored = base.Scopes
	}
	if !slices.ContainsFunc(doc.Scopes, func(scope string) bool { return !slices.Contains(stored, scope) }) {
		return false, nil
	}
	policy, err := readPolicy(&w.tx.Conn, w.setup.ID)
	return policy.ScopeCheck == ScopesAlways || policy.ScopeCheck == ScopesByDialect && w.change.DialectChecksScopes, err
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
		server, _, err := body[ResourceServer](w.s, &w.tx.Conn, row.ID)
		if err != nil {
			return nil, err
		}
		for _, scope := range server.Scopes {
			names[scope.Name] = true
		}
	}
	return names, nil
}
