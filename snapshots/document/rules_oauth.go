package document

import (
	"slices"
	"strings"

	"tenure/tenancy/fault"
)

// The rules below relate members of a client to each other. Not every dialect
// has them, so ClientRules does not; surfaces put them into their own tables.

const (
	grantCode              = "authorization_code"
	grantImplicit          = "implicit"
	grantClientCredentials = "client_credentials"
)

// PublicWithoutClientCredentials refuses the client_credentials grant, own or
// inherited, for a client that cannot keep a secret.
func PublicWithoutClientCredentials() Rule[Client] {
	fields := []string{"grant_types", "token_endpoint_auth_method"}
	return Rule[Client]{"public-client-credentials", fields, func(in Input[Client]) []fault.Field {
		if in.Next.Public() && slices.Contains(effectiveGrants(in), grantClientCredentials) {
			return broken("/grant_types", "a public client cannot have the grant type %s", grantClientCredentials)
		}
		return nil
	}}
}

// ResponseTypesFitGrants wants the grant type authorization_code for every
// response type with the word code, implicit for one with token or id_token; a
// hybrid combination needs both. The grant types are the effective ones.
//
// The other way round, a client that lists both has to use each of the two
// grant types it lists. Inherited ones it may leave unused, and no response
// types at all fit anything: nevisMeta's documented minimal create has none.
func ResponseTypesFitGrants() Rule[Client] {
	fields := []string{"grant_types", "response_types"}
	return Rule[Client]{"response-types-fit-grants", fields, func(in Input[Client]) []fault.Field {
		grants := effectiveGrants(in)
		used := map[string]bool{}
		var all []fault.Field
		for i, combination := range in.Next.ResponseTypes {
			for _, need := range grantsFor(combination) {
				used[need] = true
				if !slices.Contains(grants, need) {
					all = append(all, broken(item("/response_types", i), "the response type needs the grant type %s", need)...)
				}
			}
		}
		for i, grant := range in.Next.GrantTypes {
			if (grant == grantCode || grant == grantImplicit) && len(in.Next.ResponseTypes) > 0 && !used[grant] {
				all = append(all, broken(item("/grant_types", i), "no response type uses the grant type")...)
			}
		}
		return all
	}}
}

// grantsFor are the grant types that a space-separated response type needs;
// words of others' invention need none.
func grantsFor(combination string) []string {
	var needs []string
	words := strings.Fields(combination)
	if slices.Contains(words, "code") {
		needs = append(needs, grantCode)
	}
	if slices.Contains(words, "token") || slices.Contains(words, "id_token") {
		needs = append(needs, grantImplicit)
	}
	return needs
}

// effectiveGrants are the client's own or inherited grant types; none act as
// authorization_code.
func effectiveGrants(in Input[Client]) []string {
	setup := in.Setup
	if setup == nil {
		setup = &Setup{}
	}
	grants := Effective(in.Next, setup).GrantTypes
	if len(grants) == 0 {
		return []string{grantCode}
	}
	return grants
}

// ScopesDeclared refuses scopes that this write adds and no resource server
// declares. Stored ones are not checked again.
func ScopesDeclared() Rule[Client] {
	return Rule[Client]{"scope-declared", []string{"scopes"}, func(in Input[Client]) []fault.Field {
		if in.DeclaredScopes == nil {
			return nil
		}
		var stored []string
		if in.Base != nil {
			stored = in.Base.Scopes
		}
		return eachText("/scopes", &in.Next.Scopes, func(scope string) string {
			if !slices.Contains(stored, scope) && !in.DeclaredScopes(scope) {
				return "no resource server of the setup declares the scope"
			}
			return ""
		})
	}}
}

// EncryptionEncNeedsAlg refuses a content encryption without a key encryption,
// for ID tokens, userinfo and request objects; "none" counts as unset.
func EncryptionEncNeedsAlg() Rule[Client] {
	pairs := [][2]string{
		{"id_token_encrypted_response_enc", "id_token_encrypted_response_alg"},
		{"userinfo_encrypted_response_enc", "userinfo_encrypted_response_alg"},
		{"request_object_encryption_enc", "request_object_encryption_alg"},
	}
	var fields []string
	for _, pair := range pairs {
		fields = append(fields, pair[:]...)
	}
	set := func(c *Client, name string) bool {
		value := *memberAt[Client](name)(c).(*string)
		return value != "" && value != "none"
	}
	return Rule[Client]{"encryption-enc-needs-alg", fields, func(in Input[Client]) []fault.Field {
		var all []fault.Field
		for _, pair := range pairs {
			enc, alg := pair[0], pair[1]
			if (in.Binds(enc) || in.Binds(alg)) && set(in.Next, enc) && !set(in.Next, alg) {
				all = append(all, broken("/"+enc, "%s needs %s", enc, alg)...)
			}
		}
		return all
	}}
}

// PrivateKeyJWTNeedsKeys wants jwks or jwks_uri for a client that
// authenticates with its private key.
func PrivateKeyJWTNeedsKeys() Rule[Client] {
	fields := []string{"token_endpoint_auth_method", "jwks", "jwks_uri"}
	return Rule[Client]{"private-key-jwt-needs-keys", fields, func(in Input[Client]) []fault.Field {
		if in.Next.TokenEndpointAuthMethod == "private_key_jwt" && in.Next.JWKS == "" && in.Next.JWKSURI == "" {
			return broken("/token_endpoint_auth_method", "private_key_jwt needs jwks or jwks_uri")
		}
		return nil
	}}
}
