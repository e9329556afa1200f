package ory

import (
	"encoding/json"
	"slices"
	"strings"

	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// Apply makes the domain record of a written client: what this dialect carries
// is replaced, everything else of base stays, and so does what equals a read
// of base. base is nil for a new client; neither argument is changed.
func (b *Client) Apply(base *document.Client, setup *document.Setup) (*document.Client, []fault.Field) {
	next, shown := &document.Client{}, (*Client)(nil)
	if base != nil {
		next = document.Clone(base)
		view := View(base, setup)
		shown = &view
	}
	b.applyTexts(next, shown)
	b.applyLists(next, shown)
	b.applyFlags(next, shown)
	b.Lifespans.Apply(next)
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

// Apply replaces all of a client's overrides.
func (l Lifespans) Apply(next *document.Client) {
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
