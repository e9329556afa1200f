package diff

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// The functions below take values of canonical JSON apart one level at a time
// and leave them as text: two canonical values are equal exactly if their texts
// are, so equal parts are never looked into.

// property is a member of a JSON object.
type property struct {
	name  string // decoded
	value string
}

// canonical is a value that the functions below can take apart: what is JSON
// without its spaces, and anything else as one string.
func canonical(value string) string {
	if value == "" {
		return ""
	}
	if !json.Valid([]byte(value)) {
		return quote(value)
	}
	if !strings.ContainsAny(value, " \t\r\n") { // nearly always: then it is compact
		return value
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(value)) != nil {
		return quote(value)
	}
	return compact.String()
}

// properties are the members of an object, sorted by name; none of any other
// value.
func properties(object string) []property {
	if !strings.HasPrefix(object, "{") {
		return nil
	}
	var all []property
	for rest := object[1:]; rest != "" && rest[0] != '}'; {
		n := valueEnd(rest)
		name := unquote(rest[:n])
		rest = rest[min(n+1, len(rest)):] // the colon
		n = valueEnd(rest)
		all = append(all, property{name, rest[:n]})
		rest = strings.TrimPrefix(rest[n:], ",")
	}
	byName := func(a, b property) int { return strings.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(all, byName) {
		slices.SortStableFunc(all, byName)
	}
	return all
}

// items are the items of an array; none of any other value.
func items(array string) []string {
	if !strings.HasPrefix(array, "[") {
		return nil
	}
	var all []string
	for rest := array[1:]; rest != "" && rest[0] != ']'; {
		n := valueEnd(rest)
		all = append(all, rest[:n])
		rest = strings.TrimPrefix(rest[n:], ",")
	}
	return all
}

// valueEnd is the length of the value that text begins with.
func valueEnd(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return min(i+1, len(text))
		}
	}
	return len(text)
}

// stringEnd is the index of the quotation mark that closes the string begun at
// i.
func stringEnd(text string, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// find is the value of an object's member, empty if it has none.
func find(all []property, name string) string {
	for _, p := range all {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// container reports whether a value has parts to compare.
func container(value string) bool {
	return len(value) > 2 && (value[0] == '{' || value[0] == '[')
}

// unquote is the text of a JSON string, and any other value as it stands.
func unquote(value string) string {
	if len(value) < 2 || value[0] != '"' {
		return value
	}
	if !strings.Contains(value, `\`) {
		return value[1 : len(value)-1]
	}
	var text string
	if json.Unmarshal([]byte(value), &text) != nil {
		return value
	}
	return text
}

// quote is a text as a JSON string.
func quote(text string) string { return string(appendQuoted(nil, text)) }

func appendQuoted(dst []byte, text string) []byte {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil { // a string always encodes
		return append(dst, `""`...)
	}
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// below is the pointer of a member of what is at path (RFC 6901 section 3).
func below(path, name string) string { return path + "/" + pointerEscapes.Replace(name) }

// item is the pointer of an array's item.
func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }
