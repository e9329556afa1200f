package ory

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"tenure/snapshots/document/registry"
)

// Client is the client object, with its members in the order of the wire. A nil
// list without omitempty is written as null.
type Client struct {
	ClientID                          string          `json:"client_id"`
	ClientName                        string          `json:"client_name"`
	ClientSecret                      string          `json:"client_secret,omitempty"`
	RedirectURIs                      []string        `json:"redirect_uris"`
	GrantTypes                        []string        `json:"grant_types"`
	ResponseTypes                     []string        `json:"response_types"`
	Scope                             string          `json:"scope"`
	Audience                          []string        `json:"audience"`
	Owner                             string          `json:"owner"`
	PolicyURI                         string          `json:"policy_uri"`
	AllowedCORSOrigins                []string        `json:"allowed_cors_origins"`
	TosURI                            string          `json:"tos_uri"`
	ClientURI                         string          `json:"client_uri"`
	LogoURI                           string          `json:"logo_uri"`
	Contacts                          []string        `json:"contacts"`
	ClientSecretExpiresAt             int             `json:"client_secret_expires_at"`
	SubjectType                       string          `json:"subject_type"`
	SectorIdentifierURI               string          `json:"sector_identifier_uri,omitempty"`
	JWKSURI                           string          `json:"jwks_uri,omitempty"`
	JWKS                              json.RawMessage `json:"jwks"`
	TokenEndpointAuthMethod           string          `json:"token_endpoint_auth_method"`
	TokenEndpointAuthSigningAlg       string          `json:"token_endpoint_auth_signing_alg,omitempty"`
	RequestURIs                       []string        `json:"request_uris,omitempty"`
	RequestObjectSigningAlg           string          `json:"request_object_signing_alg,omitempty"`
	UserinfoSignedResponseAlg         string          `json:"userinfo_signed_response_alg"`
	CreatedAt                         time.Time       `json:"created_at"`
	UpdatedAt                         time.Time       `json:"updated_at"`
	FrontchannelLogoutURI             string          `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelLogoutSessionRequired bool            `json:"frontchannel_logout_session_required,omitempty"`
	PostLogoutRedirectURIs            []string        `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI              string          `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSessionRequired  bool            `json:"backchannel_logout_session_required,omitempty"`
	Metadata                          json.RawMessage `json:"metadata,omitempty"` // nil if it was not in the body
	RegistrationAccessToken           string          `json:"registration_access_token,omitempty"`
	RegistrationClientURI             string          `json:"registration_client_uri,omitempty"`
	AccessTokenStrategy               string          `json:"access_token_strategy,omitempty"`
	SkipConsent                       bool            `json:"skip_consent"`
	SkipLogoutConsent                 *bool           `json:"skip_logout_consent"`
	Lifespans

	// Registered are the members of a registration that this object does not have, with
	// those for languages. Nil, as in the admin API, leaves what a client has of them.
	Registered map[string]json.RawMessage `json:"-"`
}

// Lifespans are the overrides of token lifetimes per grant; nil is none.
type Lifespans struct {
	AuthorizationCodeAccessToken    *Duration `json:"authorization_code_grant_access_token_lifespan"`
	AuthorizationCodeIDToken        *Duration `json:"authorization_code_grant_id_token_lifespan"`
	AuthorizationCodeRefreshToken   *Duration `json:"authorization_code_grant_refresh_token_lifespan"`
	ClientCredentialsAccessToken    *Duration `json:"client_credentials_grant_access_token_lifespan"`
	ImplicitAccessToken             *Duration `json:"implicit_grant_access_token_lifespan"`
	ImplicitIDToken                 *Duration `json:"implicit_grant_id_token_lifespan"`
	JWTBearerAccessToken            *Duration `json:"jwt_bearer_grant_access_token_lifespan"`
	RefreshTokenIDToken             *Duration `json:"refresh_token_grant_id_token_lifespan"`
	RefreshTokenAccessToken         *Duration `json:"refresh_token_grant_access_token_lifespan"`
	RefreshTokenRefreshToken        *Duration `json:"refresh_token_grant_refresh_token_lifespan"`
	DeviceAuthorizationIDToken      *Duration `json:"device_authorization_grant_id_token_lifespan"`
	DeviceAuthorizationAccessToken  *Duration `json:"device_authorization_grant_access_token_lifespan"`
	DeviceAuthorizationRefreshToken *Duration `json:"device_authorization_grant_refresh_token_lifespan"`
}

// Duration is a time span in nanoseconds. On the wire it is a string in Go's
// duration syntax.
type Duration int64

// MarshalJSON writes the normal form, such as "1h30m0s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads any form, such as "90m".
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	span, err := time.ParseDuration(text)
	*d = Duration(span)
	return err
}

// members are the names of the client object.
var members = memberNames(reflect.TypeFor[Client]())

func memberNames(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// Member returns the member of the client object that a decoder would take for
// name, which ignores case; name itself if there is none.
func Member(name string) string {
	for _, member := range members {
		if strings.EqualFold(member, name) {
			return member
		}
	}
	return name
}

// IsMember reports whether the client object has a member of the name.
func IsMember(name string) bool { return slices.Contains(members, name) }

// Registered are the members of registrations that the client object does not have.
func Registered() []string { return slices.Clone(registered) }

var registered = registry.Beside(IsMember)

// errorBody is the body of every error.
type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// unrouted is the body of the answer on a path that is not routed.
type unrouted struct {
	Error unroutedError `json:"error"`
}

type unroutedError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
}
