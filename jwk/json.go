package jwk

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is the deepest nesting of arrays and objects that is read.
const maxJSONDepth = 64

var (
	errJSON        = errors.New("not valid JSON")
	errJSONDepth   = errors.New("JSON nested too deeply")
	errJSONText    = errors.New("text that is not valid Unicode")
	errJSONAfter   = errors.New("data after the JSON value")
	errJSONMissing = errors.New("not valid JSON: it ends too early")
)

type kind byte

const (
	kindNull kind = iota
	kindBoolean
	kindNumber
	kindText
	kindArray
	kindObject
)

// value is one JSON value (RFC 8259). text is the decoded string, or the literal as written of a
// number or boolean.
type value struct {
	kind    kind
	text    string
	items   []value
	members []member
}

type member struct {
	name  string
	value value
}

// get returns the member called name, nil when it is absent or null: both mean the same here.
func (v *value) get(name string) *value {
	for i := range v.members {
		if v.members[i].name == name {
			if v.members[i].value.kind == kindNull {
				return nil
			}
			return &v.members[i].value
		}
	}
	return nil
}

// parser reads one JSON value. A strict one refuses text that is not Unicode and notes repeated
// member names; a lenient one replaces such text by U+FFFD and lets the last of equal names win.
type parser struct {
	rest   string
	strict bool
	depth  int
	path   []string // only while strict: the path of the value being read
	faults faultList
}

// parse reads data as one value. With an error the value is whatever was read before it.
func (p *parser) parse(data []byte) (value, error) {
	p.rest = string(data)
	v, err := p.value()
	if err != nil {
		return v, err
	}
	if p.skipSpace(); p.rest != "" {
		return v, errJSONAfter
	}
	return v, nil
}

func (p *parser) skipSpace() {
	i := 0
	for i < len(p.rest) && (p.rest[i] == ' ' || p.rest[i] == '\n' || p.rest[i] == '\r' || p.rest[i] == '\t') {
		i++
	}
	p.rest = p.rest[i:]
}

