package diff

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"tenure/jwk/strictjson"
)

// The functions below take values apart one level at a time and leave the parts
// as text: two values of canonical JSON are equal exactly if their texts are, so
// equal parts are never looked into. Values are shown whatever they are, so half
// a surrogate pair is no error here.

// maxNesting is the depth that encoding/json reads.
const maxNesting = 10_000

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
	r := strictjson.NewRepairingReader(object, maxNesting)
	for r.Object(); r.Member(); {
		all = append(all, property{r.Name(), r.Raw()})
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
	r := strictjson.NewRepairingReader(array, maxNesting)
	for r.Array(); r.Item(); {
		all = append(all, r.Raw())
	}
	return all
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
	if !strings.HasPrefix(value, `"`) {
		return value
	}
	if inner := strings.TrimSuffix(value[1:], `"`); len(inner)+2 == len(value) && isPlain(inner) {
		return inner
	}
	r := strictjson.NewRepairingReader(value, 0)
	text := r.Text()
	if r.End() != nil {
		return value
	}
	return text
}

// isPlain reports whether a text is written in JSON as it is: most are, and a
// reader for each of them would cost more than the text.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// quote is a text as a JSON string.
func quote(text string) string {
	return string(strictjson.AppendText(make([]byte, 0, len(text)+2), text))
}

// item is the pointer of an array's item.
func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }
