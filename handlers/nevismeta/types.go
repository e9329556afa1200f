package nevismeta

import (
	"encoding/json"

	"tenure/snapshots/document"
)

// clientHead, jwks, clientMiddle, client_secret and clientLast are the members of
// a client in the order of the published page. They are apart because package jwk
// writes the view of the key set, and because no secret is in a kept answer.
type clientHead struct {
	RedirectURIs  []string   `json:"redirect_uris"`
	GrantTypes    []string   `json:"grant_types"` // null if it inherits and is not resolved
	Scopes        []string   `json:"scopes"`
	ResponseTypes []string   `json:"response_types"`
	Contacts      []string   `json:"contacts"`
	Metadata      []metadata `json:"metadata"`
}

type clientTail struct {
	clientMiddle
	clientLast
}

type clientMiddle struct {
	Name             *string `json:"name"`
	Owner            *string `json:"owner"`
	Comment          *string `json:"comment"`
	NotSentGrantType bool    `json:"notSentGrantType"`
	ValidFrom        string  `json:"valid_from"`
	ClientID         string  `json:"client_id"`
}

type clientLast struct {
	ClientURI                   *string `json:"client_uri"`
	ConfidentialityType         string  `json:"confidentiality_type"`
	PKCEMode                    string  `json:"pkce_mode"`
	ForceReauthentication       *bool   `json:"force_reauthentication"`
	AccessTokenTTL              *int64  `json:"access_token_ttl"`
	RefreshTokenTTL             *int64  `json:"refresh_token_ttl"`
	IDTokenTTL                  *int64  `json:"id_token_ttl"`
	PersistedConsentTTL         *int64  `json:"persisted_consent_ttl"`
	JWKSURI                     *string `json:"jwks_uri"`
	LogoURI                     *string `json:"logo_uri"`
	TosURI                      *string `json:"tos_uri"`
	PolicyURI                   *string `json:"policy_uri"`
	TokenEndpointAuthMethod     *string `json:"token_endpoint_auth_method"`
	RequirePAR                  *bool   `json:"require_pushed_authorization_requests"`
	IDTokenSignedResponseAlg    *string `json:"id_token_signed_response_alg"`
	IDTokenEncryptedResponseAlg *string `json:"id_token_encrypted_response_alg"`
	IDTokenEncryptedResponseEnc *string `json:"id_token_encrypted_response_enc"`
}

// metadata is one localized text.
type metadata struct {
	Name   string  `json:"name"`
	Value  string  `json:"value"`
	Locale *string `json:"locale"`
}

// clientBody is what a client is written as. Absent and null are the same.
type clientBody struct {
	clientHead
	JWKS json.RawMessage `json:"jwks"`

	Name                        *string `json:"name"`
	Owner                       *string `json:"owner"`
	Comment                     *string `json:"comment"`
	NotSentGrantType            *bool   `json:"notSentGrantType"` // ignored
	ValidFrom                   *string `json:"valid_from"`
	ClientID                    *string `json:"client_id"`
	ClientSecret                *string `json:"client_secret"`
	ClientURI                   *string `json:"client_uri"`
	ConfidentialityType         *string `json:"confidentiality_type"`
	PKCEMode                    *string `json:"pkce_mode"`
	ForceReauthentication       *bool   `json:"force_reauthentication"`
	AccessTokenTTL              *int64  `json:"access_token_ttl"`
	RefreshTokenTTL             *int64  `json:"refresh_token_ttl"`
	IDTokenTTL                  *int64  `json:"id_token_ttl"`
	PersistedConsentTTL         *int64  `json:"persisted_consent_ttl"`
	JWKSURI                     *string `json:"jwks_uri"`
	LogoURI                     *string `json:"logo_uri"`
	TosURI                      *string `json:"tos_uri"`
	PolicyURI                   *string `json:"policy_uri"`
	TokenEndpointAuthMethod     *string `json:"token_endpoint_auth_method"`
	RequirePAR                  *bool   `json:"require_pushed_authorization_requests"`
	IDTokenSignedResponseAlg    *string `json:"id_token_signed_response_alg"`
	IDTokenEncryptedResponseAlg *string `json:"id_token_encrypted_response_alg"`
	IDTokenEncryptedResponseEnc *string `json:"id_token_encrypted_response_enc"`

	keys     document.KeySet // by prepare
	compared document.JWKS   // by shows
	same     bool
}

