package register

import (
	"slices"
	"strings"

	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// keepAdministrators is what a client wants to become with what only an administrator may
// set left as it is: its metadata, owner label, audience, token strategy and
// the two skip flags.
func keepAdministrators(in *ory.Client, policy snapshots.Policy, base *document.Client, setup *document.Setup) *ory.Client {
	wanted := *in
	shown := ory.Client{SkipLogoutConsent: in.SkipLogoutConsent} // here null or false
	if base != nil {
		shown = ory.FromDomain(base, setup)
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
func rules(policy snapshots.Policy, sector ory.Sector) []document.Rule[document.Client] {
	return slices.Concat(ory.Rules(), []document.Rule[document.Client]{sector.Rule()}, policy.RegistrationRules())
}
