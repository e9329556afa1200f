package jsonpatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of a patch.
const (
	MaxOperations = 1000
	maxTokens     = 64          // of a pointer
	maxSize       = 512 << 10   // bytes of the value as compact JSON, after every operation
	maxCopied     = 8 * maxSize // bytes of all values that copy operations copy
)

// Operation is one step of a patch, as it was sent.
type Operation struct {
	Op    string
	Path  string
	From  string
	Value json.RawMessage // nil if there is none

	path, from []string
}

// Member is the member of the document that a checked operation is about; empty for
// the whole of it.
func (o *Operation) Member() string {
	if len(o.path) == 0 {
		return ""
	}
	return o.path[0]
}

// Dialect is how a system's JSON Patch differs from RFC 6902. The zero value is
// the RFC's.
type Dialect struct {
	Ops []string // the operations there are; nil for all six
	// Member is the name by which the object's own member is found; nil for the
	// name as it was sent.
	Member func(name string) string
	// Denied are members that no operation may touch, in any case.
	Denied []string
	// MakeParents makes the objects and lists on the way to what is added.
	MakeParents bool
	// Unset reports whether the object has a member of the name that is not shown,
	// which can be replaced; nil for none.
	Unset func(name string) bool
}

var rfc6902 = []string{"add", "remove", "replace", "move", "copy", "test"}

// Error is what is wrong with one operation of a patch.
type Error struct {
	Index     int // counted from 0
	Operation Operation
	Err       error
}

