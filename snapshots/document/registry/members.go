package registry

import (
	"bytes"
	"encoding/json"
	"slices"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// Beside lists the names that clients register and that an API does not read itself.
func Beside(own func(name string) bool) []string {
	var names []string
	for _, e := range Entries() {
		if !e.Assigned && !own(e.Name) {
			names = append(names, e.Name)
		}
	}
	return names
}

// Read gives a client the members of a body that have one of the names. A name that
// the body does not have is unset (RFC 7592 section 2.2). Paths of faults are the
// names.
func Read(body map[string]json.RawMessage, names []string, c *document.Client) (faults []fault.Field) {
	for _, name := range names {
		raw := bytes.TrimSpace(body[name])
		if len(raw) == 0 {
			raw = []byte("null")
		}
		if isObject(name) && raw[0] != '{' && string(raw) != "null" {
			faults = append(faults, fault.Field{Path: "/" + name, Rule: "type", Message: "this must be " + string(Object)})
			continue
		}
		faults = append(faults, document.SetMember(c, name, raw)...)
	}
	return faults
}

func isObject(name string) bool {
	return slices.ContainsFunc(entries, func(e Entry) bool { return e.Name == name && e.Kind == Object })
}

// Write appends the members of a client that have one of the names and are set, to an
// object that is open.
func Write(w *strictjson.Writer, names []string, c *document.Client) {
	for _, m := range document.Members(c) {
		if m.Value != "" && slices.Contains(names, m.Name) {
			w.AnyName(m.Name)
			w.Raw(m.Value)
		}
	}
}
