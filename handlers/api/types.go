package api

import "encoding/json"

type whoami struct {
	KeyID                string   `json:"key_id"`
	OrganizationID       string   `json:"organization_id"`
	ActingOrganizationID string   `json:"acting_organization_id"`
	Role                 string   `json:"role"`
	Permissions          []string `json:"permissions"`
}

type organization struct {
	ID             string  `json:"id"`
	ParentID       *string `json:"parent_id"`
	Name           string  `json:"name"`
	Depth          int     `json:"depth"` // 1 for the root
	DefaultSetupID *string `json:"default_setup_id"`

	MaxSuborganizations *int64 `json:"max_suborganizations"` // at any depth; null for any number
}

type organizationList struct {
	Organizations []organization `json:"organizations"`
}

type newOrganization struct {
	Name     string  `json:"name"`
	ParentID *string `json:"parent_id"`
}

// organizationPatch holds exactly one member. The default setup and the quota
// are kept as written, because null is a value there.
type organizationPatch struct {
	Name           *string         `json:"name"`
	ParentID       *string         `json:"parent_id"`
	DefaultSetupID json.RawMessage `json:"default_setup_id"`

	MaxSuborganizations json.RawMessage `json:"max_suborganizations"`
}

type module struct {
	Name string `json:"name"`
}

type moduleList struct {
	Modules []module `json:"modules"`
}

type key struct {
	ID             string  `json:"id"`
	OrganizationID string  `json:"organization_id"`
	Name           string  `json:"name"`
	Role           string  `json:"role"`
	CreatedAt      string  `json:"created_at"`
	ExpiresAt      *string `json:"expires_at"`
	LastUsedAt     *string `json:"last_used_at"`
}

type keyList struct {
	Keys []key `json:"keys"`
}

type newKey struct {
	OrganizationID *string `json:"organization_id"`
	Name           string  `json:"name"`
	Role           string  `json:"role"`
	ExpiresAt      *string `json:"expires_at"`
}

// createdKey is the only answer that ever holds a key's text.
type createdKey struct {
	key
	APIKey string `json:"api_key,omitempty"`
}

type policy struct {
	OnStalePlan       string   `json:"on_stale_plan"`
	ScopeCheck        string   `json:"scope_check"`
	Registration      string   `json:"registration"`
	RegistrationOwner *string  `json:"registration_owner"` // null for the setup's own organization
	MaxClients        int64    `json:"max_clients"`        // 0 for any number
	AllowedGrants     []string `json:"allowed_grants"`     // empty for any
	AllowedScopes     []string `json:"allowed_scopes"`

	OpenFinanceProfile string `json:"open_finance_profile"`
	StrictHeaders      bool   `json:"strict_headers"`
	RotateTokens       bool   `json:"rotate_tokens"`
}

type initialToken struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	MaxUses   int64   `json:"max_uses"` // 0 for any number
	Uses      int64   `json:"uses"`
	ExpiresAt *string `json:"expires_at"`
	CreatedAt string  `json:"created_at"`
}

type initialTokenList struct {
	InitialTokens []initialToken `json:"initial_tokens"`
}

type newInitialToken struct {
	Name      string  `json:"name"`
	MaxUses   int64   `json:"max_uses"`
	ExpiresAt *string `json:"expires_at"`
}

// createdInitialToken is the only answer that ever holds the token's text.
type createdInitialToken struct {
	initialToken
	Token string `json:"token,omitempty"`
}

// secret never holds the secret itself.
type secret struct {
	ID        string  `json:"id"`
	Last4     *string `json:"last4"` // null for a short or imported one
	ValidFrom string  `json:"valid_from"`
	EndsAt    *string `json:"ends_at"`
	CreatedAt string  `json:"created_at"`
}

type secretList struct {
	Secrets []secret `json:"secrets"`
}

// clientHistory is what happened to one client, oldest first.
type clientHistory struct {
	EntityID            string     `json:"entity_id"`
	ClientID            string     `json:"client_id"`
	SetupID             string     `json:"setup_id"`
	OwnerOrganizationID string     `json:"owner_organization_id"`
	Events              []happened `json:"events"`
	Next                *int64     `json:"next"`       // to be sent as after; null where there is no more
	EndedWith           *happened  `json:"ended_with"` // the deletion of its setup, or of an organization; null without
}

type happened struct {
	Sequence             int64  `json:"sequence"` // of this object's events, from 1
	LogIndex             int64  `json:"log_index"`
	Kind                 string `json:"kind"`
	Object               string `json:"object"`
	Reference            string `json:"reference"` // id of the snapshot, secret or token that it is about
	RecordedAt           string `json:"recorded_at"`
	EffectiveAt          string `json:"effective_at"`
	Actor                string `json:"actor"`
	ActingOrganizationID string `json:"acting_organization_id"`
	Surface              string `json:"surface"`
	Reason               string `json:"reason"`
}

// problem is an RFC 9457 problem document.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Code   string         `json:"code,omitempty"`
	Errors []problemField `json:"errors,omitempty"`

	EffectiveFrom *string `json:"effective_from,omitempty"` // of what is not in force yet
	EndedAt       *string `json:"ended_at,omitempty"`       // of what was deleted by then
}

type problemField struct {
	Pointer string `json:"pointer"`
	Rule    string `json:"rule"`
	Detail  string `json:"detail"`
}

// erasing is the body of an erasure.
type erasing struct {
	Reason  string `json:"reason"`
	Confirm string `json:"confirm"`
	Delete  bool   `json:"delete"`
}

// erased is its answer. LogEmptied is false where a reader kept the
// write-ahead log from being emptied; the next erasure, or closing, does it.
type erased struct {
	Entity     string `json:"entity_id"`
	ClientID   string `json:"client_id"`
	LogEmptied bool   `json:"log_emptied"`
}
