package document

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenure/jwk"
	"tenure/tenancy/fault"
)

// ClientRules are those every dialect shares; each surface adds a table of its
// own. What they do not name is free.
func ClientRules() []Rule[Client] {
	pages := []string{"client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"}
	return slices.Concat(everyRules[Client](), []Rule[Client]{
		{"redirect-uri", []string{"redirect_uris"}, checkRedirectURIs},
		{"redirect-uri-fragment", []string{"redirect_uris"}, checkRedirectFragments},
		NoEmptyItems[Client]("post_logout_redirect_uris", "request_uris", "allowed_cors_origins", "webhook_uris"),
		AbsoluteURI[Client](pages...),
		HTTPURI[Client](pages...),
		{"jwks", []string{"jwks"}, checkJWKS},
		{"jwks-or-jwks-uri", []string{"jwks", "jwks_uri"}, checkOneKeySource},
		LifetimeWithin[Client](0, maxTTL, ttlFields()...),
		{"scope-word", []string{"scopes"}, func(in Input[Client]) []fault.Field {
			return CheckScopeWords("/scopes", in.Next.Scopes)
		}},
	})
}

// maxTTL is ten years in seconds.
const maxTTL = 10 * 365 * 24 * 60 * 60

// ttlFields are the lifetimes in seconds that clients inherit from setups.
func ttlFields() []string {
	return []string{"access_token_ttl", "refresh_token_ttl", "id_token_ttl", "persisted_consent_ttl"}
}

// checkRedirectURIs takes what Hydra takes: any scheme, or a path alone.
func checkRedirectURIs(in Input[Client]) []fault.Field {
	return eachText("/redirect_uris", &in.Next.RedirectURIs, func(text string) string {
		u, err := url.Parse(text)
		if err != nil || u.Scheme == "" && !strings.HasPrefix(text, "/") {
			return "a redirect URI needs a scheme or a leading slash, and has to parse"
		}
		return ""
	})
}

// checkRedirectFragments refuses an empty fragment as well: OAuth 2.0 appends
// to these URIs.
func checkRedirectFragments(in Input[Client]) []fault.Field {
	return eachText("/redirect_uris", &in.Next.RedirectURIs, func(text string) string {
		if strings.Contains(text, "#") {
			return "a redirect URI must not have a fragment (#)"
		}
		return ""
	})
}

// checkJWKS repeats what ReadKeySet checked, so that no surface can store
// private key material by a plain conversion, and adds what a policy may let
// pass. A rollback brings values back in the form that they had.
func checkJWKS(in Input[Client]) []fault.Field {
	if in.Next.JWKS == "" {
		return nil
	}
	r := jwk.Recheck([]byte(in.Next.JWKS))
	if len(r.Faults) == 0 && string(r.Sent) != string(in.Next.JWKS) {
		return broken("/jwks", "the key set is not in canonical form")
	}
	return keyFields(append(r.Faults, r.Weak...))
}

func checkOneKeySource(in Input[Client]) []fault.Field {
	if in.Next.JWKS != "" && in.Next.JWKSURI != "" {
		return broken("/jwks_uri", "jwks and jwks_uri must not be used together")
	}
	return nil
}

// checkScopeWord is wider than RFC 6749 section 3.3: Hydra stores any words.
func checkScopeWord(word string) string {
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "a scope is a word without spaces and control characters"
	}
	return ""
}

// CheckScopeWords says which of the words is no scope's, by a path below path.
func CheckScopeWords(path string, words []string) []fault.Field {
	return eachText(path, &words, checkScopeWord)
}

// CheckClientID holds the rule of a client_id that a caller chose: 1 to 255
// bytes of UTF-8 without control characters; printableASCIIOnly narrows it to
// RFC 6749's VSCHAR, space included. Its path is "/client_id".
func CheckClientID(id string, printableASCIIOnly bool) []fault.Field {
	unfit := func(r rune) bool { return unicode.IsControl(r) || printableASCIIOnly && r > '~' }
	switch {
	case id == "" || len(id) > 255:
		return []fault.Field{{Path: "/client_id", Rule: "client-id", Message: "a client_id has 1 to 255 bytes"}}
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unfit):
		return []fault.Field{{Path: "/client_id", Rule: "client-id", Message: "the client_id has a character that is not allowed"}}
	}
	return nil
}
