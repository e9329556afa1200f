package hydra

import (
	"encoding/json"
	"slices"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

func (h *handler) patch(c *web.Call) (*web.Reply, error) {
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	found, err := h.find(c)
	if err != nil {
		return nil, err // Hydra looks before it reads the body
	}
	operations, err := parsePatch(raw)
	if err != nil {
		return nil, err
	}
	body, err := patched(found.Content, found.Setup.Content, operations)
	if err != nil {
		return nil, err
	}
	out, secret, err := h.edit(c, found, body, func(base *document.Client, setup *document.Setup) (*document.Client, error) {
		body, err := patched(base, setup, operations)
		if err != nil {
			return nil, err
		}
		next, faults := body.ToDomain(base, setup)
		return next, fault.Rules(faults)
	})
	if err != nil {
		return nil, err
	}
	return h.answer(c, ory.Read(out.Resolved), out.Resolved, secret)
}

// patched is the client object that a read of base shows, after operations.
func patched(base *document.Client, setup *document.Setup, operations []operation) (*ory.Client, error) {
	view := ory.FromDomain(base, setup)
	document, err := ory.Encode(view)
	if err != nil {
		return nil, err
	}
	result, err := applyOperations(document, operations)
	if err != nil {
		return nil, err
	}
	body, err := ory.Unmarshal(result)
	if err != nil {
		return nil, blameOperation(result, operations, err)
	}
	oneKeySource(body, view)
	return body, nil
}

// applyOperations is the document that operations make.
func applyOperations(document []byte, operations []operation) ([]byte, error) {
	root, err := decodeTree(document)
	if err != nil {
		return nil, err
	}
	object := root.(map[string]any)
	object["client_secret"] = "" // it can be removed, though it is never shown
	for i, op := range operations {
		if _, err := op.apply(object, op.tokens); err != nil {
			return nil, op.fault(i, err.Error())
		}
	}
	return json.Marshal(object)
}

// blameOperation names the last operation on a member that does not decode: every such
// member is one that an operation wrote, as a read decodes.
func blameOperation(result []byte, operations []operation, cause error) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(result, &members); err != nil {
		return err
	}
	for i, op := range slices.Backward(operations) {
		value, there := members[op.tokens[0]]
		if !there {
			continue // removed since, or looked at
		}
		delete(members, op.tokens[0])
		alone, err := json.Marshal(map[string]json.RawMessage{op.tokens[0]: value})
		if err != nil {
			return err
		}
		if _, err := ory.Unmarshal(alone); err != nil {
			return op.fault(i, ory.DecodeText(err))
		}
	}
	return ory.InvalidRequest("The JSON Patch does not make a client: %s", ory.DecodeText(cause))
}

// oneKeySource lets a key source that a patch brings replace the other one.
func oneKeySource(body *ory.Client, before ory.Client) {
	hadKeys, hadURI := string(before.JWKS) != "{}", before.JWKSURI != ""
	switch {
	case hadKeys && !hadURI && body.JWKSURI != "" && ory.SameJSON(body.JWKS, before.JWKS):
		body.JWKS = nil
	case hadURI && !hadKeys && body.JWKSURI == before.JWKSURI && !ory.NoKeys(body.JWKS):
		body.JWKSURI = ""
	}
}
