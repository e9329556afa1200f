package strictjson

import (
	"slices"
	"unicode/utf8"
)

// AppendText appends a JSON string with the fewest escapes (RFC 8259 section 7); malformed UTF-8
// becomes U+FFFD.
func AppendText(dst []byte, value string) []byte {
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
