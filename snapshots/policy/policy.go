// Package policy says how a setup treats its clients: the switches, what they can be,
// and their stored form. It keeps the versions of a setup's policy, each with its event; who may
// change one is for snapshots to say.
package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenure/snapshots/document"
	"tenure/snapshots/document/uri"
	"tenure/tenancy"
	"tenure/tenancy/fault"
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

	RotateAlways = "always"
	RotateNever  = "never"

	ProfileOff   = "off"      // nobody registers at /reg
	ProfileDCR2  = "ofb-dcr2" // Open Finance Brasil Dynamic Client Registration 2.0
	ProfileID3   = "ofb-id3"  // its Implementers Draft 3
	ProfilePlain = "plain"    // RFC 7591 and 7592 without statement and certificate
)

// Policy is how a setup treats its clients. It is versioned, and takes effect
// at once.
type Policy struct {
	OnStalePlan string // what an immediate write does under planned snapshots
	ScopeCheck  string // whether scopes must be declared by a resource server

	Registration      string        // which callers without an API key may register clients
	RegistrationOwner tenancy.OrgID // owner of self-registered clients; empty for the setup's own
	MaxClients        int64         // of the setup, where registering; 0 for any number
	AllowedGrants     []string      // that a self-registered client may have; empty for any
	AllowedScopes     []string      // likewise
	// DefaultScopes are those of a client that registers itself and asks for none;
	// empty for the dialect's own default.
	DefaultScopes []string
	// Origins are those whose pages may register clients, "*" for all. Nil for "*"
	// where registration is open and asks for no statement, else for none.
	Origins []string
	// UnusedTTL is the age in seconds at which a client that registered itself and was
	// never used ends; 0 for never.
	UnusedTTL int64
	// RotateToken says whether a client's own PUT renews its registration token; empty
	// for what each dialect does.
	RotateToken string
	Allow       []string // rules of document.Waivable that do not hold for its clients

	// OpenFinanceProfile is what /reg asks for. It is empty only in policies that an
	// older program wrote, where it means ProfileDCR2 and closes no other API.
	OpenFinanceProfile string
	StrictHeaders      bool // /reg refuses FAPI headers that do not parse
	RotateTokens       bool // a client's own PUT at /reg renews its registration token

	WeakKeys string // whether key sets may break the rules of document.Relaxable
}

// Weight is about how many bytes a policy takes in memory.
func (p Policy) Weight() int {
	n := 500
	for _, list := range [][]string{p.AllowedGrants, p.AllowedScopes, p.DefaultScopes, p.Origins, p.Allow} {
		for _, text := range list {
			n += len(text) + 16
		}
	}
	return n
}

// Door is an API by which clients register themselves.
type Door uint8

// The two doors of a setup.
const (
	DoorOAuth2 Door = iota // /oauth2/register
	DoorReg                // /reg
)

// Surfaces are the names of the doors' APIs in history: of who came by one of them it is
// said there that it registered itself.
func Surfaces() []string { return []string{"register", "openfinance"} }

// Opens reports whether clients may register and manage themselves by a door. A
// profile with software statements closes the one that asks for none.
func (p Policy) Opens(d Door) bool {
	statements := p.asksStatements()
	byStatement := statements || p.OpenFinanceProfile == ""
	switch {
	case d == DoorOAuth2 && statements, d == DoorReg && p.OpenFinanceProfile == ProfileOff:
		return false
	}
	switch p.Registration {
	case RegistrationOpen, RegistrationToken:
		return true
	case RegistrationStatement:
		return d == DoorReg && byStatement
	}
	return false
}

// CallingOrigins are the origins whose pages may register clients and let them manage
// themselves.
func (p Policy) CallingOrigins() []string {
	if p.Origins == nil && p.Registration == RegistrationOpen && !p.asksStatements() {
		return []string{"*"}
	}
	return p.Origins
}

