// Package documenttest makes documents for tests: one of each type with every
// member set. Only tests import it. It may import document.
package documenttest

import (
	"bytes"
	"fmt"
	"time"

	"tenure/snapshots/document"
)

// keySet is the public half of RFC 7517 appendix A.1's EC key.
const keySet = `{"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "shop ü 1",
	"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
	"y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`

// FullClient is a client with every member set, no value used twice except
// flags, in text that shows who escapes or truncates. The rules of ClientRules
// allow it but for one: it has both jwks and jwks_uri. Each call makes a new
// one.
func FullClient() document.Client {
	return document.Client{
		ClientName: `Läden "Ost" & <West>`,
		OwnerLabel: "Grüße\u00a0Team Ø",
		Comment:    "line one\nline two\t\\ 日本語 \u00a0",
		ClientURI:  "https://shop.example.com/?a=1&b=<2>",
		LogoURI:    "https://shop.example.com/logo.png",
		TosURI:     "https://shop.example.com/tos",
		PolicyURI:  "https://shop.example.com/policy",
		Contacts:   []string{"ops@shop.example.com", `"O'Neil" <neil@shop.example.com>`},
		Localized: []document.Localized{
			{Name: "client_name", Value: "Läden & Söhne", Locale: "de-CH"},
			{Name: "client_name", Value: "Boutiques «Est»", Locale: "fr"},
			{Name: "support_phone", Value: "+41 00 000 00 00"},
		},
		FreeMetadata: freeJSON(`{"tier": "gold", "Tier": [1.50, 1e3, -0, true, null, {"ü": "<&>\u2029"}]}`),

		ApplicationType: "web",

		RedirectURIs:           []string{"https://shop.example.com/cb?x=1&y=2", "com.example.shop:/cb", "/relative"},
		PostLogoutRedirectURIs: []string{"https://shop.example.com/bye"},
		RequestURIs:            []string{"https://shop.example.com/request.jwt"},
		AllowedCORSOrigins:     []string{"https://shop.example.com", "https://*.example.org"},
		SectorIdentifierURI:    "https://shop.example.com/sector.json",
		InitiateLoginURI:       "https://shop.example.com/login",
		SubjectType:            "pairwise",

		GrantTypes:                []string{"authorization_code", "implicit", "refresh_token"},
		ResponseTypes:             []string{"code", "code id_token", "token"},
		Scopes:                    []string{"openid", "orders:read", "offline_access"},
		Audience:                  []string{"https://api.example.com", "urn:example:api"},
		AuthorizationDetailsTypes: []string{"payment_initiation"},

		TokenEndpointAuthMethod:         "private_key_jwt",
		TokenEndpointAuthSigningAlg:     "ES512",
		IntrospectionEndpointAuthMethod: "client_secret_post",
		RevocationEndpointAuthMethod:    "client_secret_basic",

		JWKS:    jwks(keySet),
		JWKSURI: "https://shop.example.com/jwks.json",

		PKCEMode:                   "s256-required",
		ForceReauthentication:      document.True,
		RequirePAR:                 document.True,
		RequireSignedRequestObject: document.False,
		RequireAuthTime:            document.True,
		DefaultMaxAge:              span(3601),
		DefaultACRValues:           []string{"urn:example:loa:2", "urn:example:loa:3"},

		IDTokenSignedResponseAlg:       "ES256K",
		IDTokenEncryptedResponseAlg:    "RSA-OAEP-256",
		IDTokenEncryptedResponseEnc:    "A256GCM",
		UserinfoSignedResponseAlg:      "RS256",
		UserinfoEncryptedResponseAlg:   "RSA-OAEP-384",
		UserinfoEncryptedResponseEnc:   "A192GCM",
		RequestObjectSigningAlg:        "PS384",
		RequestObjectEncryptionAlg:     "ECDH-ES+A128KW",
		RequestObjectEncryptionEnc:     "A128CBC-HS256",
		AuthorizationSignedResponseAlg: "PS256",

		FrontchannelLogoutURI:             "https://shop.example.com/front",
		FrontchannelLogoutSessionRequired: document.False,
		BackchannelLogoutURI:              "https://shop.example.com/back",
		BackchannelLogoutSessionRequired:  document.True,
		BackchannelUserCodeParameter:      document.True,

		AccessTokenTTL:      span(3602),
		RefreshTokenTTL:     span(15552001),
		IDTokenTTL:          span(0),
		PersistedConsentTTL: span(31104001),
		Lifespans: document.Lifespans{
			AuthorizationCodeAccessToken:    span(time.Hour + 500*time.Millisecond),
			AuthorizationCodeIDToken:        span(time.Hour + 1),
			AuthorizationCodeRefreshToken:   span(720 * time.Hour),
			ClientCredentialsAccessToken:    span(90 * time.Minute),
			ImplicitAccessToken:             span(time.Millisecond),
			ImplicitIDToken:                 span(-time.Second),
			JWTBearerAccessToken:            span(7 * time.Microsecond),
			RefreshTokenAccessToken:         span(time.Hour + 2),
			RefreshTokenIDToken:             span(time.Hour + 3),
			RefreshTokenRefreshToken:        span(1<<63 - 1),
			DeviceAuthorizationAccessToken:  span(10 * time.Minute),
			DeviceAuthorizationIDToken:      span(11 * time.Minute),
			DeviceAuthorizationRefreshToken: span(12 * time.Minute),
		},

		AccessTokenStrategy: "opaque",
		SkipConsent:         document.True,
		SkipLogoutConsent:   document.False,

		TLSClientCertificateBoundAccessTokens: document.True,
		TLSClientAuthSubjectDN:                `CN=shop.example.com,O=Läden\, Ost,C=BR`,

		WebhookURIs:                []string{"https://hooks.example.com/api"},
		OrganisationID:             "74e929d9-33b6-4d85-8ba7-c146c867a817",
		OrganisationName:           "Instituição Ltda.",
		OrganisationNumber:         "43142666000197",
		SoftwareID:                 "0f8c5a52-8a5e-4a3c-9d3e-2b7a0c1d4e5f",
		SoftwareName:               "Loja",
		SoftwareDescription:        "Uma loja — com acentuação",
		SoftwareRoles:              []string{"DADOS", "PAGTO"},
		AdditionalSoftwareMetadata: freeJSON(`{"certified": "2026-01-31T12:34:56.789Z"}`),
		SoftwareVersion:            "1.10",

		UIConfiguration: freeJSON(`{"theme": {"primary": "#ff8800"}}`),

		TLSClientAuthSANDNS:     "shop.example.com",
		TLSClientAuthSANURI:     "spiffe://shop.example.com/client",
		TLSClientAuthSANIP:      "2001:db8::1",
		TLSClientAuthSANEmail:   "client@shop.example.com",
		UseMTLSEndpointAliases:  document.True,
		DPoPBoundAccessTokens:   document.True,
		ClaimsRedirectURIs:      []string{"https://shop.example.com/claims"},
		NFVTokenSignedAlg:       "ES384",
		NFVTokenEncryptedAlg:    "ECDH-ES+A192KW",
		NFVTokenEncryptedEnc:    "A192GCM",
		IntrospectionSignedAlg:  "PS384",
		IntrospectionEncryptAlg: "RSA-OAEP-384",
		IntrospectionEncryptEnc: "A192CBC-HS384",
		AuthorizationEncryptAlg: "RSA-OAEP-512",
		AuthorizationEncryptEnc: "A128CBC-HS256-x",
		BackchannelDeliveryMode: "ping",
		BackchannelNotification: "https://shop.example.com/ciba",
		BackchannelSigningAlg:   "ES256K",
		ClientRegistrationTypes: []string{"automatic"},
		SignedJWKSURI:           "https://shop.example.com/jwks.jwt",
		OrganizationName:        "Läden AG",
		Description:             "Ein Laden\nmit Türen",
		Keywords:                []string{"Läden", "shop"},
		InformationURI:          "https://shop.example.com/information",
		OrganizationURI:         "https://shop.example.com/organization",
		EncryptedResponseEncs:   []string{"A256GCM-x", "A128GCM-x"},
		VPFormatsSupported:      freeJSON(`{"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"]}}`),
	}
}

