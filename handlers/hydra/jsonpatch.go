// This is not the library that api uses for JSON Patch, because Hydra's dialect of
// RFC 6902 is another: three operations; a path that leads nowhere is made, also by
// replace; members are named in any case; and a fault names its operation.

package hydra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tenure/handlers/ory"
)

const (
	maxOperations = 1000
	maxTokens     = 64
)

// operation is one operation of a JSON Patch.
type operation struct {
	op, path string
	tokens   []string
	value    json.RawMessage
}

// parsePatch reads the JSON Patch at the start of a body.
func parsePatch(body []byte) ([]operation, error) {
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
	if len(sent) > maxOperations {
		return nil, ory.InvalidRequest("The JSON Patch has more than %d operations", maxOperations)
	}
	operations := make([]operation, len(sent))
	for i, s := range sent {
		o := operation{op: s.Op, path: s.Path, value: s.Value}
		if operations[i], err = o.parsed(); err != nil {
			return nil, errOperation(i, o, err.Error())
		}
	}
	return operations, nil
}

// parsed checks the operation and splits its path.
func (o operation) parsed() (operation, error) {
	if !slices.Contains([]string{"add", "remove", "replace"}, o.op) {
		return o, errors.New("only add, remove and replace are supported")
	}
	if o.op != "remove" && o.value == nil {
		return o, errors.New("the operation has no value")
	}
	if !strings.HasPrefix(o.path, "/") {
		return o, errors.New("the path must be a JSON pointer that begins with a slash")
	}
	o.tokens = strings.Split(o.path[1:], "/")
	if len(o.tokens) > maxTokens {
		return o, errors.New("the path is too deep")
	}
	for i, token := range o.tokens {
		plain := strings.NewReplacer("~0", "", "~1", "").Replace(token)
		if strings.Contains(plain, "~") {
			return o, errors.New("a tilde in the path must be followed by 0 or 1")
		}
		o.tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	o.tokens[0] = ory.Member(o.tokens[0])
	for _, denied := range []string{"client_id", "id", "RotatedSecrets"} {
		if strings.EqualFold(o.tokens[0], denied) {
			return o, errors.New("the path is not allowed")
		}
	}
	return o, nil
}

var (
	errMissing = errors.New("there is nothing at the path")
	errIndex   = errors.New("the index is out of range")
)

// applyAll runs operations on an object.
func applyAll(object map[string]any, operations []operation) error {
	for i, o := range operations {
		if _, err := o.apply(object, o.tokens); err != nil {
			return errOperation(i, o, err.Error())
		}
	}
	return nil
}

// apply runs the operation on the value that the tokens name below node, and
// returns node's new value.
func (o operation) apply(node any, tokens []string) (any, error) {
	switch n := node.(type) {
	case map[string]any:
		return n, o.applyToMember(n, tokens)
	case []any:
		return o.applyToItem(n, tokens)
	}
	return nil, errors.New("the parent of the path's end is neither an object nor a list")
}

func (o operation) applyToMember(object map[string]any, tokens []string) (err error) {
	name := tokens[0]
	child, there := object[name]
	switch {
	case len(tokens) > 1:
		if !there || child == nil {
			if child, err = o.missingParent(tokens); err != nil {
				return err
			}
		}
		object[name], err = o.apply(child, tokens[1:])
		return err
	case o.op != "remove":
		object[name], err = decodeTree(o.value)
		return err
	case !there:
		return errMissing
	}
	delete(object, name)
	return nil
}

// missingParent makes the object or list that the path needs and that is not there.
// Hydra's replace adds, except to lists.
func (o operation) missingParent(tokens []string) (any, error) {
	last := tokens[len(tokens)-1]
	if _, isIndex := parseIndex(last); o.op == "remove" || o.op == "replace" && (isIndex || last == "-") {
		return nil, errMissing
	}
	if next := tokens[1]; next == "-" || next == "0" {
		return []any{}, nil
	}
	return map[string]any{}, nil
}

func (o operation) applyToItem(items []any, tokens []string) (any, error) {
	at, ok := parseIndex(tokens[0])
	if tokens[0] == "-" && o.op == "add" && len(tokens) == 1 {
		at, ok = len(items), true
	}
	limit := len(items)
	if o.op == "add" && len(tokens) == 1 {
		limit++
	}
	if !ok || at >= limit {
		return nil, errIndex
	}
	if len(tokens) > 1 {
		child, err := o.apply(items[at], tokens[1:])
		items[at] = child
		return items, err
	}
	if o.op == "remove" {
		return slices.Delete(items, at, at+1), nil
	}
	value, err := decodeTree(o.value)
	if err != nil {
		return nil, err
	}
	if o.op == "add" {
		return slices.Insert(items, at, value), nil
	}
	items[at] = value
	return items, nil
}

// parseIndex reads an array index of RFC 6901.
func parseIndex(token string) (int, bool) {
	if token == "" || len(token) > 9 || token[0] == '0' && token != "0" || strings.Trim(token, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(token)
	return n, err == nil
}

// decodeTree decodes JSON and keeps numbers as they were written.
func decodeTree(raw []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the value does not decode: %w", err)
	}
	return v, nil
}
