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
	Allow             []string      `json:"allow,omitempty"`

	OpenFinanceProfile string `json:"open_finance_profile"`
	StrictHeaders      bool   `json:"strict_headers"`
	RotateTokens       bool   `json:"rotate_tokens"`

	WeakKeys string `json:"weak_keys,omitempty"`
}

// Encode is the stored form.
func (p Policy) Encode() ([]byte, error) { return json.Marshal(row(p)) }

// Decode reads the stored form. Members that are younger than it have their defaults.
func Decode(raw []byte) (Policy, error) {
	var r row
	if err := json.Unmarshal(raw, &r); err != nil {
		return Policy{}, err
	}
	r.WeakKeys = cmp.Or(r.WeakKeys, WeakRefuse)
	return Policy(r), nil
}