// TypicalClient has what a usual web client has: about 1.5 kB of content, a
// key set included.
func TypicalClient() document.Client {
	full := FullClient()
	return document.Client{
		ClientName: full.ClientName, OwnerLabel: full.OwnerLabel, ClientURI: full.ClientURI, LogoURI: full.LogoURI,
		TosURI: full.TosURI, PolicyURI: full.PolicyURI, Contacts: full.Contacts, Localized: full.Localized,
		FreeMetadata: full.FreeMetadata, RedirectURIs: full.RedirectURIs,
		PostLogoutRedirectURIs: full.PostLogoutRedirectURIs, AllowedCORSOrigins: full.AllowedCORSOrigins,
		SubjectType: full.SubjectType, GrantTypes: full.GrantTypes, ResponseTypes: full.ResponseTypes,
		Scopes: full.Scopes, Audience: full.Audience, TokenEndpointAuthMethod: full.TokenEndpointAuthMethod,
		JWKS: full.JWKS, PKCEMode: full.PKCEMode, IDTokenSignedResponseAlg: full.IDTokenSignedResponseAlg,
		UserinfoSignedResponseAlg: full.UserinfoSignedResponseAlg, AccessTokenTTL: full.AccessTokenTTL,
		RefreshTokenTTL: full.RefreshTokenTTL, SkipConsent: full.SkipConsent,
	}
}

