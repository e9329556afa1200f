package hydra

import (
	"tenure/handlers/jsonpatch"
	"tenure/handlers/ory"
	"tenure/tenancy/fault"
)

// The errors that only the admin API has. ory.Spell writes them.

// errPage refuses a parameter of a list.
func errPage(reason string) error {
	return fault.New(fault.Malformed, fault.CodeQuery, "Unable to parse pagination parameters: %s", reason)
}

// errOverlap refuses the parameter of a rotation.
func errOverlap() error {
	return fault.New(fault.Malformed, fault.CodeQuery, "Unable to parse the overlap: it must be a duration such as 24h, and at most ten years.")
}

// errNoSecret refuses to rotate the secret of a client whose auth method has none.
func errNoSecret(method string) error {
	return ory.BadRequest("The client is configured to use the '%s' authentication method, which does not support client secret rotation.", method)
}

// errOwner refuses a Tenure-Owner that an edit cannot follow.
func errOwner() error {
	return ory.BadRequest("Tenure-Owner is not the client's owner, and an edit cannot change the owner")
}

// errOperation refuses operation i of a JSON Patch, counted from 0.
func errOperation(i int, o jsonpatch.Operation, reason string) error {
	return ory.InvalidRequest("JSON Patch operation %d (%s %s): %s", i, o.Op, o.Path, reason)
}
