package document

// Flag is a boolean that may be unset: an unset flag falls back to the
// setup's default or to the meaning its metadata name gives it.
type Flag uint8

// The three states of a Flag.
const (
	Unset Flag = iota
	False
	True
)

// FlagOf makes a set flag.
func FlagOf(b bool) Flag {
	if b {
		return True
	}
	return False
}

// Bool is the flag's value, def if it is unset.
func (f Flag) Bool(def bool) bool {
	if f == Unset {
		return def
	}
	return f == True
}

// Localized is one text of a client, setup, resource server or scope in one
// locale (BCP 47 tag; empty for none). Order is kept.
type Localized struct {
	Name, Value, Locale string
}

// JWKS is a key set that jwk.Check has passed: canonical RFC 7517 bytes, or
// empty for none. ParseJWKS makes one from what a caller wrote.
type JWKS string

// JSON is any JSON value in canonical form: members sorted, no spaces; empty
// for none. ParseJSON makes one.
type JSON string

// Lifetime is an optional time span; nil is unset.
type Lifetime = *int64

// Client is the full configuration of one OAuth client at one snapshot.
// Fields bear the registered metadata names (RFC 7591, OIDC Registration, RFC
// 7592's siblings, or the dialect named in the comment). A nil list means
// empty, except GrantTypes; strings are empty when unset. Secrets, owner
// organization and identifiers are not part of it.
type Client struct {
	ClientName   string // nevisMeta name
	OwnerLabel   string // free text "owner" of nevisMeta and Hydra
	Comment      string // nevisMeta
	ClientURI    string
	LogoURI      string
	TosURI       string
	PolicyURI    string
	Contacts     []string
	Localized    []Localized // nevisMeta metadata[]; name#lang members
	FreeMetadata JSON        // Hydra metadata: any JSON

	ApplicationType string

	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	RequestURIs            []string
	AllowedCORSOrigins     []string
	SectorIdentifierURI    string
	InitiateLoginURI       string
	SubjectType            string

	GrantTypes                []string // nil: inherits from the setup; empty: acts as authorization_code
	ResponseTypes             []string // each a space-separated combination
	Scopes                    []string // in the order written
	Audience                  []string
	AuthorizationDetailsTypes []string

	TokenEndpointAuthMethod         string // "none" is a public client
	TokenEndpointAuthSigningAlg     string
	IntrospectionEndpointAuthMethod string
	RevocationEndpointAuthMethod    string

	JWKS    JWKS
	JWKSURI string

	PKCEMode                   string // nevisMeta: allowed, required, s256-required
	ForceReauthentication      Flag   // unset inherits from the setup
	RequirePAR                 Flag   // require_pushed_authorization_requests (RFC 9126)
	RequireSignedRequestObject Flag   // RFC 9101
	RequireAuthTime            Flag
	DefaultMaxAge              Lifetime // seconds
	DefaultACRValues           []string

	IDTokenSignedResponseAlg       string
	IDTokenEncryptedResponseAlg    string
	IDTokenEncryptedResponseEnc    string
	UserinfoSignedResponseAlg      string
	UserinfoEncryptedResponseAlg   string
	UserinfoEncryptedResponseEnc   string
	RequestObjectSigningAlg        string
	RequestObjectEncryptionAlg     string
	RequestObjectEncryptionEnc     string
	AuthorizationSignedResponseAlg string

	FrontchannelLogoutURI             string
	FrontchannelLogoutSessionRequired Flag
	BackchannelLogoutURI              string
	BackchannelLogoutSessionRequired  Flag
	BackchannelUserCodeParameter      Flag

	AccessTokenTTL      Lifetime // seconds; unset inherits from the setup
	RefreshTokenTTL     Lifetime
	IDTokenTTL          Lifetime
	PersistedConsentTTL Lifetime
	Lifespans           Lifespans // Hydra's overrides per grant

	AccessTokenStrategy string // Hydra
	SkipConsent         Flag   // Hydra
	SkipLogoutConsent   Flag   // Hydra

	TLSClientCertificateBoundAccessTokens Flag // RFC 8705
	TLSClientAuthSubjectDN                string

	WebhookURIs                []string // Open Finance Brasil from here on
	OrganisationID             string
	OrganisationName           string
	OrganisationNumber         string
	SoftwareID                 string
	SoftwareName               string
	SoftwareDescription        string
	SoftwareRoles              []string
	AdditionalSoftwareMetadata JSON
	SoftwareVersion            string // RFC 7591

	UIConfiguration JSON // SlashID hosted-page settings

	// From here on what only registrations have; package registry says where each is from.
	TLSClientAuthSANDNS     string // RFC 8705: one of the four, or the subject's name
	TLSClientAuthSANURI     string
	TLSClientAuthSANIP      string
	TLSClientAuthSANEmail   string
	UseMTLSEndpointAliases  Flag
	DPoPBoundAccessTokens   Flag
	ClaimsRedirectURIs      []string // UMA
	NFVTokenSignedAlg       string   // ETSI NFV
	NFVTokenEncryptedAlg    string
	NFVTokenEncryptedEnc    string
	IntrospectionSignedAlg  string // RFC 9701
	IntrospectionEncryptAlg string
	IntrospectionEncryptEnc string
	AuthorizationEncryptAlg string // JARM
	AuthorizationEncryptEnc string
	BackchannelDeliveryMode string // CIBA
	BackchannelNotification string
	BackchannelSigningAlg   string
	ClientRegistrationTypes []string // OpenID Federation
	SignedJWKSURI           string
	OrganizationName        string
	Description             string
	Keywords                []string
	InformationURI          string
	OrganizationURI         string
	EncryptedResponseEncs   []string // OpenID4VP
	VPFormatsSupported      JSON
}

