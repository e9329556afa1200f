package openfinance

import (
	"net/url"
	"regexp"
	"strings"

	"tenure/snapshots/document"
)

// webhook is the pattern of the scheme's API description.
var webhook = regexp.MustCompile(`^(https:\/\/[^\s\/?#]+(?:\/[^\s\/?#]+)*)$`)

// Limits of lists, in items; the store has its own beside.
const (
	maxList   = 100
	maxScopes = 200
)

// checkLimits holds the page's limits of members (section 1.3 of the facts,
// A-15), whatever becomes of the member then. Its faults name the member.
func checkLimits(c *document.Client) error {
	for _, m := range []struct {
		name, text string
		rule       func(string) string
	}{
		{"organisation_id", c.OrganisationID, markless(40)}, {"organisation_name", c.OrganisationName, textWithin(255)},
		{"organisation_number", c.OrganisationNumber, textWithin(255)}, {"software_id", c.SoftwareID, textWithin(255)},
		{"software_name", c.SoftwareName, textWithin(255)}, {"software_description", c.SoftwareDescription, textWithin(255)},
		{"software_version", c.SoftwareVersion, textWithin(255)}, {"client_name", c.ClientName, textWithin(255)},
		{"token_endpoint_auth_method", c.TokenEndpointAuthMethod, textWithin(60)},
		{"introspection_endpoint_auth_method", c.IntrospectionEndpointAuthMethod, textWithin(60)},
		{"revocation_endpoint_auth_method", c.RevocationEndpointAuthMethod, textWithin(60)},
		{"jwks_uri", c.JWKSURI, webURI}, {"client_uri", c.ClientURI, webURI}, {"logo_uri", c.LogoURI, webURI},
		{"policy_uri", c.PolicyURI, webURI}, {"tos_uri", c.TosURI, webURI}, {"sector_identifier_uri", c.SectorIdentifierURI, webURI},
		{"initiate_login_uri", c.InitiateLoginURI, webURI}, {"tls_client_auth_subject_dn", c.TLSClientAuthSubjectDN, nameText},
	} {
		if m.text == "" {
			continue
		}
		if message := m.rule(m.text); message != "" {
			return refuse(CodeMetadata, "/"+m.name, "limit", "%s: %s", m.name, message)
		}
	}
	if c.DefaultMaxAge != nil && *c.DefaultMaxAge < 0 {
		return refuse(CodeMetadata, "/default_max_age", "limit", "default_max_age is a number of seconds, 0 or more")
	}
	for _, l := range []struct {
		code, name string
		list       []string
		items      int
		rule       func(string) string
	}{
		{CodeRedirect, "redirect_uris", c.RedirectURIs, maxList, textWithin(255)},
		{CodeMetadata, "post_logout_redirect_uris", c.PostLogoutRedirectURIs, maxList, webURI},
		{CodeWebhook, "webhook_uris", c.WebhookURIs, maxList, textWithin(255)},
		{CodeMetadata, "request_uris", c.RequestURIs, maxList, textWithin(maxURI)},
		{CodeMetadata, "contacts", c.Contacts, maxList, textWithin(255)},
		{CodeMetadata, "software_roles", c.SoftwareRoles, maxList, textWithin(255)},
		{CodeMetadata, "default_acr_values", c.DefaultACRValues, maxList, textWithin(255)},
		{CodeMetadata, "authorization_details_types", c.AuthorizationDetailsTypes, maxList, markless(255)},
		{CodeMetadata, "grant_types", c.GrantTypes, maxList, textWithin(255)},
		{CodeMetadata, "response_types", c.ResponseTypes, maxList, textWithin(255)},
		{CodeMetadata, "scope", c.Scopes, maxScopes, scopeWord},
	} {
		if len(l.list) > l.items {
			return refuse(l.code, "/"+l.name, "list-length", "%s: it has more than %d items", l.name, l.items)
		}
		for i, text := range l.list {
			if message := required(l.rule)(text); message != "" {
				return refuse(l.code, item(l.name, i), "limit", "%s: %s", l.name, message)
			}
		}
	}
	return nil
}

// webURI takes an absolute http or https URI without fragment: the only
// application type is web.
func webURI(text string) string {
	u, err := url.Parse(text)
	switch {
	case textWithin(maxURI)(text) != "":
		return textWithin(maxURI)(text)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return "it is not an http or https URI with a host"
	case strings.Contains(text, "#"):
		return "it has a fragment"
	case strings.ContainsAny(text, " \\"):
		return "it has a space or backslash"
	}
	return ""
}

// nameText takes a distinguished name in any of the forms of ParseDN.
func nameText(text string) string {
	if _, err := ParseDN(text); err != nil {
		return err.Error()
	}
	return ""
}

// scopeWord is RFC 6749 section 3.3.
func scopeWord(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' }) {
		return "it has a character that a scope must not have"
	}
	return textWithin(255)(text)
}
