package hydra

import (
	"encoding/json"

	"tenure/snapshots"
)

// sentOperation is one operation of a JSON Patch on the wire. Names are read in any
// case, as Hydra reads them.
type sentOperation struct {
	Op    string
	Path  string
	Value json.RawMessage // nil if there is none
}

// statusBody and versionBody are the answers of the routes that are open.
type statusBody struct {
	Status string `json:"status"`
}

type versionBody struct {
	Version string `json:"version"`
}

// listQuery is what a list asks for.
type listQuery struct {
	size    int
	after   string            // the client_id after which the page begins
	filters map[string]string // by parameter; without the ones that are empty
	in      snapshots.Instant
}
