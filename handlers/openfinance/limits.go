package openfinance

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tenure/handlers/openfinance/scheme"
	"tenure/snapshots/document"
)

// webhook is the pattern of webhook_uris in the scheme's API description.
var webhook = regexp.MustCompile(`^(https:\/\/[^\s\/?#]+(?:\/[^\s\/?#]+)*)$`)

// Limits of lists, in items. The store has further limits.
const (
	maxList   = 100
	maxScopes = 200
)

// checkLimits checks the page's limits of members, also of those that the
// statement replaces later. Its faults name the member. A text in another language
// has the limit of its member, unless kept has it.
func checkLimits(c, kept *document.Client) error {
	for _, m := range []struct {
		name, text string
		rule       func(string) string
	}{
		{"organisation_id", c.OrganisationID, scheme.WithoutMarkup(40)}, {"organisation_name", c.OrganisationName, scheme.TextWithin(255)},
		{"organisation_number", c.OrganisationNumber, scheme.TextWithin(255)}, {"software_id", c.SoftwareID, scheme.TextWithin(255)},
		{"software_name", c.SoftwareName, scheme.TextWithin(255)}, {"software_description", c.SoftwareDescription, scheme.TextWithin(255)},
		{"software_version", c.SoftwareVersion, scheme.TextWithin(255)}, {"client_name", c.ClientName, scheme.TextWithin(255)},
		{"token_endpoint_auth_method", c.TokenEndpointAuthMethod, scheme.TextWithin(60)},
		{"introspection_endpoint_auth_method", c.IntrospectionEndpointAuthMethod, scheme.TextWithin(60)},
		{"revocation_endpoint_auth_method", c.RevocationEndpointAuthMethod, scheme.TextWithin(60)},
		{"jwks_uri", c.JWKSURI, webURI}, {"client_uri", c.ClientURI, webPage}, {"logo_uri", c.LogoURI, webPage},
		{"policy_uri", c.PolicyURI, webPage}, {"tos_uri", c.TosURI, webPage}, {"sector_identifier_uri", c.SectorIdentifierURI, webURI},
		{"initiate_login_uri", c.InitiateLoginURI, webPage}, {"tls_client_auth_subject_dn", c.TLSClientAuthSubjectDN, nameText},
	} {
		if m.text == "" {
			continue
		}
		if message := m.rule(m.text); message != "" {
			return refuse(CodeMetadata, "/"+m.name, "limit", "%s %s", m.name, message)
		}
	}
	for _, l := range c.Localized {
		if kept != nil && slices.Contains(kept.Localized, l) {
			continue
		}
		if message := localizedRule(l.Name)(l.Value); l.Value != "" && message != "" {
			name := l.Name + "#" + l.Locale
			return refuse(CodeMetadata, "/"+name, "limit", "%s %s", name, message)
		}
	}
	if c.DefaultMaxAge != nil && *c.DefaultMaxAge < 0 {
		return refuse(CodeMetadata, "/default_max_age", "limit", "default_max_age must be a number of seconds, 0 or more")
	}
	for _, l := range []struct {
		code, name string
		list       []string
		items      int
		rule       func(string) string
	}{
		{CodeRedirect, "redirect_uris", c.RedirectURIs, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "post_logout_redirect_uris", c.PostLogoutRedirectURIs, maxList, webURI},
		{CodeWebhook, "webhook_uris", c.WebhookURIs, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "request_uris", c.RequestURIs, maxList, scheme.TextWithin(scheme.MaxURI)},
		{CodeMetadata, "contacts", c.Contacts, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "software_roles", c.SoftwareRoles, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "default_acr_values", c.DefaultACRValues, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "authorization_details_types", c.AuthorizationDetailsTypes, maxList, scheme.WithoutMarkup(255)},
		{CodeMetadata, "grant_types", c.GrantTypes, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "response_types", c.ResponseTypes, maxList, scheme.TextWithin(255)},
		{CodeMetadata, "scope", c.Scopes, maxScopes, scopeWord},
	} {
		if len(l.list) > l.items {
			return refuse(l.code, "/"+l.name, "list-length", "%s must not have more than %d items", l.name, l.items)
		}
		for i, text := range l.list {
			if message := scheme.Required(l.rule)(text); message != "" {
				return refuse(l.code, item(l.name, i), "limit", "%s %s", l.name, message)
			}
		}
	}
	return nil
}

// localizedRule is the rule of the members that the page lets come in several languages.
func localizedRule(name string) func(string) string {
	switch name {
	case "client_uri", "logo_uri", "policy_uri", "tos_uri":
		return webPage
	case "client_name", "organisation_name", "software_name", "software_description":
		return scheme.TextWithin(255)
	}
	return func(string) string { return "" }
}

// webURI is a text rule for webPage without a fragment: OAuth 2.0 appends to these
// addresses, or a server calls them.
func webURI(text string) string {
	if message := webPage(text); message != "" {
		return message
	}
	if strings.Contains(text, "#") {
		return "must not have a fragment"
	}
	return ""
}

// webPage is a text rule for absolute http or https URIs: web is the only
// application type.
func webPage(text string) string {
	u, err := url.Parse(text)
	switch {
	case scheme.TextWithin(scheme.MaxURI)(text) != "":
		return scheme.TextWithin(scheme.MaxURI)(text)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return "must be an http or https URI with a host"
	case strings.ContainsAny(text, " \\"):
		return "must not contain a space or backslash"
	}
	return ""
}

// nameText is a text rule for distinguished names in any form of scheme.ParseDN.
func nameText(text string) string {
	if _, err := scheme.ParseDN(text); err != nil {
		return "must be a distinguished name: " + err.Error()
	}
	return ""
}

// scopeWord is a text rule for one scope (RFC 6749 section 3.3).
func scopeWord(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' }) {
		return "must consist of characters that RFC 6749 allows in a scope"
	}
	return scheme.TextWithin(255)(text)
}
