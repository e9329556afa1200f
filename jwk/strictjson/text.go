package strictjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const unended = "a string that does not end, or a raw control character in it"

// Text reads a string. One without escapes shares the memory of what is read.
func (r *Reader) Text() string {
	r.space()
	if r.peek() != '"' {
		r.unexpected("expected a string")
		return ""
	}
	in, start, ascii := r.in, r.pos+1, true
	for i := start; i < len(in); i++ {
		switch c := in[i]; {
		case plain(c):
		case c == '"':
			r.pos = i + 1
			if ascii {
				return in[start:i]
			}
			return r.unicode(in[start:i])
		case c == '\\':
			r.pos = i
			return r.escaped(start)
		case c < ' ':
			r.pos = i
			r.fail(Syntax, unended)
			return ""
		default:
			ascii = false
		}
	}
	r.pos = len(r.in)
	r.unexpected(unended)
	return ""
}

// escaped reads the rest of a string that began at start, from its first escape on.
func (r *Reader) escaped(start int) string {
	text := []byte(r.in[start:r.pos])
	for r.err == nil {
		switch c := r.peek(); {
		case c == '"':
			r.pos++
			return r.unicode(string(text))
		case c == '\\':
			r.pos++
			text = utf8.AppendRune(text, r.escape())
		case c < ' ':
			r.unexpected(unended)
		default:
			text = append(text, c)
			r.pos++
		}
	}
	return ""
}

// unicode checks or repairs the bytes of a string.
func (r *Reader) unicode(text string) string {
	switch {
	case utf8.ValidString(text):
		return text
	case r.repair:
		return strings.ToValidUTF8(text, "\ufffd")
	}
	r.fail(NotUTF8, "not UTF-8")
	return ""
}

// escape reads what follows a backslash.
func (r *Reader) escape() rune {
	const names, runes = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := r.peek()
	if i := strings.IndexByte(names, c); i >= 0 {
		r.pos++
		return rune(runes[i])
	}
	if c != 'u' {
		r.unexpected("expected u")
		return 0
	}
	r.pos++
	first, ok := hex4(r.in[r.pos:])
	if !ok {
		r.badEscape(Syntax, unended)
		return 0
	}
	r.pos += 4
	if !utf16.IsSurrogate(first) {
		return first
	}
	low := r.in[r.pos:]
	escaped := strings.HasPrefix(low, `\u`)
	if escaped {
		second, ok := hex4(low[2:])
		if pair := utf16.DecodeRune(first, second); ok && pair != utf8.RuneError {
			r.pos += 6
			return pair
		}
	}
	switch {
	case r.repair:
	case escaped:
		r.pos += 2
		r.badEscape(Surrogate, "half a surrogate pair")
	default:
		r.fail(Surrogate, `expected \u`)
	}
	return utf8.RuneError
}

// badEscape fails at what should be four hexadecimal digits, with message if they are, or if they
// are fewer because the input ends.
func (r *Reader) badEscape(kind Kind, message string) {
	digits := r.in[r.pos:min(r.pos+4, len(r.in))]
	if digits == "" || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		message = "not four hexadecimal digits"
	} else {
		r.pos += len(digits)
	}
	r.fail(kind, message)
}

// hex4 reads the four hexadecimal digits that text begins with.
func hex4(text string) (unit rune, ok bool) {
	if len(text) < 4 {
		return 0, false
	}
	for i := range 4 {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}

// WellFormed reports whether a JSON text keeps every character when it is decoded: it is UTF-8, and
// no escape is half of a surrogate pair. data need not be JSON.
func WellFormed(data []byte) bool {
	if !utf8.Valid(data) {
		return false
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		first := escapedUnit(data[i:])
		i++ // over what is escaped
		if !utf16.IsSurrogate(first) {
			continue
		}
		if utf16.DecodeRune(first, escapedUnit(data[min(i+5, len(data)):])) == utf8.RuneError {
			return false
		}
		i += 10
	}
	return true
}

// escapedUnit is the code unit of an escape like \u00e9 at the start of data, 0 if there is none.
func escapedUnit(data []byte) rune {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0
	}
	unit, _ := hex4(string(data[2:6]))
	return unit
}

// AppendText appends a JSON string with the fewest escapes (RFC 8259 section 7); malformed UTF-8
// becomes U+FFFD.
func AppendText(dst []byte, value string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0 // value[:done] is appended
	for i := 0; i < len(value); {
		c := value[i]
		if plain(c) {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(value[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, value[done:i]...)
				dst = utf8.AppendRune(dst, utf8.RuneError)
				done = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, value[done:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
		}
		i++
		done = i
	}
	return append(append(dst, value[done:]...), '"')
}

// plain reports whether a byte of a string is itself in JSON, whatever is beside it. Its first two
// comparisons compile to one.
func plain(c byte) bool { return ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' }
