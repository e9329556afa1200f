package slashid

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tenure/handlers/web"
	"tenure/jwk/strictjson"
	"tenure/tenancy/fault"
)

// maxItems is how long a list may be before its items are looked at.
const maxItems = 1000

// members reads an object's members one by one and gathers what is wrong, so
// that an answer names every broken one. What nobody took is unknown.
type members struct {
	raw    map[string]json.RawMessage
	taken  map[string]bool
	faults []fault.Field
}

// readBody reads the request's body, a JSON object.
func readBody(c *web.Call) (*members, error) {
	m := &members{taken: map[string]bool{}}
	return m, c.JSON(&m.raw, web.JSONOptions{})
}

func parseMembers(data []byte) (*members, error) {
	m := &members{taken: map[string]bool{}}
	return m, web.DecodeJSON(data, &m.raw, false)
}

func (m *members) wrong(path, rule, format string, args ...any) {
	m.faults = append(m.faults, fault.Field{Path: path, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// take gives a member's value; false if it is not there, or null.
func (m *members) take(name string) (json.RawMessage, bool) {
	m.taken[name] = true
	value, there := m.raw[name]
	return value, there && !isNull(value)
}

func isNull(value json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(value), []byte("null")) }

// has reports whether the member was sent, be it as null.
func (m *members) has(name string) bool {
	_, there := m.raw[name]
	return there
}

// need refuses a member that is left out or null.
func (m *members) need(names ...string) {
	for _, name := range names {
		switch value, there := m.raw[name]; {
		case !there:
			m.wrong("/"+name, "required", "the member is required")
		case isNull(value):
			m.wrong("/"+name, "type", "this must not be null")
		}
	}
}

// notNull refuses null for members that may be left out.
func (m *members) notNull(names ...string) {
	for _, name := range names {
		if value, there := m.raw[name]; there && isNull(value) {
			m.wrong("/"+name, "type", "this must not be null")
		}
	}
}

func (m *members) text(name string) (s string) {
	if value, there := m.take(name); there && json.Unmarshal(value, &s) != nil {
		m.wrong("/"+name, "type", "this must be a string")
	}
	return s
}

func (m *members) flag(name string) (on bool) {
	if value, there := m.take(name); there && json.Unmarshal(value, &on) != nil {
		m.wrong("/"+name, "type", "this must be true or false")
	}
	return on
}

// whole is a whole number as JSON has it without a fraction and an exponent.
func (m *members) whole(name string) *int64 {
	value, there := m.take(name)
	if !there {
		return nil
	}
	var n int64
	if json.Unmarshal(value, &n) != nil {
		m.wrong("/"+name, "type", "this must be a whole number within its range")
		return nil
	}
	return &n
}

// texts is a list of strings; nil if the member is not there, or null.
func (m *members) texts(name string) []string {
	value, there := m.take(name)
	if !there {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(value, &items) != nil {
		m.wrong("/"+name, "type", "this must be a list")
		return nil
	}
	if len(items) > maxItems {
		m.wrong("/"+name, "list-length", "there are more than %d items", maxItems)
		return nil
	}
	list := make([]string, len(items))
	for i, one := range items {
		if isNull(one) || json.Unmarshal(one, &list[i]) != nil {
			m.wrong(fmt.Sprintf("/%s/%d", name, i), "type", "this must be a string")
		}
	}
	return list
}

// rest lists the members that nobody took, sorted.
func (m *members) rest() []string {
	return slices.Sorted(maps.Keys(remaining(m.raw, m.taken)))
}

func remaining(raw map[string]json.RawMessage, taken map[string]bool) map[string]json.RawMessage {
	left := maps.Clone(raw)
	maps.DeleteFunc(left, func(name string, _ json.RawMessage) bool { return taken[name] })
	return left
}

// refuseRest names the members that there are not.
func (m *members) refuseRest(format string) {
	for _, name := range m.rest() {
		m.wrong(strictjson.Below("", name), "unknown", "%s", format)
	}
}

const unknownMember = "there is no such member"
