package document

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/tenancy/fault"
)

// Parse reads a document from JSON in its domain names, as Encode writes it but
// in any order and spelling; "v" may be left out, null is unset. Faults are all
// that is wrong, by JSON pointer: a member that there is not, a value of the
// wrong type. Notes are values that the document has in another form than they
// were sent in. A key set of base that was sent back stays as it is; base may be
// nil. It does not validate.
func Parse[T Content](data []byte, base *T) (doc *T, notes, faults []fault.Field) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, nil, []fault.Field{{Rule: "type", Message: "this must be an object"}}
	}
	doc = new(T)
	if v, ok := members["v"]; ok && string(bytes.TrimSpace(v)) != formOne && string(bytes.TrimSpace(v)) != formTwo {
		faults = append(faults, fault.Field{Path: "/v", Rule: "version", Message: "the number of the form must be 1 or 2"})
	}
	delete(members, "v")
	if client, ok := any(doc).(*Client); ok {
		notes = parseKeySet(client, any(base).(*Client), members, &faults)
	}
	parseMembers(fieldsOf[T](), doc, members, "", &faults)
	slices.SortFunc(faults, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
	return doc, notes, faults
}

// SetMember gives one member of a client the value that a caller sent for it, by the
// member's domain name: null, an empty string and an empty list are unset. Faults are
// those of Parse. It is not for jwks.
func SetMember(c *Client, name string, raw json.RawMessage) (faults []fault.Field) {
	for _, f := range clientFields {
		if f.Name != name {
			continue
		}
		member := f.at(c)
		reflect.ValueOf(member).Elem().SetZero()
		if text := string(bytes.TrimSpace(raw)); text != "null" && text != `""` {
			parseValue(member, raw, "/"+name, &faults)
		}
		return faults
	}
	return []fault.Field{{Path: "/" + name, Rule: "unknown", Message: "there is no such member"}}
}

// parseKeySet takes the key set out of members.
func parseKeySet(doc, base *Client, members map[string]json.RawMessage, faults *[]fault.Field) (notes []fault.Field) {
	raw, ok := members["jwks"]
	delete(members, "jwks")
	if !ok || string(bytes.TrimSpace(raw)) == "null" {
		return nil
	}
	stored := JWKS("")
	if base != nil {
		stored = base.JWKS
	}
	set, notes, broken := ReadKeySet(raw).Over(stored)
	doc.JWKS = set
	*faults = append(*faults, broken...)
	return notes
}

// parseMembers fills doc and takes what it knows out of members; the rest are
// faults.
func parseMembers[T any](fields []field[T], doc *T, members map[string]json.RawMessage, at string, faults *[]fault.Field) {
	for _, f := range fields {
		raw, ok := members[f.Name]
		delete(members, f.Name)
		if ok && string(bytes.TrimSpace(raw)) != "null" {
			parseValue(f.at(doc), raw, at+"/"+f.Name, faults)
		}
	}
	for name := range members {
		*faults = append(*faults, fault.Field{Path: strictjson.Below(at, name), Rule: "unknown", Message: "there is no such member"})
	}
}

func parseValue(member any, raw json.RawMessage, at string, faults *[]fault.Field) {
	wrong := func(what string) {
		*faults = append(*faults, fault.Field{Path: at, Rule: "type", Message: "this must be " + what})
	}
	switch m := member.(type) {
	case *string:
		if json.Unmarshal(raw, m) != nil {
			wrong("a string")
		}
	case *[]string:
		if json.Unmarshal(raw, m) != nil {
			wrong("a list of strings")
		}
	case *inheritable:
		if json.Unmarshal(raw, (*[]string)(m)) != nil {
			wrong("a list of strings")
		}
	case *Flag:
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			wrong("true or false")
			return
		}
		*m = FlagOf(b)
	case *Lifetime:
		var n int64
		if json.Unmarshal(raw, &n) != nil {
			wrong("a whole number")
			return
		}
		*m = &n
	case *JSON:
		doc, err := ParseJSON(raw)
		if err != nil {
			*faults = append(*faults, fault.Field{Path: at, Rule: "document", Message: err.Error()})
			return
		}
		*m = doc
	case *[]Localized:
		parseList(m, localizedFields, raw, at, faults)
	case *[]Scope:
		parseList(m, scopeFields, raw, at, faults)
	}
}

func parseList[E any](list *[]E, fields []field[E], raw json.RawMessage, at string, faults *[]fault.Field) {
	var items []map[string]json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		*faults = append(*faults, fault.Field{Path: at, Rule: "type", Message: "this must be a list of objects"})
		return
	}
	*list = make([]E, len(items))
	for i, members := range items {
		parseMembers(fields, &(*list)[i], members, item(at, i), faults)
	}
}
