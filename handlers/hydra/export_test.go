package hydra

import (
	"io"

	"tenure/snapshots"
	"tenure/tenancy/history"
)

var Patched = patched

// Parse reads a JSON Patch; the result is for Patched.
var Parse = parsePatch

// After runs a JSON Patch on a document.
func After(document []byte, patch string) ([]byte, error) {
	operations, err := parsePatch([]byte(patch))
	if err != nil {
		return nil, err
	}
	return applyOperations(document, operations)
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
