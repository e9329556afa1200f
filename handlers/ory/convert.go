package ory

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// What Hydra takes for a member that is left out.
const (
	DefaultScope = "offline_access offline openid"

	defaultMethod      = "client_secret_basic"
	defaultSubjectType = "public"
	defaultUserinfoAlg = "none"
)

// FromDomain renders what a client's configuration holds, inherited grant types in
// place; identifiers and times stay empty.
func FromDomain(c *document.Client, setup *document.Setup) Client {
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
	view := FromDomain(found.Content, found.Setup.Content)
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

// ToDomain makes the domain record of a written client: what this dialect carries
// is replaced, everything else of base stays, and so does what equals a read
// of base. base is nil for a new client; neither argument is changed.
func (b *Client) ToDomain(base *document.Client, setup *document.Setup) (*document.Client, []fault.Field) {
	next, shown := &document.Client{}, (*Client)(nil)
	if base != nil {
		next = document.Clone(base)
		view := FromDomain(base, setup)
		shown = &view
	}
	b.applyTexts(next, shown)
	b.applyLists(next, shown)
	b.applyFlags(next, shown)
	b.Lifespans.ToDomain(next)
	return next, slices.Concat(b.applyKeys(next, shown), b.applyMetadata(next, shown))
}

func (b *Client) applyTexts(next *document.Client, shown *Client) {
	strategy := b.AccessTokenStrategy
	if lower := strings.ToLower(strategy); lower == "jwt" || lower == "opaque" {
		strategy = lower
	}
	if shown != nil && b.AccessTokenStrategy == shown.AccessTokenStrategy {
		strategy = shown.AccessTokenStrategy
	}
	if shown == nil {
		shown = &Client{}
	}
	for _, m := range []struct {
		to            *string
		posted, shown string
	}{
		{&next.ClientName, b.ClientName, shown.ClientName},
		{&next.OwnerLabel, b.Owner, shown.Owner},
		{&next.PolicyURI, b.PolicyURI, shown.PolicyURI},
		{&next.TosURI, b.TosURI, shown.TosURI},
		{&next.ClientURI, b.ClientURI, shown.ClientURI},
		{&next.LogoURI, b.LogoURI, shown.LogoURI},
		{&next.SubjectType, or(b.SubjectType, defaultSubjectType), shown.SubjectType},
		{&next.SectorIdentifierURI, b.SectorIdentifierURI, shown.SectorIdentifierURI},
		{&next.JWKSURI, b.JWKSURI, shown.JWKSURI},
		{&next.TokenEndpointAuthMethod, or(b.TokenEndpointAuthMethod, defaultMethod), shown.TokenEndpointAuthMethod},
		{&next.TokenEndpointAuthSigningAlg, b.TokenEndpointAuthSigningAlg, shown.TokenEndpointAuthSigningAlg},
		{&next.RequestObjectSigningAlg, b.RequestObjectSigningAlg, shown.RequestObjectSigningAlg},
		{&next.UserinfoSignedResponseAlg, or(b.UserinfoSignedResponseAlg, defaultUserinfoAlg), shown.UserinfoSignedResponseAlg},
		{&next.FrontchannelLogoutURI, b.FrontchannelLogoutURI, shown.FrontchannelLogoutURI},
		{&next.BackchannelLogoutURI, b.BackchannelLogoutURI, shown.BackchannelLogoutURI},
		{&next.AccessTokenStrategy, strategy, shown.AccessTokenStrategy},
	} {
		if m.posted != m.shown {
			*m.to = m.posted
		}
	}
}

func (b *Client) applyLists(next *document.Client, shown *Client) {
	origins, scope := b.AllowedCORSOrigins, strings.Join(strings.Fields(b.Scope), " ")
	if shown == nil {
		shown = &Client{}
		scope = or(scope, DefaultScope)
		next.GrantTypes = []string{}
	} else if scope == "" && shown.Scope != "" {
		scope = DefaultScope
	}
	if scope != shown.Scope {
		next.Scopes = strings.Fields(scope)
	}
	if !slices.Equal(origins, shown.AllowedCORSOrigins) {
		origins = slices.Clone(origins)
		for i := range origins {
			origins[i] = strings.TrimRight(origins[i], "/")
		}
	}
	for _, m := range []struct {
		to            *[]string
		posted, shown []string
	}{
		{&next.RedirectURIs, b.RedirectURIs, shown.RedirectURIs},
		{&next.GrantTypes, b.GrantTypes, shown.GrantTypes},
		{&next.ResponseTypes, b.ResponseTypes, shown.ResponseTypes},
		{&next.Audience, b.Audience, shown.Audience},
		{&next.AllowedCORSOrigins, origins, shown.AllowedCORSOrigins},
		{&next.Contacts, b.Contacts, shown.Contacts},
		{&next.RequestURIs, b.RequestURIs, shown.RequestURIs},
		{&next.PostLogoutRedirectURIs, b.PostLogoutRedirectURIs, shown.PostLogoutRedirectURIs},
	} {
		if !slices.Equal(m.posted, m.shown) {
			*m.to = list(m.posted)
		}
	}
}

// applyFlags stores false as unset, which it means here.
func (b *Client) applyFlags(next *document.Client, shown *Client) {
	if shown == nil {
		shown = &Client{}
	}
	for _, m := range []struct {
		to            *document.Flag
		posted, shown bool
	}{
		{&next.FrontchannelLogoutSessionRequired, b.FrontchannelLogoutSessionRequired, shown.FrontchannelLogoutSessionRequired},
		{&next.BackchannelLogoutSessionRequired, b.BackchannelLogoutSessionRequired, shown.BackchannelLogoutSessionRequired},
		{&next.SkipConsent, b.SkipConsent, shown.SkipConsent},
	} {
		switch {
		case m.posted == m.shown:
		case m.posted:
			*m.to = document.True
		default:
			*m.to = document.Unset
		}
	}
	next.SkipLogoutConsent = document.Unset
	if b.SkipLogoutConsent != nil {
		next.SkipLogoutConsent = document.FlagOf(*b.SkipLogoutConsent)
	}
}

// ToDomain replaces all of a client's overrides.
func (l Lifespans) ToDomain(next *document.Client) {
	for _, pair := range l.pairs(&next.Lifespans) {
		*pair.stored = nil
		if *pair.wire != nil {
			span := int64(**pair.wire)
			*pair.stored = &span
		}
	}
}

func (b *Client) applyMetadata(next *document.Client, shown *Client) []fault.Field {
	posted := b.Metadata
	if posted == nil {
		posted = json.RawMessage("{}")
	}
	doc, err := document.ParseJSON(posted)
	switch {
	case shown != nil && string(doc) == string(shown.Metadata):
	case err != nil:
		return []fault.Field{{Path: "/metadata", Rule: "json", Message: "it cannot be stored: " + err.Error()}}
	case doc == "{}":
		next.FreeMetadata = ""
	default:
		next.FreeMetadata = doc
	}
	return nil
}
