package jwk

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Octets decodes base64 as people write it: either alphabet of RFC 4648, padding or none, white
// space anywhere. Any other character makes it false, and so does a digit left over.
func Octets(text string) (decoded []byte, ok bool) {
	text = strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\t', '\r', '\n':
			return -1
		case '+':
			return '-'
		case '/':
			return '_'
		}
		return c
	}, text)
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return decoded, err == nil
}

// fit gives decoded the size of the form; false if it does not fit. size is that of a coordinate.
func (f form) fit(decoded []byte, size int) ([]byte, bool) {
	significant := bytes.TrimLeft(decoded, "\x00")
	switch {
	case f == unsigned && len(significant) == 0 && len(decoded) > 0:
		return decoded[:1], true // zero has one octet
	case f == unsigned:
		return significant, true
	case f == coordinate && len(significant) > size:
		return nil, false
	case f == coordinate:
		return append(make([]byte, size-len(significant), size), significant...), true
	}
	return decoded, true
}

// encode is the one right text of octets.
func (f form) encode(fitted []byte) string {
	if f == certificate {
		return base64.StdEncoding.EncodeToString(fitted)
	}
	return base64.RawURLEncoding.EncodeToString(fitted)
}

// canonical is the one right text for the octets of text, and the octets. Text that has no octets, or
// not such as fit, stays as it is; broken names the rule then.
func (f form) canonical(text string, size int) (right string, fitted []byte, broken string) {
	decoded, ok := Octets(text)
	if !ok {
		return text, nil, "not-base64url"
	}
	if fitted, ok = f.fit(decoded, size); !ok {
		return text, nil, "ec-coordinate"
	}
	return f.encode(fitted), fitted, ""
}
