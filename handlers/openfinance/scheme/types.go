package scheme

import "encoding/json"

// claims is the payload of a software statement as far as it is used.
type claims struct {
	Issuer    string   `json:"iss"`
	IssuedAt  *float64 `json:"iat"`
	ExpiresAt *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`

	SoftwareID           string          `json:"software_id"`
	SoftwareClientID     string          `json:"software_client_id"`
	ClientName           string          `json:"software_client_name"`
	ClientDescription    string          `json:"software_client_description"`
	ClientURI            string          `json:"software_client_uri"`
	LogoURI              string          `json:"software_logo_uri"`
	PolicyURI            string          `json:"software_policy_uri"`
	TosURI               string          `json:"software_tos_uri"`
	RedirectURIs         []string        `json:"software_redirect_uris"`
	WebhookURIs          []string        `json:"software_api_webhook_uris"`
	OriginURIs           []string        `json:"software_origin_uris"`
	JWKSURI              string          `json:"software_jwks_uri"`
	JWKSInactiveURI      string          `json:"software_jwks_inactive_uri"`
	TransportURI         string          `json:"software_jwks_transport_uri"`
	TransportInactiveURI string          `json:"software_jwks_transport_inactive_uri"`
	SoftwareRoles        []string        `json:"software_roles"`
	StatementRoles       []claimedRole   `json:"software_statement_roles"`
	SoftwareStatus       *string         `json:"software_status"`
	SoftwareMode         string          `json:"software_mode"`
	SoftwareEnvironment  string          `json:"software_environment"`
	SoftwareVersion      json.RawMessage `json:"software_version"` // a string or a number

	OrgID      string `json:"org_id"`
	OrgName    string `json:"org_name"`
	OrgNumber  string `json:"org_number"`
	OrgStatus  string `json:"org_status"`
	OrgJWKSURI string `json:"org_jwks_uri"`
}

// claimedRole is an entry of software_statement_roles.
type claimedRole struct {
	Role   string `json:"role"`
	Domain string `json:"authorisation_domain"`
	Status string `json:"status"`
}
