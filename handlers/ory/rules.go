package ory

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

type (
	rule  = document.Rule[document.Client]
	input = document.Input[document.Client]
)

// names are the rules in the order in which Hydra checks them: an error describes
// the first one that is broken. Their messages are Hydra's hints, word for word.
var names = []string{keyForm, "ory-secret", "ory-one-key-source", "ory-private-key-jwt", "ory-private-key-jwt-alg", "ory-page-uri", "ory-cors-origin",
	sectorRule, "ory-userinfo-alg", "ory-redirect-uri-fragment", "ory-redirect-uri", "ory-subject-type", "ory-post-logout-uri", "ory-token-strategy"}

// Rules are the rules of this dialect. The store adds those that all dialects share.
func Rules() []rule {
	rules := []rule{
		{Name: "ory-one-key-source", Fields: []string{"jwks", "jwks_uri"}, Check: checkOneKeySource},
		{Name: "ory-private-key-jwt", Fields: []string{"token_endpoint_auth_method", "jwks", "jwks_uri"}, Check: checkPrivateKeyJWT},
		{Name: "ory-private-key-jwt-alg", Fields: []string{"token_endpoint_auth_method", "token_endpoint_auth_signing_alg"}, Check: checkSigningAlg},
		{Name: "ory-cors-origin", Fields: []string{"allowed_cors_origins"}, Check: checkOrigins},
		{Name: "ory-userinfo-alg", Fields: []string{"userinfo_signed_response_alg"}, Check: checkUserinfoAlg},
		{Name: "ory-redirect-uri-fragment", Fields: []string{"redirect_uris"}, Check: checkFragments},
		{Name: "ory-redirect-uri", Fields: []string{"redirect_uris"}, Check: checkRedirectURIs},
		{Name: "ory-subject-type", Fields: []string{"subject_type", "access_token_strategy"}, Check: checkSubjectType},
		{Name: "ory-post-logout-uri", Fields: []string{"post_logout_redirect_uris", "redirect_uris"}, Check: checkPostLogout},
		{Name: "ory-token-strategy", Fields: []string{"access_token_strategy"}, Check: checkStrategy},
	}
	for _, page := range []struct {
		member string
		value  func(*document.Client) string
	}{
		{"tos_uri", func(c *document.Client) string { return c.TosURI }},
		{"policy_uri", func(c *document.Client) string { return c.PolicyURI }},
		{"logo_uri", func(c *document.Client) string { return c.LogoURI }},
		{"client_uri", func(c *document.Client) string { return c.ClientURI }},
	} {
		rules = append(rules, rule{Name: "ory-page-uri", Fields: []string{page.member}, Check: func(in input) []fault.Field {
			return checkPage(page.member, page.value(in.Next))
		}})
	}
	return rules
}

func broken(path, format string, args ...any) []fault.Field {
	return []fault.Field{{Path: "/" + path, Message: fmt.Sprintf(format, args...)}}
}

const (
	minSecret = 6
	maxSecret = 1024
)

// CheckSecret checks a client_secret that the caller chose; empty is none.
func CheckSecret(secret string) []fault.Field {
	var message string
	switch {
	case secret == "":
		return nil
	case len(secret) < minSecret:
		message = "Field client_secret must contain a secret that is at least 6 characters long."
	case len(secret) > maxSecret || strings.Contains(secret, "\x00"):
		message = "Field client_secret must have no more than 1024 bytes, and no NUL character."
	default:
		return snapshots.CheckSecret(secret)
	}
	return []fault.Field{{Path: "/client_secret", Rule: "ory-secret", Message: message}}
}

func checkOneKeySource(in input) []fault.Field {
	if in.Next.JWKS != "" && in.Next.JWKSURI != "" {
		return broken("jwks_uri", "Fields jwks and jwks_uri can not both be set, you must choose one.")
	}
	return nil
}

const methodPrivateKey = "private_key_jwt"

func checkPrivateKeyJWT(in input) []fault.Field {
	if in.Next.TokenEndpointAuthMethod == methodPrivateKey && in.Next.JWKS == "" && in.Next.JWKSURI == "" {
		return broken("token_endpoint_auth_method", "When token_endpoint_auth_method is '%s', either jwks or jwks_uri must be set.", methodPrivateKey)
	}
	return nil
}

func checkSigningAlg(in input) []fault.Field {
	alg := in.Next.TokenEndpointAuthSigningAlg
	allowed := []string{"", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
	if in.Next.TokenEndpointAuthMethod == methodPrivateKey && !slices.Contains(allowed, alg) {
		return broken("token_endpoint_auth_signing_alg", "Only RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512 "+
			"are supported as algorithms for private key authentication.")
	}
	return nil
}

func checkPage(member, text string) []fault.Field {
	if text == "" {
		return nil
	}
	u, err := url.ParseRequestURI(text)
	if err != nil {
		return broken(member, "Field %s must be a valid URI.", member)
	}
	if !isHTTP(u) {
		return broken(member, "%s must use https:// or http:// as HTTP scheme for field %s.", text, member)
	}
	return nil
}

func isHTTP(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "http" }

func checkOrigins(in input) []fault.Field {
	return each("allowed_cors_origins", in.Next.AllowedCORSOrigins, func(text string) string {
		u, err := url.Parse(text)
		switch {
		case err != nil:
			return fmt.Sprintf("Origin URL %s from allowed_cors_origins could not be parsed: %s", text, err)
		case !isHTTP(u):
			return fmt.Sprintf("Origin URL %s must use https:// or http:// as HTTP scheme.", text)
		case u.User != nil:
			return fmt.Sprintf("Origin URL %s has HTTP user and/or password set which is not allowed.", text)
		case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "":
			return fmt.Sprintf("Origin URL %s must have an empty path, query, and fragment but one of the parts is not empty.", text)
		}
		return ""
	})
}

func each(member string, items []string, check func(text string) string) []fault.Field {
	var all []fault.Field
	for i, text := range items {
		if message := check(text); message != "" {
			all = append(all, broken(fmt.Sprintf("%s/%d", member, i), "%s", message)...)
		}
	}
	return all
}

func checkUserinfoAlg(in input) []fault.Field {
	if alg := in.Next.UserinfoSignedResponseAlg; alg != defaultUserinfoAlg && alg != "RS256" {
		return broken("userinfo_signed_response_alg", "Field userinfo_signed_response_alg can either be 'none' or 'RS256'.")
	}
	return nil
}

func checkFragments(in input) []fault.Field {
	return each("redirect_uris", in.Next.RedirectURIs, func(text string) string {
		if strings.Contains(text, "#") {
			return "Redirect URIs must not contain fragments (#)."
		}
		return ""
	})
}

func checkRedirectURIs(in input) []fault.Field {
	return each("redirect_uris", in.Next.RedirectURIs, func(text string) string {
		if parseRedirect(text) == nil {
			return "Unable to parse redirect URL: " + text
		}
		return ""
	})
}

// parseRedirect parses a redirect URI. It returns nil for one that has neither a
// scheme nor a leading slash.
func parseRedirect(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" && !strings.HasPrefix(text, "/") {
		return nil
	}
	return u
}

// checkSubjectType allows pairwise only if access tokens are opaque.
func checkSubjectType(in input) []fault.Field {
	supported := []string{defaultSubjectType, "pairwise"}
	if in.Next.AccessTokenStrategy == "jwt" {
		supported = supported[:1]
	}
	if kind := cmp.Or(in.Next.SubjectType, defaultSubjectType); !slices.Contains(supported, kind) {
		return broken("subject_type", "Subject type %s is not supported by server, only %v are allowed.", kind, supported)
	}
	return nil
}

func checkPostLogout(in input) []fault.Field {
	return each("post_logout_redirect_uris", in.Next.PostLogoutRedirectURIs, func(text string) string {
		u := parseRedirect(text)
		if u == nil {
			return "Unable to parse post_logout_redirect_uri: " + text
		}
		for _, registered := range in.Next.RedirectURIs {
			if r := parseRedirect(registered); r != nil && r.Scheme == u.Scheme && r.Host == u.Host {
				return ""
			}
		}
		return fmt.Sprintf("post_logout_redirect_uri '%s' must match the domain, port, scheme of at least one of the registered redirect URIs but did not", text)
	})
}

func checkStrategy(in input) []fault.Field {
	switch s := in.Next.AccessTokenStrategy; s {
	case "", "jwt", "opaque":
		return nil
	default:
		return broken("access_token_strategy", "invalid access token strategy: expected one of [jwt, opaque] but got %s", s)
	}
}
