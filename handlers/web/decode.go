package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/tenancy/fault"
)

// DecodeJSON decodes data, one JSON value other than null, into into, a
// pointer. It is Malformed if data is not JSON, not UTF-8, repeats a member or
// nests too deeply; if a value has the wrong type, Fields names its place. If
// strict, members must be known to into, and are spelled as its tags say; if
// not, unknown ones are ignored and case does not matter, as in encoding/json.
func DecodeJSON(data []byte, into any, strict bool) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return fault.New(fault.Malformed, "", "the body is empty")
	}
	if !strictjson.WellFormed(data) {
		return fault.New(fault.Malformed, "", "the body is not UTF-8, or contains half a surrogate pair")
	}
	wrong := int64(-1) // where the first value of a wrong type ends
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(data, into); {
	case errors.As(err, &wrongType):
		wrong = wrongType.Offset
	case errors.As(err, &syntax):
		return fault.New(fault.Malformed, "", "the body is not JSON: see byte %d", syntax.Offset)
	case err != nil:
		return fault.Wrap(err, fault.Malformed, "", "the body does not decode")
	}
	w := &walker{Reader: strictjson.NewReader(string(data), maxNesting), wrong: wrong}
	var shape reflect.Type
	if strict {
		shape = reflect.TypeOf(into)
	}
	if err := w.value(shape, 0); err != nil {
		return err
	}
	if err := w.End(); err != nil { // encoding/json took it
		return fault.Wrap(err, fault.Malformed, "", "the body does not decode")
	}
	if wrongType != nil {
		return badMember(w.found, "type", "this must be "+nameOf(wrongType.Type))
	}
	return nil
}

// badMember is a Malformed fault that names a member by its JSON pointer.
func badMember(pointer, rule, message string) error {
	f := fault.New(fault.Malformed, "", "the body does not have the form that is asked for")
	f.Fields = []fault.Field{{Path: pointer, Rule: rule, Message: message}}
	return f
}

// nameOf says what JSON value a Go type is made from.
func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return nameOf(t.Elem())
	}
	return "a whole number within its range"
}

// DecodeMembers decodes those members of an object that the struct at into
// names, spelled exactly as its tags spell them, and ignores all others.
// encoding/json alone takes any case, and the last of two spellings, where other
// readers take the first (RFC 8259 section 4: names should be unique). Errors
// are those of DecodeJSON.
func DecodeMembers(members map[string]json.RawMessage, into any) error {
	known := map[string]json.RawMessage{}
	shape := reflect.TypeOf(into).Elem()
	for i := range shape.NumField() {
		name, _, _ := strings.Cut(shape.Field(i).Tag.Get("json"), ",")
		if raw, ok := members[name]; ok {
			known[name] = raw
		}
	}
	raw, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return DecodeJSON(raw, into, false)
}
