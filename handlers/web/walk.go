package web

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"tenure/jwk/strictjson"
	"tenure/tenancy/fault"
)

const maxNesting = 100

// walker goes once over a document that is known to be JSON, for what
// encoding/json does not say: repeated members, members that the Go type does
// not have, and the place of the value whose type is wrong.
type walker struct {
	*strictjson.Reader
	wrong int64  // where the first token of the wrong value ends; -1 for none
	found string // its pointer
}

// value walks over the next value. shape is the Go type it is decoded into, nil
// if members are not checked.
func (w *walker) value(shape reflect.Type, depth int) error {
	first := w.Peek()
	switch {
	case depth == 0 && first == 'n':
		return badMember("", "type", "this must not be null")
	case depth == maxNesting:
		return fault.New(fault.Malformed, "", "the body nests deeper than %d", maxNesting)
	case first == '{':
		w.Object()
	case first == '[':
		w.Array()
	default:
		w.Skip()
	}
	if int64(w.Offset()) == w.wrong {
		w.found = w.Pointer()
	}
	switch first {
	case '{':
		return w.object(membersOf(shape), depth)
	case '[':
		return w.list(elementOf(shape), depth)
	}
	return nil
}

func (w *walker) object(known members, depth int) error {
	for w.Member() {
		if w.Earlier() >= 0 {
			return badMember(w.Pointer(), "duplicate", "this member must not be repeated")
		}
		shape, ok := known.find(w.Name())
		if !ok {
			return badMember(w.Pointer(), "unknown", "there is no such member")
		}
		if err := w.value(shape, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) list(shape reflect.Type, depth int) error {
	for w.Item() {
		if err := w.value(shape, depth+1); err != nil {
			return err
		}
	}
	return nil
}

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