// asksStatements reports whether /reg was told to ask for software statements.
func (p Policy) asksStatements() bool {
	return p.OpenFinanceProfile == ProfileDCR2 || p.OpenFinanceProfile == ProfileID3
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

// Default is that of a setup that was given none.
func Default() Policy {
	return Policy{OnStalePlan: StaleKeep, ScopeCheck: ScopesByDialect, Registration: RegistrationOff, OpenFinanceProfile: ProfileOff, WeakKeys: WeakRefuse}
}

// Filled is the policy with the defaults where it says nothing.
func (p Policy) Filled() Policy {
	usual := Default()
	if p.Registration == RegistrationStatement {
		usual.OpenFinanceProfile = ProfileDCR2
	}
	p.OpenFinanceProfile, p.WeakKeys = cmp.Or(p.OpenFinanceProfile, usual.OpenFinanceProfile), cmp.Or(p.WeakKeys, usual.WeakKeys)
	p.OnStalePlan, p.ScopeCheck, p.Registration = cmp.Or(p.OnStalePlan, usual.OnStalePlan),
		cmp.Or(p.ScopeCheck, usual.ScopeCheck), cmp.Or(p.Registration, usual.Registration)
	return p
}

// Settled is the policy with nothing twice in its lists.
func (p Policy) Settled() Policy {
	for _, list := range []*[]string{&p.AllowedGrants, &p.AllowedScopes, &p.DefaultScopes, &p.Origins, &p.Allow} {
		if *list == nil {
			continue // nil and empty may differ
		}
		kept := make([]string, 0, len(*list))
		for _, word := range *list {
			if !slices.Contains(kept, word) {
				kept = append(kept, word)
			}
		}
		*list = kept
	}
	return p
}

// Check names what no policy can be.
func (p Policy) Check() []fault.Field {
	var faults []fault.Field
	for _, m := range []struct {
		path, value string
		of          []string
	}{
		{"/on_stale_plan", p.OnStalePlan, []string{StaleKeep, StaleRefuse}},
		{"/scope_check", p.ScopeCheck, []string{ScopesByDialect, ScopesAlways, ScopesNever}},
		{"/registration", p.Registration, []string{RegistrationOff, RegistrationOpen, RegistrationToken, RegistrationStatement}},
		{"/weak_keys", p.WeakKeys, []string{WeakRefuse, WeakWarn}},
		{"/open_finance_profile", p.OpenFinanceProfile, []string{ProfileOff, ProfileDCR2, ProfileID3, ProfilePlain}},
	} {
		if !slices.Contains(m.of, m.value) {
			faults = append(faults, fault.Field{Path: m.path, Rule: "enum", Message: "one of " + strings.Join(m.of, ", ")})
		}
	}
	if p.RotateToken != "" && p.RotateToken != RotateAlways && p.RotateToken != RotateNever {
		faults = append(faults, fault.Field{Path: "/rotate_token", Rule: "enum", Message: "one of " + RotateAlways + ", " + RotateNever})
	}
	if p.UnusedTTL != 0 && (p.UnusedTTL < MinUnusedTTL || p.UnusedTTL > maxUnusedTTL) {
		faults = append(faults, fault.Field{Path: "/unused_ttl", Rule: "range", Message: fmt.Sprintf("0, or %d to %d seconds", MinUnusedTTL, maxUnusedTTL)})
	}
	for i, origin := range p.Origins {
		if origin == "*" && slices.ContainsFunc(p.Origins, func(other string) bool { return other != "*" }) {
			faults = append(faults, fault.Field{Path: fmt.Sprintf("/registration_origins/%d", i), Rule: "origin", Message: `"*" must be alone`})
		}
		if origin != "*" && !uri.IsOrigin(origin) {
			faults = append(faults, fault.Field{Path: fmt.Sprintf("/registration_origins/%d", i), Rule: "origin",
				Message: `"*", or an http or https origin as browsers send it: scheme, host and port in lower case, without a default port and with nothing else`})
		}
	}
	for i, word := range p.DefaultScopes {
		if len(p.AllowedScopes) > 0 && !slices.Contains(p.AllowedScopes, word) {
			faults = append(faults, fault.Field{Path: fmt.Sprintf("/default_scopes/%d", i), Rule: "allowed", Message: "it must be one of allowed_scopes"})
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
	return slices.Concat(faults, checkGrants("/allowed_grants", p.AllowedGrants), checkWords("/allowed_scopes", p.AllowedScopes),
		checkWords("/default_scopes", p.DefaultScopes), checkLength("/registration_origins", p.Origins))
}

// Bounds of UnusedTTL in seconds: uses are recorded some seconds after they happen.
const (
	MinUnusedTTL = 3600
	maxUnusedTTL = 10 * 365 * 24 * 3600
)

func checkLength(path string, list []string) []fault.Field {
	if len(list) > document.MaxItems {
		return []fault.Field{{Path: path, Rule: "list-length", Message: fmt.Sprintf("at most %d items", document.MaxItems)}}
	}
	return nil
}

// checkGrants wants words that are grant types.
func checkGrants(path string, grants []string) []fault.Field {
	if faults := checkWords(path, grants); faults != nil {
		return faults
	}
	faults := document.CheckGrantTypes(path, grants)
	for i := range faults {
		faults[i].Rule = "grant-type-known"
	}
	return faults
}

// checkWords holds the rule of a scope's word for each.
func checkWords(path string, words []string) []fault.Field {
	if faults := checkLength(path, words); faults != nil {
		return faults
	}
	faults := document.CheckScopeWords(path, words)
	for i := range faults {
		faults[i].Rule, faults[i].Message = "word", "a word without spaces and control characters"
	}
	return faults
}
