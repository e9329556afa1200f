package snapshots

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tenure/snapshots/document"
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

	RegistrationOff       = "off"
	RegistrationOpen      = "open"
	RegistrationToken     = "token"     // needs an initial access token
	RegistrationStatement = "statement" // needs a software statement, where an API takes one

	WeakRefuse = "refuse"
	WeakWarn   = "warn"

	ProfileDCR2  = "ofb-dcr2" // Open Finance Brasil Dynamic Client Registration 2.0
	ProfileID3   = "ofb-id3"  // its Implementers Draft 3
	ProfilePlain = "plain"    // RFC 7591 and 7592 without statement and certificate
)

// Policy is how a setup treats its clients. It is versioned, and takes effect
// at once.
type Policy struct {
	OnStalePlan string // what an immediate write does under planned snapshots
	ScopeCheck  string // whether scopes must be declared by a resource server

	Registration      string        // who may register clients without an API key
	RegistrationOwner tenancy.OrgID // owner of self-registered clients; empty for the setup's own
	MaxClients        int64         // of the setup, where registering; 0 for any number
	AllowedGrants     []string      // that a self-registered client may have; empty for any
	AllowedScopes     []string      // likewise
	Allow             []string      // rules of document.Waivable that do not hold for its clients

	OpenFinanceProfile string // what /reg asks for
	StrictHeaders      bool   // /reg refuses FAPI headers that do not parse
	RotateTokens       bool   // a client's own PUT at /reg renews its registration token

	WeakKeys string // whether key sets may break the rules of document.Relaxable
}

// Registers reports whether clients may register themselves; byStatement is for
// those that bring a software statement.
func (p Policy) Registers(byStatement bool) bool {
	switch p.Registration {
	case RegistrationOpen, RegistrationToken:
		return true
	case RegistrationStatement:
		return byStatement
	}
	return false
}

// RegistrationRules hold what a setup allows those who register themselves:
// what a client had before stays acceptable. Paths are /grant_types and /scope.
func (p Policy) RegistrationRules() []document.Rule[document.Client] {
	grants := func(c *document.Client, setup *document.Setup) []string {
		if c == nil {
			return nil
		}
		if effective := document.Effective(c, setup).GrantTypes; len(effective) > 0 {
			return effective
		}
		return []string{"authorization_code"}
	}
	return []document.Rule[document.Client]{
		{Name: "register-grant", Fields: []string{"grant_types"}, Check: func(in document.Input[document.Client]) []fault.Field {
			return unallowed("/grant_types", p.AllowedGrants, grants(in.Next, in.Setup), grants(in.Base, in.Setup))
		}},
		{Name: "register-scope", Fields: []string{"scopes"}, Check: func(in document.Input[document.Client]) []fault.Field {
			var had []string
			if in.Base != nil {
				had = in.Base.Scopes
			}
			return unallowed("/scope", p.AllowedScopes, in.Next.Scopes, had)
		}},
	}
}

// unallowed names what a policy does not allow and the client did not have.
func unallowed(path string, allowed, wanted, had []string) []fault.Field {
	var faults []fault.Field
	for _, word := range wanted {
		if len(allowed) > 0 && !slices.Contains(allowed, word) && !slices.Contains(had, word) {
			faults = append(faults, fault.Field{Path: path, Message: fmt.Sprintf("'%s' is not allowed for clients that register themselves", word)})
		}
	}
	return faults
}

// policyRow is the stored form of a Policy.
type policyRow struct {
	OnStalePlan       string        `json:"on_stale_plan"`
	ScopeCheck        string        `json:"scope_check"`
	Registration      string        `json:"registration"`
	RegistrationOwner tenancy.OrgID `json:"registration_owner"`
	MaxClients        int64         `json:"max_clients"`
	AllowedGrants     []string      `json:"allowed_grants"`
	AllowedScopes     []string      `json:"allowed_scopes"`
	Allow             []string      `json:"allow,omitempty"`

	OpenFinanceProfile string `json:"open_finance_profile"`
	StrictHeaders      bool   `json:"strict_headers"`
	RotateTokens       bool   `json:"rotate_tokens"`

	WeakKeys string `json:"weak_keys,omitempty"`
}

// DefaultPolicy is that of a setup that was given none.
func DefaultPolicy() Policy {
	return Policy{OnStalePlan: StaleKeep, ScopeCheck: ScopesByDialect, Registration: RegistrationOff, OpenFinanceProfile: ProfileDCR2, WeakKeys: WeakRefuse}
}

