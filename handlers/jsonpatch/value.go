package jsonpatch

import (
	"encoding/json"
	"strconv"
)

// size is how many bytes a value takes as compact JSON in UTF-8. Values are those
// that Decode makes.
func size(v any) int {
	switch v := v.(type) {
	case map[string]any:
		n := 2 + max(0, len(v)-1)
		for name, child := range v {
			n += size(name) + 1 + size(child)
		}
		return n
	case []any:
		n := 2 + max(0, len(v)-1)
		for _, child := range v {
			n += size(child)
		}
		return n
	case string:
		return sizeOfText(v)
	case json.Number:
		return len(v)
	case bool:
		if v {
			return len("true")
		}
		return len("false")
	}
	return len("null")
}

// sizeOfText is the size of a string with its quotes and the escapes that JSON
// wants.
func sizeOfText(s string) int {
	n := 2
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t', c == '\b', c == '\f':
			n += 2
		case c < ' ':
			n += 6
		default:
			n++
		}
	}
	return n
}

// comma is what one more item costs a list or an object with n of them.
func comma(n int) int { return min(n, 1) }

// clone makes a deep copy of a value: later operations change values in place.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		own := make(map[string]any, len(v))
		for name, child := range v {
			own[name] = clone(child)
		}
		return own
	case []any:
		own := make([]any, len(v))
		for i, child := range v {
			own[i] = clone(child)
		}
		return own
	}
	return v
}

// equal compares as RFC 6902 section 4.6 does: numbers by their value.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, child := range a {
			other, there := b[name]
			if !there || !equal(child, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i, child := range a {
			if !equal(child, b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(string(a), string(b))
	}
	return a == b
}

// sameNumber compares numbers as most readers of JSON see them: whole ones
// exactly, others as 64-bit floats.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	if _, err := strconv.ParseInt(a, 10, 64); err == nil {
		if _, err := strconv.ParseInt(b, 10, 64); err == nil {
			return a == "-0" && b == "0" || a == "0" && b == "-0"
		}
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}
