package register

import (
	"slices"
	"strings"

	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// toDomain wants what a client says of itself, and leaves as it is what only an
// administrator may set: metadata, owner label, audience, token strategy and the two
// skip flags.
func toDomain(in *ory.Client, policy snapshots.Policy) ory.Want {
	return func(shown *ory.Client) (*ory.Client, error) {
		isNew := shown == nil
		if isNew {
			shown = &ory.Client{SkipLogoutConsent: in.SkipLogoutConsent} // null or false: forbidden refuses true
		}
		wanted := *in
		wanted.Metadata, wanted.Owner, wanted.Audience = shown.Metadata, shown.Owner, shown.Audience
		wanted.AccessTokenStrategy, wanted.SkipConsent = shown.AccessTokenStrategy, shown.SkipConsent
		wanted.SkipLogoutConsent, wanted.ClientSecret = shown.SkipLogoutConsent, ""
		if strings.TrimSpace(wanted.Scope) == "" && (isNew || shown.Scope != "") {
			wanted.Scope = defaultScope(policy)
		}
		if !isNew {
			wanted.GrantTypes = unlessDefault(in.GrantTypes, shown.GrantTypes, defaultGrants())
			wanted.ResponseTypes = unlessDefault(in.ResponseTypes, shown.ResponseTypes, defaultResponses())
		}
		return &wanted, nil
	}
}

// fromDomain is what a client is shown of itself: all but its metadata, which is an
// administrator's, with the defaults that apply where it says nothing.
func fromDomain(found snapshots.Resolved[document.Client]) ory.Client {
	view := ory.Read(found)
	view.Metadata = nil
	if len(view.GrantTypes) == 0 {
		view.GrantTypes = defaultGrants()
	}
	if len(view.ResponseTypes) == 0 && slices.Contains(view.GrantTypes, grantCode) {
		view.ResponseTypes = defaultResponses()
	}
	return view
}

const grantCode = "authorization_code"

// The defaults of RFC 7591 section 2. The second is one of clients that may ask for
// a code.
func defaultGrants() []string    { return []string{grantCode} }
func defaultResponses() []string { return []string{"code"} }

// unlessDefault is a list that was sent, or what the client has if that is nothing
// and what was sent is the default that it is shown instead.
func unlessDefault(sent, has, usual []string) []string {
	if len(has) == 0 && slices.Equal(sent, usual) {
		return has
	}
	return sent
}

// defaultScope is the scope of a client that asks for none: what the policy says, or
// Hydra's default as far as the policy allows it, else everything that it allows.
func defaultScope(policy snapshots.Policy) string {
	if len(policy.DefaultScopes) > 0 {
		return strings.Join(policy.DefaultScopes, " ")
	}
	words := strings.Fields(ory.DefaultScope)
	if len(policy.AllowedScopes) > 0 {
		words = slices.DeleteFunc(words, func(word string) bool { return !slices.Contains(policy.AllowedScopes, word) })
		if len(words) == 0 {
			words = policy.AllowedScopes
		}
	}
	return strings.Join(words, " ")
}