// Lifespans are Hydra's per-grant overrides, in nanoseconds; nil is unset.
type Lifespans struct {
	AuthorizationCodeAccessToken    Lifetime
	AuthorizationCodeIDToken        Lifetime
	AuthorizationCodeRefreshToken   Lifetime
	ClientCredentialsAccessToken    Lifetime
	ImplicitAccessToken             Lifetime
	ImplicitIDToken                 Lifetime
	JWTBearerAccessToken            Lifetime
	RefreshTokenAccessToken         Lifetime
	RefreshTokenIDToken             Lifetime
	RefreshTokenRefreshToken        Lifetime
	DeviceAuthorizationAccessToken  Lifetime
	DeviceAuthorizationIDToken      Lifetime
	DeviceAuthorizationRefreshToken Lifetime
}

// MethodNone is the auth method of a public client (RFC 7591 section 2).
const MethodNone = "none"

// Public reports whether the client cannot keep a secret: its auth method is
// "none". A public client's secrets never authenticate.
func (c *Client) Public() bool { return c.TokenEndpointAuthMethod == MethodNone }

// CertificateNames counts the members that say whose certificate the client uses (RFC
// 8705 section 2.1.2).
func (c *Client) CertificateNames() (n int) {
	for _, name := range []string{c.TLSClientAuthSubjectDN, c.TLSClientAuthSANDNS, c.TLSClientAuthSANURI, c.TLSClientAuthSANIP, c.TLSClientAuthSANEmail} {
		if name != "" {
			n++
		}
	}
	return n
}

// Setup is the configuration of one authorization server at one snapshot.
type Setup struct {
	Name       string
	OwnerLabel string
	Comment    string
	Localized  []Localized

	GrantTypes            []string // what its clients inherit from here on
	ForceReauthentication Flag
	AccessTokenTTL        Lifetime // seconds
	RefreshTokenTTL       Lifetime
	IDTokenTTL            Lifetime
	PersistedConsentTTL   Lifetime

	ScopePolicies ScopePolicies // what its resource servers' scopes inherit
}

// ScopePolicies say per flow whether a scope may be asked for and whether a
// person has to consent; empty is unset.
type ScopePolicies struct {
	ImplicitFlow          string
	AuthorizationCodeFlow string
	RefreshToken          string
	ForceReauthentication Flag
}

// ResourceServer declares scopes of a setup, at one snapshot.
type ResourceServer struct {
	Name       string
	OwnerLabel string
	Comment    string
	URI        string
	Localized  []Localized
	Scopes     []Scope
}

// Scope is one scope that a resource server declares.
type Scope struct {
	Name         string
	Localized    []Localized
	Policies     ScopePolicies
	CustomClaims string // JSON text
}