// readPolicy is the newest policy of a setup, or the default.
func readPolicy(c *db.Conn, setup EntityID, by history.Micros) (Policy, error) {
	var raw string
	err := c.Get(&raw, "SELECT content FROM setup_policy WHERE setup_id = "+asText+" AND recorded_at <= ? ORDER BY seq DESC LIMIT 1", setup, by)
	if fault.Is(err, fault.NotFound) {
		return DefaultPolicy(), nil
	}
	if err != nil {
		return Policy{}, err
	}
	var row policyRow
	if err := json.Unmarshal([]byte(raw), &row); err != nil {
		return Policy{}, fmt.Errorf("policy of setup %s: %w", setup, err)
	}
	row.WeakKeys = cmp.Or(row.WeakKeys, WeakRefuse)
	return Policy(row), nil
}

// SetPolicy gives a setup a new policy; a switch left empty takes its default.
func (s *Store) SetPolicy(ctx context.Context, scope tenancy.Scope, module string, setup EntityID, p Policy) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	usual := DefaultPolicy()
	p.OpenFinanceProfile, p.WeakKeys = cmp.Or(p.OpenFinanceProfile, usual.OpenFinanceProfile), cmp.Or(p.WeakKeys, usual.WeakKeys)
	p.OnStalePlan, p.ScopeCheck, p.Registration = cmp.Or(p.OnStalePlan, usual.OnStalePlan),
		cmp.Or(p.ScopeCheck, usual.ScopeCheck), cmp.Or(p.Registration, usual.Registration)
	if err := fault.Rules(checkPolicy(p)); err != nil {
		return err
	}
	content, err := json.Marshal(policyRow(p))
	if err != nil {
		return err
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		to, err := s.toChange(tx, scope, KindSetup, SetupRef(module, setup))
		if err != nil {
			return err
		}
		if p.RegistrationOwner != "" {
			inside, err := tenancy.Below(tx, to.entity.Owner, p.RegistrationOwner)
			if err != nil {
				return err
			}
			if !inside || !scope.Alive(p.RegistrationOwner) {
				return fault.At("/registration_owner", "outside", "the owner must be the setup's organization or one below it")
			}
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

func checkPolicy(p Policy) []fault.Field {
	var faults []fault.Field
	for _, m := range []struct {
		path, value string
		of          []string
	}{
		{"/on_stale_plan", p.OnStalePlan, []string{StaleKeep, StaleRefuse}},
		{"/scope_check", p.ScopeCheck, []string{ScopesByDialect, ScopesAlways, ScopesNever}},
		{"/registration", p.Registration, []string{RegistrationOff, RegistrationOpen, RegistrationToken, RegistrationStatement}},
		{"/weak_keys", p.WeakKeys, []string{WeakRefuse, WeakWarn}},
		{"/open_finance_profile", p.OpenFinanceProfile, []string{ProfileDCR2, ProfileID3, ProfilePlain}},
	} {
		if !slices.Contains(m.of, m.value) {
			faults = append(faults, fault.Field{Path: m.path, Rule: "enum", Message: "one of " + strings.Join(m.of, ", ")})
		}
	}
	if p.MaxClients < 0 {
		faults = append(faults, fault.Field{Path: "/max_clients", Rule: "range", Message: "0 or more"})
	}
	for i, rule := range p.Allow {
		if !slices.Contains(document.Waivable(), rule) {
			faults = append(faults, fault.Field{Path: fmt.Sprintf("/allow/%d", i), Rule: "enum",
				Message: "one of " + strings.Join(document.Waivable(), ", ")})
		}
	}
	return slices.Concat(faults, checkWords("/allowed_grants", p.AllowedGrants), checkWords("/allowed_scopes", p.AllowedScopes))
}

// checkWords holds the rule of a scope's word for each.
func checkWords(path string, words []string) []fault.Field {
	if len(words) > document.MaxItems {
		return []fault.Field{{Path: path, Rule: "list-length", Message: fmt.Sprintf("at most %d items", document.MaxItems)}}
	}
	faults := document.CheckScopeWords(path, words)
	for i := range faults {
		faults[i].Rule, faults[i].Message = "word", "a word without spaces and control characters"
	}
	return faults
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
