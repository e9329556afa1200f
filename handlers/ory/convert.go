package ory

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/registry"
	"tenure/tenancy/fault"
)

// The defaults of members that are left out.
const (
	DefaultScope = "offline_access offline openid"

	defaultMethod      = "client_secret_basic"
	defaultSubjectType = "public"
	defaultUserinfoAlg = "none"
)

// FromDomain is the client object of a client's configuration. Inherited grant
// types are filled in; identifiers and times stay empty.
func FromDomain(c *document.Client, setup *document.Setup) Client {
	effective := document.Effective(c, setup)
	view := Client{
		ClientName: c.ClientName, RedirectURIs: notNil(c.RedirectURIs), GrantTypes: notNil(effective.GrantTypes),
		ResponseTypes: notNil(c.ResponseTypes), Scope: strings.Join(c.Scopes, " "), Audience: notNil(c.Audience), Owner: c.OwnerLabel,
		PolicyURI: c.PolicyURI, AllowedCORSOrigins: notNil(c.AllowedCORSOrigins), TosURI: c.TosURI, ClientURI: c.ClientURI,
		LogoURI: c.LogoURI, Contacts: notNil(c.Contacts), SubjectType: cmp.Or(c.SubjectType, defaultSubjectType),
		SectorIdentifierURI: c.SectorIdentifierURI, JWKSURI: c.JWKSURI, JWKS: keySet(c.JWKS),
		TokenEndpointAuthMethod:     cmp.Or(c.TokenEndpointAuthMethod, defaultMethod),
		TokenEndpointAuthSigningAlg: c.TokenEndpointAuthSigningAlg, RequestURIs: c.RequestURIs,
		RequestObjectSigningAlg:           c.RequestObjectSigningAlg,
		UserinfoSignedResponseAlg:         cmp.Or(c.UserinfoSignedResponseAlg, defaultUserinfoAlg),
		FrontchannelLogoutURI:             c.FrontchannelLogoutURI,
		FrontchannelLogoutSessionRequired: c.FrontchannelLogoutSessionRequired.Bool(false),
		PostLogoutRedirectURIs:            c.PostLogoutRedirectURIs, BackchannelLogoutURI: c.BackchannelLogoutURI,
		BackchannelLogoutSessionRequired: c.BackchannelLogoutSessionRequired.Bool(false),
		Metadata:                         json.RawMessage(cmp.Or(string(c.FreeMetadata), "{}")),
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

// Read is the client object that a read shows.
func Read(found snapshots.Resolved[document.Client]) Client {
	view := FromDomain(found.Content, found.Setup.Content)
	view.ClientID = found.Entity.ClientID
	view.CreatedAt, view.UpdatedAt = createdAt(&found), updatedAt(&found)
	return view
}

func createdAt(found *snapshots.Resolved[document.Client]) time.Time {
	return found.Entity.RecordedAt.Time().Round(time.Second)
}

func updatedAt(found *snapshots.Resolved[document.Client]) time.Time {
	return max(found.RecordedAt, found.ValidFrom.Micros()).Time()
}

// Echo is the client object in the answer to a write: the client as stored, except
// that an empty list which the body left out is null.
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

type lifespanPair struct {
	wire   **Duration
	stored *document.Lifetime
}

// pairs joins each override with its field in the domain.
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

func notNil(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}

// ToDomain makes the domain record of a client object that was sent. Members that
// this dialect carries are replaced, everything else of base stays, and so does
// every member that equals what a read of base shows. base is nil for a new client;
// neither argument is changed. The record is of use only if there are no faults.
func (b *Client) ToDomain(base *document.Client, setup *document.Setup) (*document.Client, []fault.Field) {
	if base == nil {
		return b.toDomain(nil, nil)
	}
	shown := FromDomain(base, setup)
	return b.toDomain(base, &shown)
}

// toDomain is ToDomain for what a read of base shows.
func (b *Client) toDomain(base *document.Client, shown *Client) (*document.Client, []fault.Field) {
	next := &document.Client{}
	if base != nil {
		next = document.Clone(base)
	}
	b.applyTexts(next, shown)
	b.applyLists(next, shown)
	b.applyFlags(next, shown)
	b.Lifespans.toDomain(next)
	return next, slices.Concat(b.applyKeys(next, shown), b.applyMetadata(next, shown), b.applyRegistered(next, base))
}

// applyRegistered reads what the object itself does not have. The default of
// application_type that is sent back is no value.
func (b *Client) applyRegistered(next, base *document.Client) []fault.Field {
	if b.Registered == nil {
		return nil
	}
	faults := append(registry.Read(b.Registered, registered, next), registry.ReadLocalized(b.Registered, next)...)
	if base != nil && base.ApplicationType == "" && next.ApplicationType == DefaultApplication {
		next.ApplicationType = ""
	}
	return faults
}

// DefaultApplication is the application_type of a client that names none (OpenID
// Connect Dynamic Client Registration section 2).
const DefaultApplication = "web"

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
		{&next.SubjectType, cmp.Or(b.SubjectType, defaultSubjectType), shown.SubjectType},
		{&next.SectorIdentifierURI, b.SectorIdentifierURI, shown.SectorIdentifierURI},
		{&next.JWKSURI, b.JWKSURI, shown.JWKSURI},
		{&next.TokenEndpointAuthMethod, cmp.Or(b.TokenEndpointAuthMethod, defaultMethod), shown.TokenEndpointAuthMethod},
		{&next.TokenEndpointAuthSigningAlg, b.TokenEndpointAuthSigningAlg, shown.TokenEndpointAuthSigningAlg},
		{&next.RequestObjectSigningAlg, b.RequestObjectSigningAlg, shown.RequestObjectSigningAlg},
		{&next.UserinfoSignedResponseAlg, cmp.Or(b.UserinfoSignedResponseAlg, defaultUserinfoAlg), shown.UserinfoSignedResponseAlg},
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
		scope = cmp.Or(scope, DefaultScope)
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
			*m.to = notNil(m.posted)
		}
	}
}

// applyFlags stores false as unset, which means the same here.
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

// toDomain replaces all of a client's overrides.
func (l Lifespans) toDomain(next *document.Client) {
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
