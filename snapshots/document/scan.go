package document

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads JSON from pos on. Its first failure sticks: every later call
// reads nothing and gives a zero value.
type scanner struct {
	in    string
	pos   int
	depth int // how deep arrays and objects may still nest; bounds the recursion
	err   error
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d: %s", s.pos, what)
	}
}

// take moves over the literal if it is next.
func (s *scanner) take(literal string) bool {
	if s.err != nil || !strings.HasPrefix(s.in[s.pos:], literal) {
		return false
	}
	s.pos += len(literal)
	return true
}

func (s *scanner) expect(literal string) {
	if !s.take(literal) {
		s.fail("expected " + literal)
	}
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.err != nil || s.pos == len(s.in) {
		return 0
	}
	return s.in[s.pos]
}

func (s *scanner) space() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.pos++
	}
}

// text reads a string. What has no escapes shares the memory of the input.
func (s *scanner) text() string {
	if !s.take(`"`) {
		s.fail("expected a string")
		return ""
	}
	start := s.pos
	for ; s.pos < len(s.in) && s.in[s.pos] >= ' '; s.pos++ {
		switch s.in[s.pos] {
		case '"':
			s.pos++
			return s.in[start : s.pos-1]
		case '\\':
			return s.escaped(start)
		}
	}
	s.fail("a string that does not end, or a raw control character in it")
	return ""
}

// escaped reads the rest of a string that began at start, from its first
// escape on.
func (s *scanner) escaped(start int) string {
	text := []byte(s.in[start:s.pos])
	for s.err == nil {
		switch c := s.peek(); {
		case c == '"':
			s.pos++
			return string(text)
		case c == '\\':
			s.pos++
			text = utf8.AppendRune(text, s.escape())
		case c < ' ':
			s.fail("a string that does not end, or a raw control character in it")
		default:
			text = append(text, c)
			s.pos++
		}
	}
	return ""
}

// escape reads what follows a backslash. Half a surrogate pair is no text.
func (s *scanner) escape() rune {
	const names, runes = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(names, s.peek()); i >= 0 {
		s.pos++
		return rune(runes[i])
	}
	r := s.codeUnit("u")
	if utf16.IsSurrogate(r) {
		if r = utf16.DecodeRune(r, s.codeUnit(`\u`)); r == utf8.RuneError {
			s.fail("half a surrogate pair")
		}
	}
	return r
}

// codeUnit reads four hexadecimal digits after the prefix. Fewer are taken only
// at the end of the input, where the string is found not to end.
func (s *scanner) codeUnit(prefix string) rune {
	s.expect(prefix)
	digits := s.in[s.pos:min(s.pos+4, len(s.in))]
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		s.fail("not four hexadecimal digits")
		return 0
	}
	s.pos += len(digits)
	return rune(n)
}

// number reads a number and gives it as written.
func (s *scanner) number() string {
	start := s.pos
	s.take("-")
	if !s.take("0") {
		s.digits()
	}
	if s.take(".") {
		s.digits()
	}
	if s.take("e") || s.take("E") {
		if !s.take("+") {
			s.take("-")
		}
		s.digits()
	}
	return s.in[start:s.pos]
}

func (s *scanner) digits() {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	if s.pos == start {
		s.fail("expected a value")
	}
}

// value reads any value and appends its canonical form: no spaces, members
// sorted by name bytewise, numbers as written, fewest escapes.
func (s *scanner) value(dst []byte) []byte {
	s.space()
	switch s.peek() {
	case '{', '[':
		if s.depth == 0 {
			s.fail("nested too deep")
			return dst
		}
		s.depth--
		defer func() { s.depth++ }()
		if s.take("[") {
			return s.array(dst)
		}
		return s.object(dst)
	case '"':
		return appendString(dst, s.text())
	}
	for _, word := range []string{"true", "false", "null"} {
		if s.take(word) {
			return append(dst, word...)
		}
	}
	return append(dst, s.number()...)
}

func (s *scanner) array(dst []byte) []byte {
	dst = append(dst, '[')
	for s.space(); s.err == nil && !s.take("]"); s.space() {
		if dst[len(dst)-1] != '[' {
			s.expect(",")
			dst = append(dst, ',')
		}
		dst = s.value(dst)
	}
	return append(dst, ']')
}

func (s *scanner) object(dst []byte) []byte {
	type member struct {
		name     string
		from, to int // its canonical bytes in dst, name included
	}
	byName := func(a, b member) int { return strings.Compare(a.name, b.name) }
	members := make([]member, 0, 8)
	s.expect("{")
	dst = append(dst, '{')
	open := len(dst)
	for s.space(); s.err == nil && !s.take("}"); s.space() {
		if len(members) > 0 {
			s.expect(",")
			s.space()
			dst = append(dst, ',')
		}
		m := member{name: s.text(), from: len(dst)}
		dst = append(appendString(dst, m.name), ':')
		s.space()
		s.expect(":")
		dst = s.value(dst)
		m.to = len(dst)
		members = append(members, m)
	}
	if !slices.IsSortedFunc(members, byName) {
		written := slices.Clone(dst[open:])
		slices.SortFunc(members, byName)
		dst = dst[:open]
		for i, m := range members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, written[m.from-open:m.to-open]...)
		}
	}
	for i := 1; i < len(members); i++ {
		if members[i].name == members[i-1].name {
			s.fail("a member name twice in one object")
		}
	}
	return append(dst, '}')
}

// canonicalJSON reads exactly one value that nests no deeper than depth.
func canonicalJSON(data []byte, depth int) (string, error) {
	if !utf8.Valid(data) {
		return "", errors.New("not UTF-8")
	}
	s := scanner{in: string(data), depth: depth}
	out := s.value(nil)
	s.space()
	if s.pos < len(s.in) {
		s.fail("something follows the value")
	}
	if s.err != nil {
		return "", s.err
	}
	return string(out), nil
}