// setupDoc is a setup, written and read.
type setupDoc struct {
	ClientDefaults         *clientDefaults `json:"client_defaults"`
	ResourceServerDefaults *serverDefaults `json:"resource_server_defaults"`
	Metadata               []metadata      `json:"metadata"`
	Name                   *string         `json:"name"`
	Owner                  *string         `json:"owner"`
	Comment                *string         `json:"comment"`
	ValidFrom              *string         `json:"valid_from"`
}

type clientDefaults struct {
	GrantTypes            []string `json:"grant_types"`
	ForceReauthentication *bool    `json:"force_reauthentication"`
	AccessTokenTTL        *int64   `json:"access_token_ttl"`
	RefreshTokenTTL       *int64   `json:"refresh_token_ttl"`
	IDTokenTTL            *int64   `json:"id_token_ttl"`
	PersistedConsentTTL   *int64   `json:"persisted_consent_ttl"`
}

type serverDefaults struct {
	ImplicitFlow          *string `json:"scope_policy_implicit_flow"`
	AuthorizationCodeFlow *string `json:"scope_policy_authorization_code_flow"`
	RefreshToken          *string `json:"scope_policy_refresh_token"`
	ForceReauthentication *bool   `json:"scope_policy_force_reauthentication"`
}

// serverDoc is a resource server, written and read.
type serverDoc struct {
	Scopes    []scopeDoc `json:"scopes"`
	Metadata  []metadata `json:"metadata"`
	Name      *string    `json:"name"`
	Owner     *string    `json:"owner"`
	Comment   *string    `json:"comment"`
	URI       *string    `json:"uri"`
	ValidFrom *string    `json:"valid_from"`
}

type scopeDoc struct {
	Name                  string     `json:"name"`
	Metadata              []metadata `json:"metadata"`
	ImplicitFlow          *string    `json:"policy_implicit_flow"`
	AuthorizationCodeFlow *string    `json:"policy_authorization_code_flow"`
	RefreshToken          *string    `json:"policy_refresh_token"`
	ForceReauthentication *bool      `json:"policy_force_reauthentication"`
	CustomClaims          *string    `json:"custom_claims"`
}

// createdClient is V2's answer to a POST; the secret is shown this once.
type createdClient struct {
	EntityID     string `json:"clientId"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
}

// errorV2 and errorV3 are the error bodies.
type errorV2 struct {
	Code string `json:"error_code"`
	Text string `json:"error_text"`
}

type errorV3 struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// planDoc is what a write with dry_run would do.
type planDoc struct {
	DryRun    bool            `json:"dry_run"`
	Changes   bool            `json:"changes"`
	ValidFrom *string         `json:"valid_from"` // null for now
	Base      *string         `json:"base_snapshot_id"`
	Level     string          `json:"level"`   // routine, sensitive or critical
	Diff      json.RawMessage `json:"diff"`    // rows, each with its risks
	Summary   string          `json:"summary"` // Markdown
	Secret    *string         `json:"secret"`  // added, replaced or null
	Later     []laterDoc      `json:"later"`   // planned snapshots that it comes before
}

type laterDoc struct {
	ID        string `json:"snapshot_id"`
	ValidFrom string `json:"valid_from"`
}

// deletionDoc is what a deletion with dry_run would record.
type deletionDoc struct {
	DryRun bool       `json:"dry_run"`
	Events []eventDoc `json:"events"`
}

type eventDoc struct {
	Kind   string `json:"kind"`
	Object string `json:"object"`
	Owner  string `json:"owner_organization_id"`
}
