package openfinance

import (
	"encoding/json"
	"strings"

	"tenure/snapshots"
)

// show is a stored client as answers have it; who it is, its secret and its
// token are the caller's to fill in. Lists are never null, an unset flag is
// shown as what it means, and both spellings of the certificate-bound member
// tell the one value that is stored.
func show(c *snapshots.Client) client {
	bound := c.TLSClientCertificateBoundAccessTokens
	return client{
		ApplicationType: c.ApplicationType, GrantTypes: list(c.GrantTypes),
		AuthorizationDetailsTypes: list(c.AuthorizationDetailsTypes),
		IDTokenSignedResponseAlg:  c.IDTokenSignedResponseAlg,
		RequireAuthTime:           flag(c.RequireAuthTime, false), SubjectType: c.SubjectType,
		ResponseTypes: list(c.ResponseTypes), PostLogoutRedirectURIs: list(c.PostLogoutRedirectURIs),
		BoundSingular: flag(bound, true), BoundPlural: flag(bound, true),
		TokenAuthMethod: c.TokenEndpointAuthMethod, IntrospectionAuthMethod: c.IntrospectionEndpointAuthMethod,
		RevocationAuthMethod: c.RevocationEndpointAuthMethod,
		IssuedAt:             new(int64), SecretExpiresAt: new(int64),
		JWKSURI: c.JWKSURI, RedirectURIs: list(c.RedirectURIs),
		OrganisationID: c.OrganisationID, OrganisationName: c.OrganisationName, OrganisationNumber: c.OrganisationNumber,
		SoftwareRoles: list(c.SoftwareRoles), SoftwareID: c.SoftwareID, SoftwareName: c.SoftwareName,
		SoftwareDescription: c.SoftwareDescription, RequestObjectSigningAlg: c.RequestObjectSigningAlg,
		RequireSignedRequestObject: flag(c.RequireSignedRequestObject, false), RequirePAR: flag(c.RequirePAR, false),
		AuthorizationSignedAlg: c.AuthorizationSignedResponseAlg,
		BackchannelUserCode:    flag(c.BackchannelUserCodeParameter, false), Scope: strings.Join(c.Scopes, " "),

		ClientName: c.ClientName, ClientURI: c.ClientURI, LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TosURI: c.TosURI,
		Contacts: c.Contacts, WebhookURIs: c.WebhookURIs, JWKS: json.RawMessage(c.JWKS),
		TokenAuthSigningAlg: c.TokenEndpointAuthSigningAlg, TLSSubjectDN: c.TLSClientAuthSubjectDN,
		IDTokenEncryptedAlg: c.IDTokenEncryptedResponseAlg, IDTokenEncryptedEnc: c.IDTokenEncryptedResponseEnc,
		UserinfoSignedAlg:    c.UserinfoSignedResponseAlg,
		UserinfoEncryptedAlg: c.UserinfoEncryptedResponseAlg, UserinfoEncryptedEnc: c.UserinfoEncryptedResponseEnc,
		RequestObjectEncryptAlg: c.RequestObjectEncryptionAlg, RequestObjectEncryptEnc: c.RequestObjectEncryptionEnc,
		SoftwareVersion: c.SoftwareVersion,
	}
}

func list(l []string) []string { return append([]string{}, l...) }

func flag(f snapshots.Flag, def bool) *bool {
	b := f.Bool(def)
	return &b
}
