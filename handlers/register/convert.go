package register

import (
	"encoding/json"
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
		return &wanted, nil
	}
}

// fromDomain is what a read shows a client of itself: all but its metadata.
func fromDomain(found snapshots.Resolved[document.Client]) ory.Client {
	view := ory.Read(found)
	view.Metadata = nil
	return view
}

// echo is what the answer to a write shows. Metadata is an administrator's, and is
// not shown.
func echo(in *ory.Client, found snapshots.Resolved[document.Client]) ory.Client {
	view := in.Echo(found)
	view.Metadata = json.RawMessage("{}")
	return view
}

// defaultScope is the scope of a client that asks for none: Hydra's default as far
// as the policy allows it, else everything that it allows.
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