// take skips white space and then octet c, if it is there.
func (p *parser) take(c byte) bool {
	p.skipSpace()
	if p.rest != "" && p.rest[0] == c {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

func (p *parser) value() (value, error) {
	p.skipSpace()
	if p.rest == "" {
		return value{}, errJSONMissing
	}
	switch c := p.rest[0]; c {
	case '{', '[':
		if p.depth == maxJSONDepth {
			return value{}, errJSONDepth
		}
		p.depth++
		defer func() { p.depth-- }()
		p.rest = p.rest[1:]
		if c == '{' {
			return p.object()
		}
		return p.array()
	case '"':
		text, err := p.text()
		return value{kind: kindText, text: text}, err
	case 't':
		return p.literal("true", kindBoolean)
	case 'f':
		return p.literal("false", kindBoolean)
	case 'n':
		return p.literal("null", kindNull)
	}
	return p.number()
}

func (p *parser) literal(literal string, kind kind) (value, error) {
	rest, found := strings.CutPrefix(p.rest, literal)
	if !found {
		return value{}, errJSON
	}
	p.rest = rest
	return value{kind: kind, text: literal}, nil
}

func (p *parser) array() (value, error) {
	v := value{kind: kindArray}
	if p.take(']') {
		return v, nil
	}
	for {
		if p.strict {
			p.path = append(p.path, strconv.Itoa(len(v.items)))
		}
		item, err := p.value()
		if p.strict {
			p.path = p.path[:len(p.path)-1]
		}
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		if p.take(']') {
			return v, nil
		}
		if !p.take(',') {
			return v, p.unexpected()
		}
	}
}

func (p *parser) object() (value, error) {
	v := value{kind: kindObject}
	if p.take('}') {
		return v, nil
	}
	seen := memberIndex{}
	for {
		if p.skipSpace(); p.rest == "" || p.rest[0] != '"' {
			return v, p.unexpected()
		}
		name, err := p.text()
		if err != nil {
			return v, err
		}
		if !p.take(':') {
			return v, p.unexpected()
		}
		if p.strict {
			p.path = append(p.path, name)
		}
		content, err := p.value()
		earlier := seen.find(v.members, name)
		if p.strict {
			if earlier >= 0 {
				p.faults.add("duplicate-member", "The member occurs more than once in its object.", p.path...)
			}
			p.path = p.path[:len(p.path)-1]
		}
		if err != nil {
			return v, err
		}
		if earlier >= 0 {
			v.members[earlier].value = content
		} else {
			v.members = append(v.members, member{name: name, value: content})
		}
		if p.take('}') {
			return v, nil
		}
		if !p.take(',') {
			return v, p.unexpected()
		}
	}
}

// memberIndex finds members by name: by looking at each of a few, through a map once they are many.
type memberIndex struct {
	positions map[string]int
}

func (x *memberIndex) find(members []member, name string) int {
	const few = 24
	if len(members) < few {
		return slices.IndexFunc(members, func(m member) bool { return m.name == name })
	}
	if x.positions == nil {
		x.positions = make(map[string]int, 2*few)
	}
	for i := len(x.positions); i < len(members); i++ {
		x.positions[members[i].name] = i
	}
	if i, found := x.positions[name]; found {
		return i
	}
	return -1
}

func (p *parser) unexpected() error {
	if p.skipSpace(); p.rest == "" {
		return errJSONMissing
	}
	return errJSON
}

// number reads a number of RFC 8259 section 6 and keeps it as written.
func (p *parser) number() (value, error) {
	i := 0
	digits := func() bool {
		start := i
		for i < len(p.rest) && p.rest[i] >= '0' && p.rest[i] <= '9' {
			i++
		}
		return i > start
	}
	at := func(set string) bool {
		if i < len(p.rest) && strings.IndexByte(set, p.rest[i]) >= 0 {
			i++
			return true
		}
		return false
	}
	at("-")
	if !at("0") && !digits() {
		return value{}, errJSON
	}
	if at(".") && !digits() {
		return value{}, errJSON
	}
	if at("eE") {
		at("+-")
		if !digits() {
			return value{}, errJSON
		}
	}
	v := value{kind: kindNumber, text: p.rest[:i]}
	p.rest = p.rest[i:]
	return v, nil
}

// text reads a string; p.rest starts with its quote.
func (p *parser) text() (string, error) {
	s := p.rest[1:]
	end := 0
	for end < len(s) && s[end] != '"' && s[end] != '\\' && s[end] >= ' ' {
		end++
	}
	if end == len(s) {
		return "", errJSONMissing
	}
	if s[end] == '"' {
		p.rest = s[end+1:]
		return p.unicode(s[:end])
	}
	decoded := []byte(s[:end])
	for s = s[end:]; ; {
		switch {
		case s == "":
			return "", errJSONMissing
		case s[0] == '"':
			p.rest = s[1:]
			return p.unicode(string(decoded))
		case s[0] < ' ':
			return "", errJSON
		case s[0] != '\\':
			decoded = append(decoded, s[0])
			s = s[1:]
		default:
			r, size, err := unescape(s)
			if err != nil {
				return "", err
			}
			if r == surrogate {
				if p.strict {
					return "", errJSONText
				}
				r = utf8.RuneError
			}
			decoded = utf8.AppendRune(decoded, r)
			s = s[size:]
		}
	}
}

// unicode checks or repairs the octets of a string.
func (p *parser) unicode(text string) (string, error) {
	if utf8.ValidString(text) {
		return text, nil
	}
	if p.strict {
		return "", errJSONText
	}
	return strings.ToValidUTF8(text, "\ufffd"), nil
}

// surrogate is what unescape gives for an escape that is half of a pair without the other half.
const surrogate = -1

// unescape reads the escape s starts with (RFC 8259 section 7), two of them for a surrogate pair.
func unescape(s string) (r rune, size int, err error) {
	if len(s) < 2 {
		return 0, 0, errJSONMissing
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2, nil
	}
	first, ok := hexEscape(s)
	if !ok {
		return 0, 0, errJSON
	}
	if !utf16.IsSurrogate(first) {
		return first, 6, nil
	}
	if second, ok := hexEscape(s[6:]); ok {
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, 12, nil
		}
	}
	return surrogate, 6, nil
}

// hexEscape reads \uXXXX.
func hexEscape(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(unit), err == nil
}
