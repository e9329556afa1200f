package registry

// Kind is the JSON type of a member's value.
type Kind string

// The kinds.
const (
	Text   Kind = "a string"
	List   Kind = "a list of strings"
	Flag   Kind = "true or false"
	Number Kind = "a whole number"
	Object Kind = "an object"
)

// Entry is one name of client metadata.
type Entry struct {
	Name      string
	Reference string // the specification that defines it
	Kind      Kind
	Assigned  bool // by the server
}

// entries has the names of the registry as IANA published it on 2026-03-25
// (https://www.iana.org/assignments/oauth-parameters/, "OAuth Dynamic Client
// Registration Metadata"), in its order; then names that are not in it.
var entries = []Entry{
	{"redirect_uris", "RFC 7591", List, false},
	{"token_endpoint_auth_method", "RFC 7591", Text, false},
	{"grant_types", "RFC 7591", List, false},
	{"response_types", "RFC 7591", List, false},
	{"client_name", "RFC 7591", Text, false},
	{"client_uri", "RFC 7591", Text, false},
	{"logo_uri", "RFC 7591", Text, false},
	{"scope", "RFC 7591", Text, false},
	{"contacts", "RFC 7591", List, false},
	{"tos_uri", "RFC 7591", Text, false},
	{"policy_uri", "RFC 7591", Text, false},
	{"jwks_uri", "RFC 7591", Text, false},
	{"jwks", "RFC 7591", Object, false},
	{"software_id", "RFC 7591", Text, false},
	{"software_version", "RFC 7591", Text, false},
	{"client_id", "RFC 7591", Text, true},
	{"client_secret", "RFC 7591", Text, true},
	{"client_id_issued_at", "RFC 7591", Number, true},
	{"client_secret_expires_at", "RFC 7591", Number, true},
	{"registration_access_token", "RFC 7592", Text, true},
	{"registration_client_uri", "RFC 7592", Text, true},
	{"application_type", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"sector_identifier_uri", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"subject_type", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"id_token_signed_response_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"id_token_encrypted_response_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"id_token_encrypted_response_enc", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"userinfo_signed_response_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"userinfo_encrypted_response_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"userinfo_encrypted_response_enc", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"request_object_signing_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"request_object_encryption_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"request_object_encryption_enc", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"token_endpoint_auth_signing_alg", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"default_max_age", "OpenID Connect Dynamic Client Registration 1.0", Number, false},
	{"require_auth_time", "OpenID Connect Dynamic Client Registration 1.0", Flag, false},
	{"default_acr_values", "OpenID Connect Dynamic Client Registration 1.0", List, false},
	{"initiate_login_uri", "OpenID Connect Dynamic Client Registration 1.0", Text, false},
	{"request_uris", "OpenID Connect Dynamic Client Registration 1.0", List, false},
	{"claims_redirect_uris", "UMA 2.0 Grant for OAuth 2.0, section 2", List, false},
	{"nfv_token_signed_response_alg", "ETSI GS NFV-SEC 022 V2.7.1", Text, false},
	{"nfv_token_encrypted_response_alg", "ETSI GS NFV-SEC 022 V2.7.1", Text, false},
	{"nfv_token_encrypted_response_enc", "ETSI GS NFV-SEC 022 V2.7.1", Text, false},
	{"tls_client_certificate_bound_access_tokens", "RFC 8705, section 3.4", Flag, false},
	{"tls_client_auth_subject_dn", "RFC 8705, section 2.1.2", Text, false},
	{"tls_client_auth_san_dns", "RFC 8705, section 2.1.2", Text, false},
	{"tls_client_auth_san_uri", "RFC 8705, section 2.1.2", Text, false},
	{"tls_client_auth_san_ip", "RFC 8705, section 2.1.2", Text, false},
	{"tls_client_auth_san_email", "RFC 8705, section 2.1.2", Text, false},
	{"require_signed_request_object", "RFC 9101, section 10.5", Flag, false},
	{"require_pushed_authorization_requests", "RFC 9126, section 6", Flag, false},
	{"introspection_signed_response_alg", "RFC 9701, section 6", Text, false},
	{"introspection_encrypted_response_alg", "RFC 9701, section 6", Text, false},
	{"introspection_encrypted_response_enc", "RFC 9701, section 6", Text, false},
	{"frontchannel_logout_uri", "OpenID Connect Front-Channel Logout 1.0, section 2", Text, false},
	{"frontchannel_logout_session_required", "OpenID Connect Front-Channel Logout 1.0, section 2", Flag, false},
	{"backchannel_logout_uri", "OpenID Connect Back-Channel Logout 1.0, section 2.2", Text, false},
	{"backchannel_logout_session_required", "OpenID Connect Back-Channel Logout 1.0, section 2.2", Flag, false},
	{"post_logout_redirect_uris", "OpenID Connect RP-Initiated Logout 1.0, section 3.1", List, false},
	{"authorization_details_types", "RFC 9396, section 10", List, false},
	{"dpop_bound_access_tokens", "RFC 9449, section 5.2", Flag, false},
	{"client_registration_types", "OpenID Federation 1.0, section 5.1.2", List, false},
	{"signed_jwks_uri", "OpenID Federation 1.0, section 5.2.1", Text, false},
	{"organization_name", "OpenID Federation 1.0, section 5.2.2", Text, false},
	{"description", "OpenID Federation 1.0, section 5.2.2", Text, false},
	{"keywords", "OpenID Federation 1.0, section 5.2.2", List, false},
	{"information_uri", "OpenID Federation 1.0, section 5.2.2", Text, false},
	{"organization_uri", "OpenID Federation 1.0, section 5.2.2", Text, false},
	{"use_mtls_endpoint_aliases", "FAPI 2.0 Security Profile, section 5.2.2.1.1", Flag, false},
	{"encrypted_response_enc_values_supported", "OpenID for Verifiable Presentations 1.0, section 5.1", List, false},
	{"vp_formats_supported", "OpenID for Verifiable Presentations 1.0, section 11.1", Object, false},

	// not registered
	{"authorization_signed_response_alg", "JWT Secured Authorization Response Mode for OAuth 2.0, section 3", Text, false},
	{"authorization_encrypted_response_alg", "JWT Secured Authorization Response Mode for OAuth 2.0, section 3", Text, false},
	{"authorization_encrypted_response_enc", "JWT Secured Authorization Response Mode for OAuth 2.0, section 3", Text, false},
	{"backchannel_token_delivery_mode", "OpenID Connect Client-Initiated Backchannel Authentication 1.0, section 4", Text, false},
	{"backchannel_client_notification_endpoint", "OpenID Connect Client-Initiated Backchannel Authentication 1.0, section 4", Text, false},
	{"backchannel_authentication_request_signing_alg", "OpenID Connect Client-Initiated Backchannel Authentication 1.0, section 4", Text, false},
	{"backchannel_user_code_parameter", "OpenID Connect Client-Initiated Backchannel Authentication 1.0, section 4", Flag, false},
}

// Entries lists every name.
func Entries() []Entry { return append([]Entry(nil), entries...) }
