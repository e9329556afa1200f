package nevismeta

import (
	"fmt"
	"slices"
	"strings"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// clientRules are this dialect's own, beside those that all dialects share.
func clientRules() []document.Rule[document.Client] {
	type rule = document.Rule[document.Client]
	return []rule{
		document.Required[document.Client]("client_name"),
		document.MaxLength[document.Client](1000, "client_name", "owner"),
		document.MaxLength[document.Client](4000, "comment", "client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"),
		document.AbsoluteURI[document.Client]("redirect_uris"),
		document.NoEmptyItems[document.Client]("contacts"),
		grantTypeRule(func(c *document.Client) []string { return c.GrantTypes }),
		{Name: "response-type", Fields: []string{"response_types"}, Check: checkResponseTypes},
		document.ResponseTypesFitGrants(),
		document.PublicWithoutClientCredentials(),
		document.OneOf[document.Client]("token_endpoint_auth_method", "none", "client_secret_basic", "client_secret_post",
			"client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"),
		document.OneOf[document.Client]("pkce_mode", "allowed", "required", "s256-required"),
		document.OneOf[document.Client]("id_token_signed_response_alg",
			"RS256", "RS384", "RS512", "ES256", "ES256K", "ES384", "ES512"),
		document.OneOf[document.Client]("id_token_encrypted_response_alg", "RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384",
			"RSA-OAEP-512", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW", "none"),
		document.OneOf[document.Client]("id_token_encrypted_response_enc",
			"A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM", "none"),
		document.EncryptionEncNeedsAlg(),
		document.PrivateKeyJWTNeedsKeys(),
	}
}

// setupRules are those of a setup, whose defaults its clients inherit.
func setupRules() []document.Rule[document.Setup] {
	return []document.Rule[document.Setup]{grantTypeRule(func(s *document.Setup) []string { return s.GrantTypes })}
}

// grantTypeRule takes the flows that the pages name, extension grants, which are
// absolute URIs (RFC 6749 section 4.5), and what was stored before.
func grantTypeRule[T document.Content](of func(*T) []string) document.Rule[T] {
	return document.Rule[T]{Name: "grant-type", Fields: []string{"grant_types"}, Check: func(in document.Input[T]) []fault.Field {
		known := []string{"authorization_code", "implicit", "client_credentials", "refresh_token"}
		var stored []string
		if in.Base != nil {
			stored = of(in.Base)
		}
		return eachItem("/grant_types", of(in.Next), "one of "+strings.Join(known, ", ")+", or the URI of an extension grant",
			func(s string) bool {
				return slices.Contains(known, s) || slices.Contains(stored, s) || strings.Contains(s, ":")
			})
	}}
}

// checkResponseTypes takes combinations of code, token and id_token, and none.
func checkResponseTypes(in document.Input[document.Client]) []fault.Field {
	known := []string{"code", "token", "id_token"}
	return eachItem("/response_types", in.Next.ResponseTypes, "a combination of code, token and id_token, or none",
		func(s string) bool {
			words := strings.Split(s, " ")
			return s == "none" || !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(known, w) })
		})
}

func eachItem(path string, items []string, message string, ok func(string) bool) []fault.Field {
	var faults []fault.Field
	for i, item := range items {
		if !ok(item) {
			faults = append(faults, fault.Field{Path: fmt.Sprintf("%s/%d", path, i), Rule: "enum", Message: message})
		}
	}
	return faults
}

// checkSecret holds the characters that a chosen client_secret may have:
// 1 to 255 of printable ASCII (RFC 6749 appendix A.2), hard enough to guess.
func checkSecret(secret string) []fault.Field {
	bad := strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' })
	if secret == "" || len(secret) > 255 || bad {
		return []fault.Field{{Path: "/client_secret", Rule: "client-secret",
			Message: "a client_secret has 1 to 255 printable ASCII characters"}}
	}
	return snapshots.CheckSecret(secret)
}
