package slashid

import "encoding/json"

// envelope is the form of an answer that is no failure.
type envelope struct {
	Meta   *meta `json:"meta,omitempty"`
	Result any   `json:"result"`
}

// failure is the envelope of a failure: one item for each thing that is wrong.
type failure struct {
	Errors []item `json:"errors"`
}

type item struct {
	HTTPCode int    `json:"httpcode"`
	Message  string `json:"message"`
}

type meta struct {
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Limit      int   `json:"limit"`
	Offset     int   `json:"offset"`
	TotalCount int64 `json:"total_count"`
}

// client is the client object. Durations are in seconds, times in RFC 3339.
type client struct {
	ClientID             string     `json:"client_id"`
	ClientName           string     `json:"client_name"`
	GrantTypes           []string   `json:"grant_types"`
	ResponseTypes        [][]string `json:"response_types"`
	Scopes               []string   `json:"scopes"`
	Public               bool       `json:"public"`
	AccessTokenDuration  *int64     `json:"access_token_duration,omitempty"`
	RefreshTokenDuration *int64     `json:"refresh_token_duration,omitempty"`
	RedirectURIs         []string   `json:"redirect_uris,omitempty"`
	CreatedAt            string     `json:"created_at"`
	LastUsed             string     `json:"last_used,omitempty"`
	ClientSecret         string     `json:"client_secret,omitempty"`
	Owner                string     `json:"owner_organization_id"` // the last member: see renderClient
}

type newSecret struct {
	ClientSecret string `json:"client_secret,omitempty"` // not in the answer to a repetition
}

type organization struct {
	ID         string `json:"id"`
	OrgName    string `json:"org_name"`
	TenantName string `json:"tenant_name"`
	ParentID   string `json:"parent_id,omitempty"`
}

type organizationRead struct {
	organization
	PersonsPool  []string `json:"persons_pool_org_ids"`
	GroupPool    []string `json:"group_pool_org_ids"`
	InheritsRBAC bool     `json:"inherits_rbac_pools"`
}

type organizationCreated struct {
	organization
	APIKey string `json:"api_key,omitempty"` // left out of a repeated answer
}

type newKey struct {
	APIKey string `json:"api_key,omitempty"` // not in the answer to a repetition
}

type config struct {
	TokenDuration int64 `json:"token_duration"`
}

// admin is a person to administrate a suborganization.
type admin struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// raw is a result that is encoded already.
type raw = json.RawMessage
