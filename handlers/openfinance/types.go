package openfinance

import "encoding/json"

// client is a client on the wire: the 34 members of the page in its order, then
// further members of a registration (RFC 7591 section 2). A flag that is absent
// or null is nil. What is unset is left out; an empty list of response types is not,
// where the default is another one.
type client struct {
	ApplicationType            string   `json:"application_type,omitempty"`
	GrantTypes                 []string `json:"grant_types,omitzero"`
	AuthorizationDetailsTypes  []string `json:"authorization_details_types,omitempty"`
	IDTokenSignedResponseAlg   string   `json:"id_token_signed_response_alg,omitempty"`
	RequireAuthTime            *bool    `json:"require_auth_time,omitempty"`
	SubjectType                string   `json:"subject_type,omitempty"`
	ResponseTypes              []string `json:"response_types,omitzero"`
	PostLogoutRedirectURIs     []string `json:"post_logout_redirect_uris,omitempty"`
	BoundSingular              *bool    `json:"tls_client_certificate_bound_access_token,omitempty"`
	TokenAuthMethod            string   `json:"token_endpoint_auth_method,omitempty"`
	IntrospectionAuthMethod    string   `json:"introspection_endpoint_auth_method,omitempty"`
	RevocationAuthMethod       string   `json:"revocation_endpoint_auth_method,omitempty"`
	IssuedAt                   *int64   `json:"client_id_issued_at"` // seconds since 1970
	ClientID                   string   `json:"client_id"`
	JWKSURI                    string   `json:"jwks_uri,omitempty"`
	RegistrationURI            string   `json:"registration_client_uri,omitempty"`
	RegistrationToken          string   `json:"registration_access_token,omitempty"`
	RedirectURIs               []string `json:"redirect_uris,omitempty"`
	OrganisationID             string   `json:"organisation_id,omitempty"`
	OrganisationName           string   `json:"organisation_name,omitempty"`
	OrganisationNumber         string   `json:"organisation_number,omitempty"`
	SoftwareRoles              []string `json:"software_roles,omitempty"`
	SoftwareID                 string   `json:"software_id,omitempty"`
	SoftwareName               string   `json:"software_name,omitempty"`
	SoftwareDescription        string   `json:"software_description,omitempty"`
	RequestObjectSigningAlg    string   `json:"request_object_signing_alg,omitempty"`
	RequireSignedRequestObject *bool    `json:"require_signed_request_object,omitempty"`
	RequirePAR                 *bool    `json:"require_pushed_authorization_requests,omitempty"`
	AuthorizationSignedAlg     string   `json:"authorization_signed_response_alg,omitempty"`
	BackchannelUserCode        *bool    `json:"backchannel_user_code_parameter,omitempty"`
	SecretExpiresAt            *int64   `json:"client_secret_expires_at,omitempty"` // 0: never
	Secret                     string   `json:"client_secret,omitempty"`            // absent if the method uses none
	Scope                      string   `json:"scope,omitempty"`
	BoundPlural                *bool    `json:"tls_client_certificate_bound_access_tokens,omitempty"`

	ClientName              string          `json:"client_name,omitempty"`
	ClientURI               string          `json:"client_uri,omitempty"`
	LogoURI                 string          `json:"logo_uri,omitempty"`
	PolicyURI               string          `json:"policy_uri,omitempty"`
	TosURI                  string          `json:"tos_uri,omitempty"`
	Contacts                []string        `json:"contacts,omitempty"`
	WebhookURIs             []string        `json:"webhook_uris,omitempty"`
	JWKS                    json.RawMessage `json:"jwks,omitempty"`
	TokenAuthSigningAlg     string          `json:"token_endpoint_auth_signing_alg,omitempty"`
	TLSSubjectDN            string          `json:"tls_client_auth_subject_dn,omitempty"`
	IDTokenEncryptedAlg     string          `json:"id_token_encrypted_response_alg,omitempty"`
	IDTokenEncryptedEnc     string          `json:"id_token_encrypted_response_enc,omitempty"`
	UserinfoSignedAlg       string          `json:"userinfo_signed_response_alg,omitempty"`
	UserinfoEncryptedAlg    string          `json:"userinfo_encrypted_response_alg,omitempty"`
	UserinfoEncryptedEnc    string          `json:"userinfo_encrypted_response_enc,omitempty"`
	RequestObjectEncryptAlg string          `json:"request_object_encryption_alg,omitempty"`
	RequestObjectEncryptEnc string          `json:"request_object_encryption_enc,omitempty"`
	SoftwareVersion         string          `json:"software_version,omitempty"`
	AdditionalSoftware      json.RawMessage `json:"additional_software_metadata,omitempty"` // an object

	RequestURIs         []string `json:"request_uris,omitempty"` // from here on OIDC registration and logout
	DefaultACRValues    []string `json:"default_acr_values,omitempty"`
	DefaultMaxAge       *int64   `json:"default_max_age,omitempty"` // seconds
	SectorIdentifierURI string   `json:"sector_identifier_uri,omitempty"`
	InitiateLoginURI    string   `json:"initiate_login_uri,omitempty"`
	FrontchannelURI     string   `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelSession *bool    `json:"frontchannel_logout_session_required,omitempty"`
	BackchannelURI      string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelSession  *bool    `json:"backchannel_logout_session_required,omitempty"`
	Statement           string   `json:"software_statement,omitempty"` // only in the answer to the write that sent it (R1-10)
}

// errorBody is the body of every refusal: the members of RFC 7591 section 3.2.2,
// and the page's list of messages.
type errorBody struct {
	Error       string   `json:"error"`
	Description string   `json:"error_description"`
	Errors      []string `json:"errors"`
}
