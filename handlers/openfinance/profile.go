package openfinance

import (
	"slices"

	"tenure/snapshots"
	"tenure/snapshots/document"
)

// Profile is the switches of one profile. A nil list allows anything, an empty one
// nothing. ProfileOf returns a new copy each time.
type Profile struct {
	Name string

	Statement  bool // B-2, B-3, B-10, B-13, B-14, B-20, B-21, B-26, R1-9: POST and PUT need a software statement
	MutualTLS  bool // B-1, B-7, B-23: every call needs the scheme's certificate
	MayRotate  bool // B-19: a setup may choose that PUT gives a new registration access token; off unless it does
	EncKey     bool // B-5a: the key set at jwks_uri must have a key with use enc
	ByValue    bool // B-4, R1-4: jwks may be sent by value, instead of jwks_uri
	NoRedirect bool // B-6: redirect_uris may be empty if no response type needs them (R1-6)
	AnyScheme  bool // redirect URIs may have a native application's scheme, as the rules of all registrations allow it (RFC 8252)
	Webhooks   Webhooks

	AuthMethods       []string // B-12: with tls_client_auth or without; also for introspection and revocation
	AuthMethod        string   // default of token_endpoint_auth_method, for a client with keys
	AuthMethodKeyless string   // the same for a client that names no keys

	Roles []RoleScopes // B-9; nil: scopes do not depend on roles

	ApplicationTypes []string // the first is the default
	SubjectTypes     []string // the first is the default
	GrantTypes       []string // that a client may have
	Grants           []string // default
	ResponseTypes    []string // that a client may have, words sorted
	Responses        []string // default, if authorization_code is a grant
	EmptyIsDefault   bool     // no response types in a list mean the default, as no list does (RFC 7591 section 2)
	HybridImplicit   bool     // R1-5: code id_token needs the implicit grant as well as authorization_code

	IDTokenAlgs []string // 7.1.1: the first, the strongest, is the default
	SigningAlgs []string // of request objects, userinfo, authorization responses and client assertions
	KeyAlgs     []string // of encryption: key management
	ContentEncs []string // of encryption: content

	SignedRequests bool // require_signed_request_object defaults to true
	BoundTokens    bool // certificate-bound access tokens cannot be turned off; they default to true but for public clients

	kept *document.Client // see Keeping
}

// Keeping is the profile for an update of base, which may be nil. Without a
// statement, a client may send back the values that it has, whichever dialect set
// them: the profile's lists bind new values only.
func (p Profile) Keeping(base *document.Client) Profile {
	if base == nil || p.Statement {
		return p
	}
	p.kept = base
	for _, m := range []struct {
		allowed *[]string
		has     []string
	}{
		{&p.AuthMethods, []string{base.TokenEndpointAuthMethod, base.IntrospectionEndpointAuthMethod, base.RevocationEndpointAuthMethod}},
		{&p.ApplicationTypes, []string{base.ApplicationType}}, {&p.SubjectTypes, []string{base.SubjectType}},
		{&p.GrantTypes, base.GrantTypes}, {&p.ResponseTypes, base.ResponseTypes}, {&p.IDTokenAlgs, []string{base.IDTokenSignedResponseAlg}},
		{&p.SigningAlgs, []string{base.TokenEndpointAuthSigningAlg, base.UserinfoSignedResponseAlg, base.RequestObjectSigningAlg, base.AuthorizationSignedResponseAlg}},
	} {
		*m.allowed = slices.Concat(*m.allowed, m.has)
	}
	return p
}

// had reports whether the client to be updated has a redirect URI already.
func (p Profile) had(uri string) bool {
	return p.kept != nil && slices.Contains(p.kept.RedirectURIs, uri)
}

// hadFlows reports whether the client to be updated has the grants and response
// types of c already.
func (p Profile) hadFlows(c *document.Client) bool {
	return p.kept != nil && slices.Equal(p.kept.GrantTypes, c.GrantTypes) && slices.Equal(p.kept.ResponseTypes, c.ResponseTypes)
}

// Webhooks says how webhook_uris must relate to the statement.
type Webhooks uint8

// The rules for webhook_uris. Pattern and length are checked with each.
const (
	WebhooksFree   Webhooks = iota // any
	WebhooksListed                 // each must be in the statement
	WebhooksEqual                  // B-16: they must be exactly those of the statement
)

// RoleScopes are the scopes that a regulatory role grants.
type RoleScopes struct {
	Role   string
	Scopes []string
}

