package policy

import (
	"cmp"
	"encoding/json"

	"tenure/tenancy"
)

// row is the stored form of a Policy.
type row struct {
	OnStalePlan       string        `json:"on_stale_plan"`
	ScopeCheck        string        `json:"scope_check"`
	Registration      string        `json:"registration"`
	RegistrationOwner tenancy.OrgID `json:"registration_owner"`
	MaxClients        int64         `json:"max_clients"`
	AllowedGrants     []string      `json:"allowed_grants"`
	AllowedScopes     []string      `json:"allowed_scopes"`
	DefaultScopes     []string      `json:"default_scopes,omitempty"`
	Origins           []string      `json:"registration_origins,omitzero"`
	UnusedTTL         int64         `json:"unused_ttl,omitempty"`
	RotateToken       string        `json:"rotate_token,omitempty"`
	Allow             []string      `json:"allow,omitempty"`

	OpenFinanceProfile string `json:"open_finance_profile"`
	StrictHeaders      bool   `json:"strict_headers"`
	RotateTokens       bool   `json:"rotate_tokens"`

	WeakKeys string `json:"weak_keys,omitempty"`
}

// stored is a row with what tells a profile that was chosen from one that an older
// program wrote into every policy.
type stored struct {
	row
	Reg string `json:"reg,omitempty"`
}

// Encode is the stored form. A program that does not know ProfileOff finds its own
// default there, which nobody passes without a certificate.
func (p Policy) Encode() ([]byte, error) {
	s := stored{row: row(p), Reg: p.OpenFinanceProfile}
	if p.OpenFinanceProfile == ProfileOff {
		s.OpenFinanceProfile = ProfileDCR2
	}
	return json.Marshal(s)
}

// said is what events say of a policy: the stored form, but for OpenFinanceProfile, which
// is as it is.
func (p Policy) said() ([]byte, error) { return json.Marshal(row(p)) }

// Decode reads the stored form. Members that are younger than it have their defaults.
func Decode(raw []byte) (Policy, error) {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return Policy{}, err
	}
	s.WeakKeys = cmp.Or(s.WeakKeys, WeakRefuse)
	switch {
	case s.Reg != "":
		s.OpenFinanceProfile = s.Reg
	case s.OpenFinanceProfile == ProfileDCR2 && s.Registration != RegistrationStatement:
		s.OpenFinanceProfile = ""
	}
	return Policy(s.row), nil
}
