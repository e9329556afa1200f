package ory

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
)

// What Hydra takes for a member that is left out.
const (
	DefaultScope = "offline_access offline openid"

	defaultMethod      = "client_secret_basic"
	defaultSubjectType = "public"
	defaultUserinfoAlg = "none"
)

// View renders what a client's configuration holds, inherited grant types in
// place; identifiers and times stay empty.
func View(c *document.Client, setup *document.Setup) Client {
	effective := document.Effective(c, setup)
	view := Client{
		ClientName: c.ClientName, RedirectURIs: list(c.RedirectURIs), GrantTypes: list(effective.GrantTypes),
		ResponseTypes: list(c.ResponseTypes), Scope: strings.Join(c.Scopes, " "), Audience: list(c.Audience), Owner: c.OwnerLabel,
		PolicyURI: c.PolicyURI, AllowedCORSOrigins: list(c.AllowedCORSOrigins), TosURI: c.TosURI, ClientURI: c.ClientURI,
		LogoURI: c.LogoURI, Contacts: list(c.Contacts), SubjectType: or(c.SubjectType, defaultSubjectType),
		SectorIdentifierURI: c.SectorIdentifierURI, JWKSURI: c.JWKSURI, JWKS: keySet(c.JWKS),
		TokenEndpointAuthMethod:     or(c.TokenEndpointAuthMethod, defaultMethod),
		TokenEndpointAuthSigningAlg: c.TokenEndpointAuthSigningAlg, RequestURIs: c.RequestURIs,
		RequestObjectSigningAlg:           c.RequestObjectSigningAlg,
		UserinfoSignedResponseAlg:         or(c.UserinfoSignedResponseAlg, defaultUserinfoAlg),
		FrontchannelLogoutURI:             c.FrontchannelLogoutURI,
		FrontchannelLogoutSessionRequired: c.FrontchannelLogoutSessionRequired.Bool(false),
		PostLogoutRedirectURIs:            c.PostLogoutRedirectURIs, BackchannelLogoutURI: c.BackchannelLogoutURI,
		BackchannelLogoutSessionRequired: c.BackchannelLogoutSessionRequired.Bool(false),
		Metadata:                         json.RawMessage(or(string(c.FreeMetadata), "{}")),
		AccessTokenStrategy:              c.AccessTokenStrategy, SkipConsent: c.SkipConsent.Bool(false),
	}
	if c.SkipLogoutConsent != document.Unset {
		skip := c.SkipLogoutConsent == document.True
		view.SkipLogoutConsent = &skip
	}
	stored := c.Lifespans
	for _, pair := range view.Lifespans.pairs(&stored) {
		if *pair.stored != nil {
			span := Duration(**pair.stored)
			*pair.wire = &span
		}
	}
	return view
}

// Read renders a client as a read of it shows it.
func Read(found snapshots.Resolved[document.Client]) Client {
	view := View(found.Content, found.Setup.Content)
	view.ClientID = found.Entity.ClientID
	view.CreatedAt = found.Entity.RecordedAt.Time().Round(time.Second)
	view.UpdatedAt = max(found.RecordedAt, found.ValidFrom.Micros()).Time()
	return view
}

// Echo is the answer to a write: the client as stored, but null where the
// body left out a list that is empty.
func (b *Client) Echo(found snapshots.Resolved[document.Client]) Client {
	view := Read(found)
	for _, m := range []struct {
		posted []string
		shown  *[]string
	}{
		{b.RedirectURIs, &view.RedirectURIs}, {b.GrantTypes, &view.GrantTypes},
		{b.ResponseTypes, &view.ResponseTypes}, {b.Contacts, &view.Contacts},
	} {
		if m.posted == nil && len(*m.shown) == 0 {
			*m.shown = nil
		}
	}
	return view
}

// RegistrationURI is where a client manages itself; base is the program's
// public URL, rootSetup the setup that paths without one mean there.
func RegistrationURI(base string, e snapshots.Entity, rootSetup string) string {
	below := ""
	if string(e.Setup) != rootSetup {
		below = "/modules/" + url.PathEscape(e.Module) + "/setups/" + string(e.Setup)
	}
	return strings.TrimSuffix(base, "/") + below + "/oauth2/register/" + url.PathEscape(e.ClientID)
}

type lifespanPair struct {
	wire   **Duration
	stored *document.Lifetime
}

// pairs joins each override with its place in the domain.
func (l *Lifespans) pairs(s *document.Lifespans) []lifespanPair {
	return []lifespanPair{
		{&l.AuthorizationCodeAccessToken, &s.AuthorizationCodeAccessToken},
		{&l.AuthorizationCodeIDToken, &s.AuthorizationCodeIDToken},
		{&l.AuthorizationCodeRefreshToken, &s.AuthorizationCodeRefreshToken},
		{&l.ClientCredentialsAccessToken, &s.ClientCredentialsAccessToken},
		{&l.ImplicitAccessToken, &s.ImplicitAccessToken},
		{&l.ImplicitIDToken, &s.ImplicitIDToken},
		{&l.JWTBearerAccessToken, &s.JWTBearerAccessToken},
		{&l.RefreshTokenIDToken, &s.RefreshTokenIDToken},
		{&l.RefreshTokenAccessToken, &s.RefreshTokenAccessToken},
		{&l.RefreshTokenRefreshToken, &s.RefreshTokenRefreshToken},
		{&l.DeviceAuthorizationIDToken, &s.DeviceAuthorizationIDToken},
		{&l.DeviceAuthorizationAccessToken, &s.DeviceAuthorizationAccessToken},
		{&l.DeviceAuthorizationRefreshToken, &s.DeviceAuthorizationRefreshToken},
	}
}

func list(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}

func or(s, without string) string {
	if s == "" {
		return without
	}
	return s
}