func (e *Error) Error() string {
	return fmt.Sprintf("operation %d (%s %s): %s", e.Index, e.Operation.Op, e.Operation.Path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Faults of operations.
var (
	errMissing   = errors.New("there is nothing at the path")
	errFrom      = errors.New("there is nothing at from")
	errIndex     = errors.New("the index is out of range")
	errParent    = errors.New("the parent of the path's end is neither an object nor a list")
	errSize      = fmt.Errorf("the document would have more than %d bytes", maxSize)
	errCopied    = fmt.Errorf("the patch copies more than %d bytes", maxCopied)
	errDifferent = errors.New("the value at the path is another")
)

// Check checks the operations and splits their pointers. It must be called before
// Apply.
func (d Dialect) Check(operations []Operation) error {
	if len(operations) > MaxOperations {
		return fmt.Errorf("it has more than %d operations", MaxOperations)
	}
	for i := range operations {
		if err := d.check(&operations[i]); err != nil {
			return &Error{i, operations[i], err}
		}
	}
	return nil
}

func (d Dialect) check(o *Operation) (err error) {
	ops := d.Ops
	if ops == nil {
		ops = rfc6902
	}
	switch {
	case !slices.Contains(ops, o.Op):
		last := len(ops) - 1
		return fmt.Errorf("only %s and %s are supported", strings.Join(ops[:last], ", "), ops[last])
	case (o.Op == "add" || o.Op == "replace" || o.Op == "test") && o.Value == nil:
		return errors.New("the operation has no value")
	}
	if o.path, err = d.pointer(o.Path, "path"); err != nil {
		return err
	}
	if o.Op == "move" || o.Op == "copy" {
		if o.from, err = d.pointer(o.From, "from"); err != nil {
			return err
		}
		if o.Op == "move" && len(o.from) < len(o.path) && slices.Equal(o.from, o.path[:len(o.from)]) {
			return errors.New("a value cannot be moved into itself")
		}
	}
	return nil
}

// pointer splits a JSON pointer (RFC 6901).
func (d Dialect) pointer(text, name string) ([]string, error) {
	if text == "" && d.Member == nil {
		return nil, nil
	}
	if !strings.HasPrefix(text, "/") {
		return nil, fmt.Errorf("the %s must be a JSON pointer that begins with a slash", name)
	}
	tokens := strings.Split(text[1:], "/")
	if len(tokens) > maxTokens {
		return nil, fmt.Errorf("the %s is too deep", name)
	}
	for i, token := range tokens {
		if !strings.Contains(token, "~") {
			continue
		}
		plain := strings.NewReplacer("~0", "", "~1", "").Replace(token)
		if strings.Contains(plain, "~") {
			return nil, fmt.Errorf("a tilde in the %s must be followed by 0 or 1", name)
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	if d.Member != nil {
		tokens[0] = d.Member(tokens[0])
	}
	for _, denied := range d.Denied {
		if strings.EqualFold(tokens[0], denied) {
			return nil, fmt.Errorf("the %s is not allowed", name)
		}
	}
	return tokens, nil
}

// Decode decodes one JSON value and keeps numbers as they were written.
func Decode(raw []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the value does not decode: %w", err)
	}
	return v, nil
}

// Apply runs checked operations on a value that Decode made, which it changes, and
// returns the new one. An error is an *Error.
func (d Dialect) Apply(root any, operations []Operation) (any, error) {
	doc := document{Dialect: d, root: root, size: size(root)}
	for i := range operations {
		if err := doc.run(&operations[i]); err != nil {
			return nil, &Error{i, operations[i], err}
		}
	}
	return doc.root, nil
}

// document is a value under a patch.
type document struct {
	Dialect
	root   any
	size   int // bytes as compact JSON
	copied int // bytes of what was copied so far
}

func (doc *document) run(o *Operation) error {
	switch o.Op {
	case "add", "replace":
		value, err := Decode(o.Value)
		if err != nil {
			return err
		}
		return doc.put(o.path, value, o.Op == "replace")
	case "remove":
		_, err := doc.remove(o.path)
		return err
	case "test":
		return doc.test(o)
	case "copy":
		value, ok := find(doc.root, o.from)
		if !ok {
			return errFrom
		}
		bytes := size(value)
		if doc.copied += bytes; doc.copied > maxCopied {
			return errCopied
		}
		if doc.size+bytes > maxSize {
			return errSize
		}
		return doc.put(o.path, clone(value), false)
	}
	value, ok := find(doc.root, o.from) // move
	if !ok {
		return errFrom
	}
	if slices.Equal(o.from, o.path) {
		return nil
	}
	if _, err := doc.remove(o.from); err != nil {
		return err
	}
	return doc.put(o.path, value, false)
}

func (doc *document) test(o *Operation) error {
	want, err := Decode(o.Value)
	if err != nil {
		return err
	}
	got, ok := find(doc.root, o.path)
	if !ok {
		return errMissing
	}
	if !equal(got, want) {
		return errDifferent
	}
	return nil
}

// put adds or replaces the value at a path.
func (doc *document) put(path []string, value any, replace bool) (err error) {
	doc.root, err = doc.putBelow(doc.root, path, value, replace, true)
	if err == nil && doc.size > maxSize {
		err = errSize
	}
	return err
}

// putBelow returns what becomes of a node when the value is put at a path below it.
func (doc *document) putBelow(node any, path []string, value any, replace, top bool) (any, error) {
	if len(path) == 0 {
		doc.size += size(value) - size(node)
		return value, nil
	}
	switch n := node.(type) {
	case map[string]any:
		return n, doc.putMember(n, path, value, replace, top)
	case []any:
		return doc.putItem(n, path, value, replace)
	}
	return nil, errParent
}

func (doc *document) putMember(object map[string]any, path []string, value any, replace, top bool) (err error) {
	name := path[0]
	child, there := object[name]
	switch {
	case len(path) == 1 && replace && !there && !(top && doc.Unset != nil && doc.Unset(name)):
		return errMissing
	case len(path) > 1 && (!there || doc.MakeParents && child == nil):
		if !doc.MakeParents || replace {
			return errMissing
		}
		if child = any(map[string]any{}); path[1] == "-" || path[1] == "0" {
			child = []any{}
		}
		if there {
			doc.size -= size(nil)
		}
		doc.size += size(child)
	}
	if !there {
		doc.size += size(name) + 1 + comma(len(object))
	}
	if len(path) == 1 {
		if there {
			doc.size -= size(child)
		}
		doc.size += size(value)
		object[name] = value
		return nil
	}
	object[name], err = doc.putBelow(child, path[1:], value, replace, false)
	return err
}

func (doc *document) putItem(items []any, path []string, value any, replace bool) (any, error) {
	at, ok := index(path[0])
	add := len(path) == 1 && !replace
	if path[0] == "-" && add {
		at, ok = len(items), true
	}
	limit := len(items)
	if add {
		limit++
	}
	switch {
	case !ok || at >= limit:
		return nil, errIndex
	case add:
		doc.size += size(value) + comma(len(items))
		return slices.Insert(items, at, value), nil
	case len(path) == 1:
		doc.size += size(value) - size(items[at])
		items[at] = value
		return items, nil
	}
	child, err := doc.putBelow(items[at], path[1:], value, replace, false)
	items[at] = child
	return items, err
}

// remove takes out the value at a path and returns it.
func (doc *document) remove(path []string) (value any, err error) {
	if len(path) == 0 {
		return nil, errors.New("the whole document cannot be removed")
	}
	doc.root, err = doc.removeBelow(doc.root, path, &value)
	return value, err
}

func (doc *document) removeBelow(node any, path []string, removed *any) (any, error) {
	switch n := node.(type) {
	case map[string]any:
		child, there := n[path[0]]
		switch {
		case !there || child == nil && len(path) > 1:
			return nil, errMissing
		case len(path) > 1:
			var err error
			n[path[0]], err = doc.removeBelow(child, path[1:], removed)
			return n, err
		}
		delete(n, path[0])
		doc.size -= size(path[0]) + 1 + size(child) + comma(len(n))
		*removed = child
		return n, nil
	case []any:
		at, ok := index(path[0])
		switch {
		case !ok || at >= len(n):
			return nil, errIndex
		case len(path) > 1:
			var err error
			n[at], err = doc.removeBelow(n[at], path[1:], removed)
			return n, err
		}
		*removed = n[at]
		n = slices.Delete(n, at, at+1)
		doc.size -= size(*removed) + comma(len(n))
		return n, nil
	}
	return nil, errParent
}

// find reads the value at a path.
func find(node any, path []string) (any, bool) {
	for _, token := range path {
		switch n := node.(type) {
		case map[string]any:
			child, there := n[token]
			if !there {
				return nil, false
			}
			node = child
		case []any:
			at, ok := index(token)
			if !ok || at >= len(n) {
				return nil, false
			}
			node = n[at]
		default:
			return nil, false
		}
	}
	return node, true
}

// index reads an array index of RFC 6901.
func index(token string) (int, bool) {
	if token == "" || len(token) > 9 || token[0] == '0' && token != "0" || strings.Trim(token, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(token)
	return n, err == nil
}
