package jwk

import (
	"encoding/base64"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// writer appends JSON to a buffer. Commas come by themselves: a value or member that follows
// another gets one. The JSON starts at start; what lies before it is not looked at.
type writer struct {
	buf   []byte
	start int
}

// separate appends the comma before a value that follows another. Inside a text the check would be
// wrong, so it is only made between values, where the last octet tells.
func (w *writer) separate() {
	if n := len(w.buf); n > w.start {
		switch w.buf[n-1] {
		case '{', '[', ':':
		default:
			w.buf = append(w.buf, ',')
		}
	}
}

func (w *writer) open(bracket byte) {
	w.separate()
	w.buf = append(w.buf, bracket)
}

func (w *writer) close(bracket byte) { w.buf = append(w.buf, bracket) }

// name starts a member whose name needs no escapes.
func (w *writer) name(name string) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

// raw appends a value that is JSON already.
func (w *writer) raw(value string) {
	w.separate()
	w.buf = append(w.buf, value...)
}

func (w *writer) null() { w.raw("null") }

func (w *writer) text(value string) {
	w.separate()
	w.buf = appendText(w.buf, value)
}

func (w *writer) boolean(value bool) {
	w.separate()
	w.buf = strconv.AppendBool(w.buf, value)
}

func (w *writer) number(value int64) {
	w.separate()
	w.buf = strconv.AppendInt(w.buf, value, 10)
}

func (w *writer) bigNumber(value *big.Int) {
	w.separate()
	w.buf = value.Append(w.buf, 10)
}

func (w *writer) base64(value []byte) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = base64.StdEncoding.AppendEncode(w.buf, value)
	w.buf = append(w.buf, '"')
}

// octets appends a byte array: an array holding one base64 string.
func (w *writer) octets(value []byte) {
	w.open('[')
	w.base64(value)
	w.close(']')
}

// time appends an RFC 3339 time in UTC with three fraction digits.
func (w *writer) time(value time.Time) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = value.UTC().AppendFormat(w.buf, "2006-01-02T15:04:05.000Z")
	w.buf = append(w.buf, '"')
}

// texts appends an array of strings, null for nil.
func (w *writer) texts(values []string) {
	if values == nil {
		w.null()
		return
	}
	w.open('[')
	for _, value := range values {
		w.text(value)
	}
	w.close(']')
}

// bits appends the bits of an optional BIT STRING.
func (w *writer) bits(value *bitString) {
	if value == nil {
		w.null()
		return
	}
	w.buf = slices.Grow(w.buf, 6*value.length)
	w.open('[')
	for i := range value.length {
		w.boolean(value.at(i))
	}
	w.close(']')
}

// failure appends the object {"error":{"message":…}}.
func (w *writer) failure(message string) {
	w.open('{')
	w.errorMember(message)
	w.close('}')
}

func (w *writer) errorMember(message string) {
	w.name("error")
	w.open('{')
	w.name("message")
	w.text(message)
	w.close('}')
}

// appendText appends a JSON string with the fewest escapes (RFC 8259 section 7); malformed UTF-8
// becomes U+FFFD.
func appendText(dst []byte, value string) []byte {
	const digits = "0123456789abcdef"
	dst = append(slices.Grow(dst, len(value)+2), '"')
	plain := 0
	for i := 0; i < len(value); {
		c := value[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(value[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, value[plain:i]...)
				dst = utf8.AppendRune(dst, utf8.RuneError)
				plain = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, value[plain:i]...)
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
		plain = i
	}
	return append(append(dst, value[plain:]...), '"')
}
