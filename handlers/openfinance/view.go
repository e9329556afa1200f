package openfinance

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"tenure/snapshots/document"
)

// show is a client as it acts inside its setup, in the form of answers; who it
// is, its secret and its token are the caller's to fill in. Lists are never
// null, an unset flag is shown as what it means, and both spellings of the
// certificate-bound member tell the one value that is stored.
func show(stored *document.Client, setup *document.Setup) client {
	c := document.Effective(stored, setup)
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
		SoftwareVersion: c.SoftwareVersion, AdditionalSoftware: json.RawMessage(c.AdditionalSoftwareMetadata),

		RequestURIs: c.RequestURIs, DefaultACRValues: c.DefaultACRValues, DefaultMaxAge: c.DefaultMaxAge,
		SectorIdentifierURI: c.SectorIdentifierURI, InitiateLoginURI: c.InitiateLoginURI,
		FrontchannelURI: c.FrontchannelLogoutURI, FrontchannelSession: setFlag(c.FrontchannelLogoutSessionRequired),
		BackchannelURI: c.BackchannelLogoutURI, BackchannelSession: setFlag(c.BackchannelLogoutSessionRequired),
	}
}

func list(l []string) []string { return append([]string{}, l...) }

func flag(f document.Flag, def bool) *bool {
	b := f.Bool(def)
	return &b
}

// setFlag is nil for an unset flag.
func setFlag(f document.Flag) *bool {
	if f == document.Unset {
		return nil
	}
	return flag(f, false)
}

// speaking are the members that may have forms for languages, name#tag (RFC
// 7591 section 2.2).
var speaking = []string{"client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "software_name", "software_description", "organisation_name"}

// encode is a client with its members for languages behind the others.
func (c client) encode(texts []document.Localized) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, err
	}
	spoken := map[string]string{}
	for _, text := range texts {
		if text.Locale != "" && slices.Contains(speaking, text.Name) {
			spoken[text.Name+"#"+text.Locale] = text.Value
		}
	}
	if len(spoken) == 0 {
		return b.Bytes(), nil
	}
	b.Truncate(b.Len() - len("}\n"))
	b.WriteByte(',')
	before := b.Len()
	if err := enc.Encode(spoken); err != nil {
		return nil, err
	}
	return append(b.Bytes()[:before:before], b.Bytes()[before+1:]...), nil // without its own {
}
