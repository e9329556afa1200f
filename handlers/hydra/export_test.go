package hydra

import (
	"encoding/json"
	"io"

	"tenure/handlers/jsonpatch"
	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// Parse reads a JSON Patch; the result is for Patched.
var Parse = parsePatch

// Patched is the client object that operations make of base.
func Patched(base *document.Client, setup *document.Setup, operations []jsonpatch.Operation) (*ory.Client, error) {
	shown := ory.FromDomain(base, setup)
	return applied(&shown, operations)
}

// After runs a JSON Patch on a document.
func After(document []byte, patch string) ([]byte, error) {
	operations, err := parsePatch([]byte(patch))
	if err != nil {
		return nil, err
	}
	root, err := jsonpatch.Decode(document)
	if err != nil {
		return nil, err
	}
	object := root.(map[string]any)
	object["client_secret"] = ""
	if err := applyAll(object, operations); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// Cursors are page tokens.
type Cursors struct{ k *cursors }

func NewCursors(key [32]byte, random io.Reader, now func() history.Micros) Cursors {
	return Cursors{newCursors(key, random, now)}
}

func (c Cursors) Seal(setup snapshots.EntityID, after string) string { return c.k.seal(setup, after) }

func (c Cursors) Open(setup snapshots.EntityID, token string) (string, bool) {
	return c.k.open(setup, token)
}
