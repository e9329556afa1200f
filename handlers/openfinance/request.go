package openfinance

import (
	"tenure/snapshots/document"
)

// Request is what a registration or an update asks for.
type Request struct {
	// Wanted has the members of the body under their domain names. A member that
	// is absent, null or an empty string is unset (R2-5). GrantTypes,
	// ResponseTypes and WebhookURIs tell absent (nil) from an empty list.
	Wanted document.Client
	// HasJWKS: the body has a member jwks other than null (B-4).
	HasJWKS bool
	// SANMembers are names of tls_client_auth_san_* members in the body (B-12).
	SANMembers []string
	// BoundSingular is tls_client_certificate_bound_access_token, the page's
	// other spelling.
	BoundSingular document.Flag
}
