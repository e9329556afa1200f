package register

import (
	"fmt"
	"slices"
	"strings"

	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// own is what a client wants to become with what only an administrator may
// set left as it is: its metadata, owner label, audience, token strategy and
// the two skip flags.
func own(in *ory.Client, policy snapshots.Policy, base *snapshots.Client, setup *snapshots.Setup) *ory.Client {
	wanted := *in
	shown := ory.Client{SkipLogoutConsent: in.SkipLogoutConsent} // here null or false
	if base != nil {
		shown = ory.View(base, setup)
	}
	wanted.Metadata, wanted.Owner, wanted.Audience = shown.Metadata, shown.Owner, shown.Audience
	wanted.AccessTokenStrategy, wanted.SkipConsent = shown.AccessTokenStrategy, shown.SkipConsent
	wanted.SkipLogoutConsent, wanted.ClientSecret = shown.SkipLogoutConsent, ""
	if strings.TrimSpace(wanted.Scope) == "" && (base == nil || shown.Scope != "") {
		wanted.Scope = defaultScope(policy)
	}
	return &wanted
}

// defaultScope is what a client gets that asks for no scope: Hydra's default,
// as far as the policy allows it, or else all that it allows.
func defaultScope(policy snapshots.Policy) string {
	words := strings.Fields(ory.DefaultScope)
	if len(policy.AllowedScopes) > 0 {
		words = slices.DeleteFunc(words, func(word string) bool { return !slices.Contains(policy.AllowedScopes, word) })
		if len(words) == 0 {
			words = policy.AllowedScopes
		}
	}
	return strings.Join(words, " ")
}

// rules are those of this API and of the setup's policy.
func rules(policy snapshots.Policy, sector ory.Sector) []snapshots.Rule[snapshots.Client] {
	return append(ory.Rules(), sector.Rule(),
		snapshots.Rule[snapshots.Client]{Name: "register-grant", Fields: []string{"grant_types"}, Check: func(in input) []fault.Field {
			return unallowed("grant_types", policy.AllowedGrants, grants(in.Next, in.Setup), grants(in.Base, in.Setup))
		}},
		snapshots.Rule[snapshots.Client]{Name: "register-scope", Fields: []string{"scopes"}, Check: func(in input) []fault.Field {
			var had []string
			if in.Base != nil {
				had = in.Base.Scopes
			}
			return unallowed("scope", policy.AllowedScopes, in.Next.Scopes, had)
		}})
}

type input = snapshots.Input[snapshots.Client]

// grants are those that a client acts with.
func grants(c *snapshots.Client, setup *snapshots.Setup) []string {
	if c == nil {
		return nil
	}
	if effective := snapshots.Effective(c, setup).GrantTypes; len(effective) > 0 {
		return effective
	}
	return []string{"authorization_code"}
}

// unallowed names what a policy does not allow and the client did not have.
func unallowed(member string, allowed, wanted, had []string) []fault.Field {
	var faults []fault.Field
	for _, word := range wanted {
		if len(allowed) > 0 && !slices.Contains(allowed, word) && !slices.Contains(had, word) {
			faults = append(faults, fault.Field{Path: "/" + member, Message: fmt.Sprintf("'%s' is not allowed for clients that register themselves", word)})
		}
	}
	return faults
}
