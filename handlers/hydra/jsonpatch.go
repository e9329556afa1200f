package hydra

import (
	"encoding/json"
	"errors"

	"tenure/handlers/jsonpatch"
	"tenure/handlers/ory"
)

// dialect is Hydra's JSON Patch: three operations; members are named in any case; what
// an add needs on its way is made; what no read shows can be replaced.
var dialect = jsonpatch.Dialect{
	Ops: []string{"add", "remove", "replace"}, Member: ory.Member, MakeParents: true, Unset: func(name string) bool { return name == "client_secret" || name == "registration_access_token" },
	Denied: []string{"client_id", "id", "RotatedSecrets"},
}

// parsePatch reads the JSON Patch at the start of a body.
func parsePatch(body []byte) ([]jsonpatch.Operation, error) {
	raw, err := ory.FirstValue(body)
	var sent []sentOperation
	if err == nil {
		err = json.Unmarshal(raw, &sent)
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return nil, ory.InvalidRequest("The body is not a JSON Patch: a list of objects with the members op, path and value")
	case err != nil:
		return nil, ory.InvalidRequest("The body is not a JSON Patch: %s", err)
	}
	operations := make([]jsonpatch.Operation, len(sent))
	for i, s := range sent {
		operations[i] = jsonpatch.Operation{Op: s.Op, Path: s.Path, Value: s.Value}
	}
	if err := dialect.Check(operations); err != nil {
		return nil, errPatch(err)
	}
	return operations, nil
}

// applyAll runs operations on an object.
func applyAll(object map[string]any, operations []jsonpatch.Operation) error {
	if _, err := dialect.Apply(object, operations); err != nil {
		return errPatch(err)
	}
	return nil
}

// errPatch refuses a JSON Patch with what is wrong with it.
func errPatch(err error) error {
	var wrong *jsonpatch.Error
	if errors.As(err, &wrong) {
		return errOperation(wrong.Index, wrong.Operation, wrong.Err.Error())
	}
	return ory.InvalidRequest("The body is not a JSON Patch: %s", err)
}
