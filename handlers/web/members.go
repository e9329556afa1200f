package web

import (
	"encoding/json"
	"reflect"
	"strings"
)

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
