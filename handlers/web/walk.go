package web

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"tenure/tenancy/fault"
)

const maxNesting = 100

// walker goes once over a document that is known to be JSON, for what
// encoding/json does not say: repeated members, members that the Go type does
// not have, and the place of the value whose type is wrong.
type walker struct {
	dec   *json.Decoder
	wrong int64  // where the token of the wrong value ends; -1 for none
	found string // its pointer
}

// value walks over the value at pointer. shape is the Go type it is decoded
// into, nil if members are not checked.
func (w *walker) value(pointer string, shape reflect.Type, depth int) error {
	token, err := w.dec.Token()
	if err != nil {
		return fault.Wrap(err, fault.Malformed, "", "the body does not decode")
	}
	if w.dec.InputOffset() == w.wrong {
		w.found = pointer
	}
	if depth == 0 && token == nil {
		return badMember("", "type", "this must not be null")
	}
	if depth == maxNesting {
		return fault.New(fault.Malformed, "", "the body nests deeper than %d", maxNesting)
	}
	switch token {
	case json.Delim('{'):
		err = w.object(pointer, membersOf(shape), depth)
	case json.Delim('['):
		err = w.list(pointer, elementOf(shape), depth)
	}
	return err
}

func (w *walker) object(pointer string, known members, depth int) error {
	seen := make(map[string]bool)
	for w.dec.More() {
		token, err := w.dec.Token()
		if err != nil {
			return err
		}
		name := token.(string)
		at := pointer + "/" + escapePointer.Replace(name)
		if seen[name] {
			return badMember(at, "duplicate", "this member stands more than once")
		}
		seen[name] = true
		shape, ok := known.find(name)
		if !ok {
			return badMember(at, "unknown", "there is no such member")
		}
		if err := w.value(at, shape, depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w *walker) list(pointer string, shape reflect.Type, depth int) error {
	for i := 0; w.dec.More(); i++ {
		if err := w.value(pointer+"/"+strconv.Itoa(i), shape, depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// escapePointer escapes a member's name for a JSON pointer (RFC 6901).
var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// members are those that a Go type takes; nil takes any, of no known type.
type members map[string]reflect.Type

// anyName stands for the members of a map.
const anyName = "\x00"

func (m members) find(name string) (reflect.Type, bool) {
	if m == nil {
		return nil, true
	}
	shape, ok := m[name]
	if !ok {
		shape, ok = m[anyName]
	}
	return shape, ok
}

var knownMembers sync.Map // reflect.Type to members

// membersOf lists the members of objects that decode into shape.
func membersOf(shape reflect.Type) members {
	shape = plain(shape)
	switch {
	case shape == nil:
		return nil
	case shape.Kind() == reflect.Map:
		return members{anyName: shape.Elem()}
	case shape.Kind() != reflect.Struct:
		return nil
	}
	if known, ok := knownMembers.Load(shape); ok {
		return known.(members)
	}
	known := make(members)
	for _, f := range reflect.VisibleFields(shape) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		known[name] = f.Type
	}
	knownMembers.Store(shape, known)
	return known
}

func elementOf(shape reflect.Type) reflect.Type {
	if shape = plain(shape); shape != nil && (shape.Kind() == reflect.Slice || shape.Kind() == reflect.Array) {
		return shape.Elem()
	}
	return nil
}

// plain is shape without pointers; nil if it decodes itself.
func plain(shape reflect.Type) reflect.Type {
	for shape != nil {
		if p := reflect.PointerTo(shape); p.Implements(unmarshaler) || p.Implements(textUnmarshaler) {
			return nil
		}
		if shape.Kind() != reflect.Pointer {
			return shape
		}
		shape = shape.Elem()
	}
	return nil
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)