// FullSetup is a setup with every member set, which SetupRules allow.
func FullSetup() document.Setup {
	return document.Setup{
		Name:       `Prüfung "Eins" <&>`,
		OwnerLabel: "Betrieb\u00a0Ø",
		Comment:    "a\\b\nc",
		Localized: []document.Localized{
			{Name: "title", Value: "Anmeldung", Locale: "de"},
			{Name: "title", Value: "Connexion & <accès>", Locale: "fr-CH"},
		},
		GrantTypes:            []string{"authorization_code", "refresh_token", "client_credentials"},
		ForceReauthentication: document.True,
		AccessTokenTTL:        span(3603),
		RefreshTokenTTL:       span(15552003),
		IDTokenTTL:            span(3604),
		PersistedConsentTTL:   span(31104003),
		ScopePolicies: document.ScopePolicies{
			ImplicitFlow:          "not_allowed",
			AuthorizationCodeFlow: "consent_required",
			RefreshToken:          "consent_persisted",
			ForceReauthentication: document.False,
		},
	}
}

// FullResourceServer is a resource server with every member set, which
// ResourceServerRules allow. It declares the scopes of FullClient.
func FullResourceServer() document.ResourceServer {
	return document.ResourceServer{
		Name:       `Bestellungen "A–Z"`,
		OwnerLabel: "Lager <Süd>",
		Comment:    "orders &\u00a0returns",
		URI:        "https://orders.example.com/v1?tenant=ü",
		Localized:  []document.Localized{{Name: "title", Value: "Commandes", Locale: "fr"}},
		Scopes: []document.Scope{
			{Name: "openid"},
			{
				Name: "orders:read",
				Localized: []document.Localized{
					{Name: "description", Value: "Bestellungen \"lesen\"", Locale: "de"},
					{Name: "description", Value: "read orders"},
				},
				Policies: document.ScopePolicies{
					ImplicitFlow:          "consent_required",
					AuthorizationCodeFlow: "consent_not_required",
					RefreshToken:          "not_allowed",
					ForceReauthentication: document.True,
				},
				CustomClaims: `{ "role" : "${user.role}" }`,
			},
			{Name: "offline_access", Policies: document.ScopePolicies{RefreshToken: "consent_persisted"}},
		},
	}
}

// span is a lifetime of a number in whatever unit the member has.
func span(n time.Duration) document.Lifetime {
	unit := int64(n)
	return &unit
}

func freeJSON(text string) document.JSON {
	doc, err := document.ParseJSON([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("documenttest: %v", err))
	}
	return doc
}

func jwks(text string) document.JWKS {
	set, faults := document.ParseJWKS([]byte(text))
	if len(faults) > 0 {
		panic(fmt.Sprintf("documenttest: %v", faults))
	}
	return set
}

// Equal reports whether both have the same canonical encoding.
func Equal[T document.Content](a, b *T) bool {
	return bytes.Equal(document.Encode(a), document.Encode(b))
}

// Stored are the three full documents as earlier programs wrote them: with
// characters that are refused today, and are read as ever. Tests fix their bytes.
func Stored() (document.Client, document.Setup, document.ResourceServer) {
	client, setup, server := FullClient(), FullSetup(), FullResourceServer()
	client.OwnerLabel, client.Comment = "Grüße\u2028Team Ø", "line one\nline two\t\\ 日本語 \x7f"
	setup.OwnerLabel, server.Comment = "Betrieb\u2029Ø", "orders &\u2028returns"
	return client, setup, server
}