const (
	methodPrivateKeyJWT = "private_key_jwt"
	methodTLS           = "tls_client_auth"
	methodBasic         = "client_secret_basic"
	methodPost          = "client_secret_post"

	grantCode        = "authorization_code"
	grantImplicit    = "implicit"
	grantRefresh     = "refresh_token"
	grantCredentials = "client_credentials"
)

// ProfileOf returns a profile by its name. Where /reg is off, or the name is empty, the
// profile is the strictest.
func ProfileOf(name string) (Profile, bool) {
	switch name {
	case "", snapshots.ProfileOff, snapshots.ProfileDCR2:
		return dcr2(), true
	case snapshots.ProfileID3:
		return id3(), true
	case snapshots.ProfilePlain:
		return plain(), true
	}
	return Profile{}, false
}

// NeedsSecret reports whether a client with an auth method has a secret.
func NeedsSecret(method string) bool { return method == methodBasic || method == methodPost }

func dcr2() Profile {
	return Profile{
		Name:      snapshots.ProfileDCR2,
		Statement: true, MutualTLS: true, EncKey: true, Webhooks: WebhooksEqual,
		AuthMethods: []string{methodPrivateKeyJWT}, AuthMethod: methodPrivateKeyJWT, AuthMethodKeyless: methodPrivateKeyJWT,
		Roles: []RoleScopes{
			{roleData, append(dataScopes(), "credit-fixed-incomes", "exchanges", "bank-fixed-incomes", "variable-incomes", "treasure-titles", "funds")},
			{rolePayments, append(paymentScopes(), "recurring-payments", "nrp-consents")},
			{"CONTA", []string{"openid"}},
			{"CCORR", []string{"openid"}},
		},
		ApplicationTypes: []string{"web"}, SubjectTypes: []string{"public"},
		GrantTypes:    []string{grantCode, grantImplicit, grantRefresh, grantCredentials},
		Grants:        []string{grantCode, grantImplicit, grantRefresh, grantCredentials},
		ResponseTypes: []string{"code id_token", "code"}, Responses: []string{"code id_token"},
		IDTokenAlgs: []string{"PS256"}, SigningAlgs: []string{"PS256"}, KeyAlgs: []string{"RSA-OAEP"}, ContentEncs: []string{"A256GCM"},
		SignedRequests: true, BoundTokens: true,
	}
}

// Roles with scopes that DCR2 extended.
const (
	roleData     = "DADOS"
	rolePayments = "PAGTO"
)

// dataScopes are the scopes of the role DADOS in ID3; DCR2 added others.
func dataScopes() []string {
	return []string{"openid", "accounts", "credit-cards-accounts", "consents", "customers", "invoice-financings", "financings", "loans",
		"unarranged-accounts-overdraft", "resources"}
}

// paymentScopes are the scopes of the role PAGTO in ID3; DCR2 added others.
func paymentScopes() []string { return []string{"openid", "payments"} }

// id3 is DCR2 without what DCR2 brought: it has tls_client_auth, fewer scopes, no
// check of the key set, and a setup may choose rotation.
func id3() Profile {
	p := dcr2()
	p.Name, p.EncKey, p.MayRotate, p.Webhooks = snapshots.ProfileID3, false, true, WebhooksListed
	p.AuthMethods = []string{methodPrivateKeyJWT, methodTLS}
	for i, row := range p.Roles {
		switch row.Role {
		case roleData:
			p.Roles[i].Scopes = dataScopes()
		case rolePayments:
			p.Roles[i].Scopes = paymentScopes()
		}
	}
	return p
}

func plain() Profile {
	return Profile{
		Name:      snapshots.ProfilePlain,
		MayRotate: true, ByValue: true, NoRedirect: true, Webhooks: WebhooksFree,
		AnyScheme:   true,
		AuthMethods: []string{methodPrivateKeyJWT, methodTLS, methodBasic, methodPost, document.MethodNone}, AuthMethod: methodPrivateKeyJWT, AuthMethodKeyless: methodBasic,
		ApplicationTypes: []string{"web", "native"}, SubjectTypes: []string{"public", "pairwise"},
		GrantTypes: []string{grantCode, grantImplicit, grantRefresh, grantCredentials, "urn:ietf:params:oauth:grant-type:jwt-bearer",
			"urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba"},
		Grants:        []string{grantCode},
		ResponseTypes: []string{"code", "code id_token", "code token", "code id_token token", "id_token", "id_token token", "token"},
		Responses:     []string{"code"}, EmptyIsDefault: true, HybridImplicit: true,
		IDTokenAlgs: []string{"PS256", "RS256"}, SigningAlgs: []string{"PS256", "RS256", "ES256", "EdDSA"},
	}
}
