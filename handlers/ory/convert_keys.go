package ory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// keyForm is the rule about key sets that Hydra's decoder refuses.
const keyForm = "ory-key-form"

func (b *Client) applyKeys(next *document.Client, shown *Client) (faults []fault.Field) {
	if NoKeys(b.JWKS) {
		next.JWKS = ""
		return nil
	}
	if shown != nil && SameJSON(b.JWKS, shown.JWKS) {
		return nil
	}
	if err := checkKeyForms(b.JWKS); err != nil {
		return []fault.Field{{Path: "/jwks", Rule: keyForm, Message: fmt.Sprintf(undecodableText, err)}}
	}
	next.JWKS, _, faults = document.ReadKeySet(b.JWKS).Over(next.JWKS)
	return faults
}

// checkKeyForms refuses the key sets that Hydra's decoder refuses: keys that are
// not a list, and key types that are not registered.
func checkKeyForms(jwks json.RawMessage) error {
	var set struct {
		Keys json.RawMessage
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return wrongKeys("Client.jwks", jwks, "jose.JSONWebKeySet")
	}
	var keys []json.RawMessage
	if set.Keys != nil && json.Unmarshal(set.Keys, &keys) != nil {
		return wrongKeys("JoseJSONWebKeySet.jwks.JSONWebKeySet.keys", set.Keys, "[]jose.JSONWebKey")
	}
	for _, raw := range keys {
		var key struct {
			Kty json.RawMessage
		}
		var kty string
		if json.Unmarshal(raw, &key) != nil || key.Kty != nil && json.Unmarshal(key.Kty, &kty) != nil {
			return wrongKeys("JoseJSONWebKeySet.jwks.JSONWebKeySet.keys", raw, "jose.rawJSONWebKey")
		}
		switch kty {
		case "RSA", "EC", "OKP", "oct", "AKP":
		default:
			return fmt.Errorf("go-jose/go-jose: unknown json web key type '%s'", kty)
		}
	}
	return nil
}

func wrongKeys(field string, value json.RawMessage, want string) error {
	return fmt.Errorf("json: cannot unmarshal %s into Go struct field %s of type %s", kindOf(value), field, want)
}

// kindOf is the kind of a JSON value, as encoding/json calls it.
func kindOf(value json.RawMessage) string {
	switch bytes.TrimSpace(value)[0] {
	case '"':
		return "string"
	case '[':
		return "array"
	case '{':
		return "object"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}

// NoKeys reports whether a jwks member has no key set at all.
func NoKeys(jwks json.RawMessage) bool {
	switch string(bytes.Join(bytes.Fields(jwks), nil)) {
	case "", "null", "{}":
		return true
	}
	return false
}

// SameJSON reports whether two values are equal. Spacing and the order of members
// do not matter.
func SameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return json.Valid(a)
	}
	read := func(data json.RawMessage) (v any, ok bool) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		return v, dec.Decode(&v) == nil
	}
	va, okA := read(a)
	vb, okB := read(b)
	return okA && okB && reflect.DeepEqual(va, vb)
}

// keyMembers is the order in which Hydra writes the members of a key. Others
// follow, sorted by name.
var keyMembers = []string{"use", "kty", "kid", "crv", "alg", "k", "x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi",
	"x5c", "x5u", "x5t", "x5t#S256"}

// keySet is a stored key set as reads show it.
func keySet(stored document.JWKS) json.RawMessage {
	if stored == "" {
		return json.RawMessage("{}")
	}
	var set map[string]json.RawMessage
	var keys []map[string]json.RawMessage
	if json.Unmarshal([]byte(stored), &set) != nil || json.Unmarshal(set["keys"], &keys) != nil {
		return json.RawMessage(stored)
	}
	list := []byte{'['}
	for i, key := range keys {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, inOrder(key, keyMembers)...)
	}
	set["keys"] = append(list, ']')
	return inOrder(set, []string{"keys"})
}

// inOrder writes an object: the members of first in that order, then the others
// sorted by name.
func inOrder(members map[string]json.RawMessage, first []string) []byte {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(members)), func(name string) bool { return slices.Contains(first, name) })
	object := []byte{'{'}
	for _, name := range slices.Concat(first, names) {
		value, ok := members[name]
		if !ok {
			continue
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		quoted, err := web.Encode(name)
		if err != nil {
			continue // a string always encodes
		}
		object = append(append(append(object, quoted...), ':'), value...)
	}
	return append(object, '}')
}
