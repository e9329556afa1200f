package hydra

import (
	"encoding/json"
	"slices"

	"tenure/handlers/jsonpatch"
	"tenure/handlers/ory"
)

// patched wants the client object that a JSON Patch makes of the one that is shown.
// The patch is parsed in the caller's turn and let go with it: parsed, it takes several
// times as much memory as the body while the call waits.
func patched(raw []byte) ory.Want {
	return func(shown *ory.Client) (*ory.Client, error) {
		operations, err := parsePatch(raw)
		if err != nil {
			return nil, err
		}
		return applied(shown, operations)
	}
}

// applied is the client object that operations make of the one that is shown.
func applied(shown *ory.Client, operations []jsonpatch.Operation) (*ory.Client, error) {
	tree, err := shownTree(shown)
	if err != nil {
		return nil, err
	}
	if err := applyAll(tree, operations); err != nil {
		return nil, err
	}
	after, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	body, err := ory.Unmarshal(after)
	if err != nil {
		return nil, blameOperation(after, operations, err)
	}
	keepOneKeySource(body, shown)
	return body, nil
}

// shownTree is the object that a patch changes. It has a client_secret, so that a
// patch can remove or replace it, although it is never shown.
func shownTree(shown *ory.Client) (map[string]any, error) {
	raw, err := json.Marshal(shown)
	if err != nil {
		return nil, err
	}
	root, err := jsonpatch.Decode(raw)
	if err != nil {
		return nil, err
	}
	object := root.(map[string]any)
	object["client_secret"] = ""
	return object, nil
}

// blameOperation names the last operation on a member that does not decode. Every
// such member was written by an operation, as what is shown decodes.
func blameOperation(after []byte, operations []jsonpatch.Operation, cause error) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(after, &members); err != nil {
		return err
	}
	for i, o := range slices.Backward(operations) {
		value, there := members[o.Member()]
		if !there {
			continue // removed later, or looked at already
		}
		delete(members, o.Member())
		alone, err := json.Marshal(map[string]json.RawMessage{o.Member(): value})
		if err != nil {
			return err
		}
		if _, err := ory.Unmarshal(alone); err != nil {
			return errOperation(i, o, ory.DecodeText(err))
		}
	}
	return ory.InvalidRequest("The JSON Patch does not make a client: %s", ory.DecodeText(cause))
}

// keepOneKeySource lets a key source that a patch adds replace the other one.
func keepOneKeySource(body, shown *ory.Client) {
	hadKeys, hadURI := !ory.NoKeys(shown.JWKS), shown.JWKSURI != ""
	switch {
	case hadKeys && !hadURI && body.JWKSURI != "" && ory.SameJSON(body.JWKS, shown.JWKS):
		body.JWKS = nil
	case hadURI && !hadKeys && body.JWKSURI == shown.JWKSURI && !ory.NoKeys(body.JWKS):
		body.JWKSURI = ""
	}
}

// withLifespans wants the client that is shown, with other lifespans.
func withLifespans(spans ory.Lifespans) ory.Want {
	return func(shown *ory.Client) (*ory.Client, error) {
		body := *shown
		body.Lifespans = spans
		return &body, nil
	}
}
