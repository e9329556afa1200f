package openfinance

import (
	"cmp"
	"slices"
	"strings"

	"tenure/handlers/openfinance/scheme"
	"tenure/snapshots/document"
)

// Request is what a registration or an update asks for.
type Request struct {
	// Wanted has the members of the body by their domain names. A member that is
	// absent, null or an empty string is unset (R2-5). In GrantTypes,
	// ResponseTypes and WebhookURIs nil is absent, and differs from an empty list.
	Wanted document.Client
	// HasJWKS: the body has a member jwks other than null (B-4).
	HasJWKS bool
	// SANMembers are names of tls_client_auth_san_* members in the body (B-12).
	SANMembers []string
	// BoundSingular is tls_client_certificate_bound_access_token, the page's
	// other spelling.
	BoundSingular document.Flag
}

// Client makes the client that a request is entitled to: its members, replaced by
// those of the statement (B-10, A-04, A-07), with the profile's defaults for
// members that are left out (7.1.1, A-28). POST and PUT use it alike (B-18). s was
// verified and passed scheme.CheckHolder; it is nil only if the profile needs no
// statement.
//
// Members of req that this dialect does not have stay unchanged, and the result
// shares no list with req. Faults are Invalid, one at a time, in the order of the
// ecosystem's reference server: keys by value, the statement, jwks_uri, redirect
// URIs, webhooks, the rest. The caller checks B-5a with CheckEncryptionKey and the
// result's JWKSURI.
func (p Profile) Client(req Request, s *scheme.Statement) (document.Client, error) {
	c := copied(req.Wanted)
	if !p.ByValue && (req.HasJWKS || c.JWKS != "") {
		return refused(refuse(CodeMetadata, "/jwks", "jwks-by-value", "jwks must not be sent by value: use jwks_uri"))
	}
	if p.Statement && s == nil {
		return refused(refuse(scheme.CodeStatement, scheme.StatementPath, "statement", "a software statement is required"))
	}
	if err := checkLimits(&c, p.kept); err != nil {
		return refused(err)
	}
	steps := []func(*document.Client, Request, *scheme.Statement) error{
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

// copied copies a client so that the copy shares no list with it.
func copied(c document.Client) document.Client {
	for _, list := range []*[]string{&c.Contacts, &c.RedirectURIs, &c.PostLogoutRedirectURIs, &c.RequestURIs, &c.AllowedCORSOrigins, &c.GrantTypes,
		&c.ResponseTypes, &c.Scopes, &c.Audience, &c.AuthorizationDetailsTypes, &c.DefaultACRValues, &c.WebhookURIs, &c.SoftwareRoles} {
		*list = slices.Clone(*list)
	}
	c.Localized = slices.Clone(c.Localized)
	return c
}

// keys checks that jwks_uri is the statement's (B-5), and R1-4.
func (p Profile) keys(c *document.Client, _ Request, s *scheme.Statement) error {
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

// redirects checks B-6 and A-06; decoding has checked the JSON types.
func (p Profile) redirects(c *document.Client, _ Request, s *scheme.Statement) error {
	if s != nil && len(s.RedirectURIs) == 0 {
		return refuse(scheme.CodeUnapproved, scheme.StatementPath, "no-redirect", "the software statement has no software_redirect_uris")
	}
	if len(c.RedirectURIs) == 0 && !p.NoRedirect {
		return refuse(CodeRedirect, "/redirect_uris", "required", "redirect_uris is required")
	}
	for i, uri := range c.RedirectURIs {
		if message := webURI(uri); message != "" && !p.AnyScheme && !p.had(uri) {
			return refuse(CodeRedirect, item("redirect_uris", i), "redirect-uri", "a redirect URI %s", message)
		}
		if s != nil && !slices.Contains(s.RedirectURIs, uri) {
			return refuse(CodeRedirect, item("redirect_uris", i), "unlisted", "each redirect URI must be in software_redirect_uris of the software statement")
		}
	}
	return nil
}

// webhooks checks B-16. Without webhook_uris webhooks are off (B-17).
func (p Profile) webhooks(c *document.Client, _ Request, s *scheme.Statement) error {
	for i, uri := range c.WebhookURIs {
		if !webhook.MatchString(uri) {
			return refuse(CodeWebhook, item("webhook_uris", i), "webhook-uri", "webhook_uris must be https URLs without query, fragment or slash at the end")
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

// overwrite replaces the body's values by the statement's (B-10, R1-9), except for
// claims that are absent.
func overwrite(c *document.Client, _ Request, s *scheme.Statement) error {
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

// scopes checks that the roles grant each scope (B-9). A client that names no scope
// gets all that the roles grant. The order of words does not matter.
func (p Profile) scopes(c *document.Client, _ Request, s *scheme.Statement) error {
	c.Scopes = distinct(c.Scopes)
	if p.Roles == nil || s == nil {
		return nil
	}
	allowed := p.ScopesOf(s.Roles)
	if len(allowed) == 0 {
		return refuse(scheme.CodeUnapproved, scheme.StatementPath, "no-role", "the software statement has no active role that this server knows")
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(allowed, scope) {
			return refuse(CodeMetadata, "/scope", "scope", "the active roles of the software do not grant the scope %+q", clipped(scope))
		}
	}
	if len(c.Scopes) == 0 {
		c.Scopes = allowed
	}
	return nil
}

// ScopesOf lists the scopes that roles grant, in the order of the profile's table.
func (p Profile) ScopesOf(roles []string) []string {
	var all []string
	for _, row := range p.Roles {
		if slices.Contains(roles, row.Role) {
			all = append(all, row.Scopes...)
		}
	}
	return distinct(all)
}

// distinct drops repetitions.
func distinct(list []string) []string {
	var all []string
	for _, text := range list {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// clipped shortens a text for a message.
func clipped(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "..."
	}
	return text
}
