package ory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tenure/handlers/web"
	"tenure/jwk/strictjson"
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
	var few [4]keyMember
	r := strictjson.NewReader(string(stored), keyDepth)
	set := readMembers(r, few[:0])
	at := slices.IndexFunc(set, func(m keyMember) bool { return m.name == "keys" })
	if r.End() != nil || at < 0 || set[at].value[0] != '[' {
		return json.RawMessage(stored)
	}
	shown, key := append(make([]byte, 0, len(stored)), `{"keys":[`...), make([]keyMember, 0, 24)
	r.Reset(set[at].value, keyDepth)
	for r.Array(); r.Item(); {
		if r.Index() > 0 {
			shown = append(shown, ',')
		}
		if key = readMembers(r, key[:0]); r.Err() == nil {
			shown = append(appendMembers(append(shown, '{'), key, keyMembers), '}')
		}
	}
	if r.End() != nil {
		return json.RawMessage(stored)
	}
	return append(appendMembers(append(shown, ']'), slices.Delete(set, at, at+1), nil), '}')
}

// keyDepth is how deep a stored key set nests at most.
const keyDepth = 64

// keyMember is a member of a key or of a key set, as it is stored.
type keyMember struct{ name, value string }

// readMembers reads an object, sorted by name as stored ones are.
func readMembers(r *strictjson.Reader, list []keyMember) []keyMember {
	for r.Object(); r.Member(); {
		list = append(list, keyMember{r.Name(), r.Raw()})
	}
	return list
}

// appendMembers appends to an object that is open at the end of dst: the members of first
// in that order, then the others.
func appendMembers(dst []byte, members []keyMember, first []string) []byte {
	one := func(m keyMember) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		if strings.Contains(m.name, "\u2028") || strings.Contains(m.name, "\u2029") { // which encoding/json escapes
			name, _ := web.Encode(m.name) // a string always encodes
			dst = append(dst, name...)
		} else {
			dst = strictjson.AppendText(dst, m.name)
		}
		dst = append(append(dst, ':'), m.value...)
	}
	for _, name := range first {
		if at, has := slices.BinarySearchFunc(members, name, func(m keyMember, name string) int { return strings.Compare(m.name, name) }); has {
			one(members[at])
		}
	}
	for _, m := range members {
		if !slices.Contains(first, m.name) {
			one(m)
		}
	}
	return dst
}
