package api

type policy struct {
	OnStalePlan       string   `json:"on_stale_plan"`
	ScopeCheck        string   `json:"scope_check"`
	Registration      string   `json:"registration"`
	RegistrationOwner *string  `json:"registration_owner"` // null for the setup's own organization
	MaxClients        int64    `json:"max_clients"`        // 0 for any number
	AllowedGrants     []string `json:"allowed_grants"`     // empty for any
	AllowedScopes     []string `json:"allowed_scopes"`
	DefaultScopes     []string `json:"default_scopes,omitempty"`
	Origins           []string `json:"registration_origins,omitzero"` // absent is not empty
	UnusedTTL         int64    `json:"unused_ttl,omitempty"`          // seconds
	RotateToken       string   `json:"rotate_token,omitempty"`
	Allow             []string `json:"allow,omitempty"` // rules that do not hold for the setup's clients

	OpenFinanceProfile string `json:"open_finance_profile"`
	StrictHeaders      bool   `json:"strict_headers"`
	RotateTokens       bool   `json:"rotate_tokens"`

	WeakKeys string `json:"weak_keys"`
}
