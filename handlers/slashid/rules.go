package slashid

import (
	"fmt"
	"slices"

	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// rules are this dialect's own, beside those that all dialects share.
func rules() []document.Rule[document.Client] {
	return []document.Rule[document.Client]{
		document.Required[document.Client]("client_name"),
		{Name: "grant-type", Fields: []string{"grant_types"}, Check: checkGrantTypes},
		document.PublicWithoutClientCredentials(),
		document.AbsoluteURI[document.Client]("redirect_uris"),
	}
}

// checkGrantTypes takes at least one of the two grant types that may be asked
// for, and what the client has already.
func checkGrantTypes(in document.Input[document.Client]) []fault.Field {
	if len(in.Next.GrantTypes) == 0 {
		return []fault.Field{{Path: "/grant_types", Message: "the list needs at least one item"}}
	}
	var kept []string
	if in.Base != nil {
		kept = document.Effective(in.Base, in.Setup).GrantTypes
	}
	var faults []fault.Field
	for i, grant := range in.Next.GrantTypes {
		if grant != grantCode && grant != "client_credentials" && !slices.Contains(kept, grant) {
			faults = append(faults, fault.Field{Path: fmt.Sprintf("/grant_types/%d", i),
				Message: "the value is none of client_credentials, authorization_code"})
		}
	}
	return faults
}

// maxSeconds is ten years, the most that a lifetime may be.
const maxSeconds = 10 * 365 * 24 * 60 * 60

// checkSeconds holds what a duration may be; nil is none.
func checkSeconds(name string, n *int64) []fault.Field {
	if n == nil || *n >= 1 && *n <= maxSeconds {
		return nil
	}
	return []fault.Field{{Path: "/" + name, Rule: "duration", Message: fmt.Sprintf("a duration has 1 to %d seconds", maxSeconds)}}
}
