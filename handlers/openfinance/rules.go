package openfinance

import (
	"cmp"
	"slices"
	"strings"

	"tenure/snapshots/document"
)

// Client makes the client that a request is entitled to: the members asked for,
// the statement's in their place where it has any (B-10, A-04, A-07), and this
// profile's defaults for what is left out (7.1.1, A-28). The same holds for POST
// and PUT (B-18). s is nil only where the profile needs none; it was verified,
// and CheckHolder held.
//
// What the caller left in req beyond this dialect's members stays as it is; the
// result shares no list with req. Faults are Invalid, one at a time, in the order of the
// ecosystem's own server: keys by value, the statement, jwks_uri, redirect URIs,
// webhooks, the rest. B-5a is CheckEncryptionKey's, over the result's JWKSURI.
func (p Profile) Client(req Request, s *Statement) (document.Client, error) {
	c := copied(req.Wanted)
	if !p.ByValue && (req.HasJWKS || c.JWKS != "") {
		return refused(refuse(CodeMetadata, "/jwks", "jwks-by-value", "jwks must not be sent by value: keys go by jwks_uri"))
	}
	if p.Statement && s == nil {
		return refused(broken(nil, "a software statement is required"))
	}
	if err := checkLimits(&c); err != nil {
		return refused(err)
	}
	steps := []func(*document.Client, Request, *Statement) error{
		p.keys, p.redirects, p.webhooks, overwrite, p.scopes, p.auth, p.flows, p.algorithms, p.flags,
	}
	for _, step := range steps {
		if err := step(&c, req, s); err != nil {
			return refused(err)
		}
	}
	return c, nil
}

func refused(err error) (document.Client, error) { return document.Client{}, err }

// copied is a client that shares no list with the one it is of.
func copied(c document.Client) document.Client {
	for _, list := range []*[]string{&c.Contacts, &c.RedirectURIs, &c.PostLogoutRedirectURIs, &c.RequestURIs, &c.AllowedCORSOrigins, &c.GrantTypes,
		&c.ResponseTypes, &c.Scopes, &c.Audience, &c.AuthorizationDetailsTypes, &c.DefaultACRValues, &c.WebhookURIs, &c.SoftwareRoles} {
		*list = slices.Clone(*list)
	}
	c.Localized = slices.Clone(c.Localized)
	return c
}

// keys holds B-5, jwks_uri is the statement's, and R1-4.
func (p Profile) keys(c *document.Client, _ Request, s *Statement) error {
	if c.JWKS != "" && c.JWKSURI != "" {
		return refuse(CodeMetadata, "/jwks", "one-of", "jwks and jwks_uri must not both be sent")
	}
	if s == nil {
		return nil
	}
	if c.JWKSURI != "" && c.JWKSURI != s.JWKSURI {
		return refuse(CodeMetadata, "/jwks_uri", "jwks-uri", "jwks_uri must equal software_jwks_uri of the software statement")
	}
	c.JWKSURI = s.JWKSURI
	return nil
}

// redirects holds B-6, and of A-06 what is not a matter of JSON types.
func (p Profile) redirects(c *document.Client, _ Request, s *Statement) error {
	if s != nil && len(s.RedirectURIs) == 0 {
		return unapproved("no-redirect", "the software statement has no software_redirect_uris")
	}
	if len(c.RedirectURIs) == 0 && !p.NoRedirect {
		return refuse(CodeRedirect, "/redirect_uris", "required", "redirect_uris is required")
	}
	for i, uri := range c.RedirectURIs {
		if message := webURI(uri); message != "" && !p.had(uri) {
			return refuse(CodeRedirect, item("redirect_uris", i), "redirect-uri", "a redirect URI: %s", message)
		}
		if s != nil && !slices.Contains(s.RedirectURIs, uri) {
			return refuse(CodeRedirect, item("redirect_uris", i), "unlisted", "a redirect URI is not among software_redirect_uris of the software statement")
		}
	}
	return nil
}

// webhooks holds B-16 and B-17: what is not asked for is off.
func (p Profile) webhooks(c *document.Client, _ Request, s *Statement) error {
	for i, uri := range c.WebhookURIs {
		if !webhook.MatchString(uri) {
			return refuse(CodeWebhook, item("webhook_uris", i), "webhook-uri", "webhook_uris must be https URLs without query, fragment and slash at the end")
		}
	}
	if c.WebhookURIs == nil || s == nil || p.Webhooks == WebhooksFree {
		return nil
	}
	unlisted := func(of []string) func(string) bool {
		return func(uri string) bool { return !slices.Contains(of, uri) }
	}
	if slices.ContainsFunc(c.WebhookURIs, unlisted(s.WebhookURIs)) ||
		p.Webhooks == WebhooksEqual && slices.ContainsFunc(s.WebhookURIs, unlisted(c.WebhookURIs)) {
		return refuse(CodeWebhook, "/webhook_uris", "unlisted", "webhook_uris must equal software_api_webhook_uris of the software statement")
	}
	return nil
}

// overwrite puts the statement's values over the body's (B-10, R1-9). A claim
// that is absent leaves the body's.
func overwrite(c *document.Client, _ Request, s *Statement) error {
	if s == nil {
		return nil
	}
	for _, m := range []struct {
		member *string
		claim  string
	}{
		{&c.ClientName, s.Name}, {&c.ClientURI, s.ClientURI}, {&c.LogoURI, s.LogoURI}, {&c.PolicyURI, s.PolicyURI}, {&c.TosURI, s.TosURI},
		{&c.SoftwareID, s.SoftwareID}, {&c.SoftwareName, s.Name}, {&c.SoftwareDescription, s.Description}, {&c.SoftwareVersion, s.Version},
		{&c.OrganisationID, s.OrgID}, {&c.OrganisationName, s.OrgName}, {&c.OrganisationNumber, s.OrgNumber},
	} {
		*m.member = cmp.Or(m.claim, *m.member)
	}
	c.SoftwareRoles = slices.Clone(s.Roles)
	return nil
}

// scopes holds B-9: what is asked for, within what the roles give, else all of
// it; the order of words does not matter.
func (p Profile) scopes(c *document.Client, _ Request, s *Statement) error {
	c.Scopes = distinct(c.Scopes)
	if p.Roles == nil || s == nil {
		return nil
	}
	allowed := p.ScopesOf(s.Roles)
	if len(allowed) == 0 {
		return unapproved("no-role", "the software statement has no active role that is known here")
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(allowed, scope) {
			return refuse(CodeMetadata, "/scope", "scope", "the scope %+q is not one of the software's active roles", clipped(scope))
		}
	}
	if len(c.Scopes) == 0 {
		c.Scopes = allowed
	}
	return nil
}

// ScopesOf is the union of what roles give, in the order of the profile's table.
func (p Profile) ScopesOf(roles []string) []string {
	var all []string
	for _, row := range p.Roles {
		if slices.Contains(roles, row.Role) {
			all = append(all, row.Scopes...)
		}
	}
	return distinct(all)
}

// distinct keeps the first of each.
func distinct(list []string) []string {
	var all []string
	for _, text := range list {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// clipped keeps a message short.
func clipped(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "..."
	}
	return text
}
