package document

import (
	"slices"
	"strings"

	"tenure/tenancy/fault"
)

// SetupRules are those of an authorization server's configuration.
func SetupRules() []Rule[Setup] {
	return slices.Concat(everyRules[Setup](), []Rule[Setup]{
		{Name: "address", Check: checkAddresses[Setup]},
		Required[Setup]("name"),
		MaxLength[Setup](255, "name"),
		{"grant-type-known", []string{"grant_types"}, func(in Input[Setup]) []fault.Field {
			var stored []string
			if in.Base != nil {
				stored = in.Base.GrantTypes
			}
			return unknownGrants(in.Next.GrantTypes, stored)
		}},
		LifetimeWithin[Setup](0, maxTTL, ttlFields()...),
		OneOf[Setup]("scope_policy_implicit_flow", scopePolicies()...),
		OneOf[Setup]("scope_policy_authorization_code_flow", scopePolicies()...),
		OneOf[Setup]("scope_policy_refresh_token", scopePolicies()...),
	})
}

// ResourceServerRules are those of a resource server and the scopes it
// declares.
func ResourceServerRules() []Rule[ResourceServer] {
	scopes := []string{"scopes"}
	return slices.Concat(everyRules[ResourceServer](), []Rule[ResourceServer]{
		{Name: "address", Check: checkAddresses[ResourceServer]},
		{"scope-word", scopes, eachScope(func(path string, s *Scope) []fault.Field {
			if s.Name == "" {
				return broken(path+"/name", "a scope needs a name")
			}
			return nil
		})},
		{"scope-unique", scopes, checkScopesUnique},
		{"one-of", scopes, eachScope(checkScopePolicies)},
		{"custom-claims", scopes, eachScope(checkCustomClaims)},
	})
}

// scopePolicies are nevisMeta's four possibilities per flow; the first two are
// its own spellings, it does not publish the others.
func scopePolicies() []string {
	return []string{"consent_required", "consent_persisted", "consent_not_required", "not_allowed"}
}

func eachScope(check func(path string, s *Scope) []fault.Field) func(Input[ResourceServer]) []fault.Field {
	return func(in Input[ResourceServer]) []fault.Field {
		var all []fault.Field
		for i := range in.Next.Scopes {
			all = append(all, check(item("/scopes", i), &in.Next.Scopes[i])...)
		}
		return all
	}
}

func checkScopesUnique(in Input[ResourceServer]) []fault.Field {
	seen := make(map[string]bool, len(in.Next.Scopes))
	return eachScope(func(path string, s *Scope) []fault.Field {
		if seen[s.Name] {
			return broken(path+"/name", "the resource server declares this scope twice")
		}
		seen[s.Name] = true
		return nil
	})(in)
}

func checkScopePolicies(path string, s *Scope) []fault.Field {
	known := checkOneOf(scopePolicies())
	check := func(policy string) string {
		if policy == "" {
			return ""
		}
		return known(policy)
	}
	return slices.Concat(
		eachText(path+"/policy_implicit_flow", &s.Policies.ImplicitFlow, check),
		eachText(path+"/policy_authorization_code_flow", &s.Policies.AuthorizationCodeFlow, check),
		eachText(path+"/policy_refresh_token", &s.Policies.RefreshToken, check),
	)
}

// checkCustomClaims wants an object, in whatever spelling: the text is kept as
// it was written.
func checkCustomClaims(path string, s *Scope) []fault.Field {
	if s.CustomClaims == "" {
		return nil
	}
	if text, err := canonicalJSON([]byte(s.CustomClaims)); err != nil || !strings.HasPrefix(text, "{") {
		return broken(path+"/custom_claims", "custom claims are the text of a JSON object")
	}
	return nil
}
