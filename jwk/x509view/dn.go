package x509view

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// plainKeywords name attribute types in the getter "name" of a Name.
var plainKeywords = map[string]string{
	"2.5.4.3":                    "CN",
	"2.5.4.6":                    "C",
	"2.5.4.7":                    "L",
	"2.5.4.8":                    "ST",
	"2.5.4.10":                   "O",
	"2.5.4.11":                   "OU",
	"2.5.4.12":                   "T",
	"1.3.6.1.4.1.42.2.11.2.1":    "IP",
	"2.5.4.9":                    "STREET",
	"0.9.2342.19200300.100.1.25": "DC",
	"2.5.4.46":                   "DNQ",
	"2.5.4.4":                    "SURNAME",
	"2.5.4.42":                   "GIVENNAME",
	"2.5.4.43":                   "INITIALS",
	"2.5.4.44":                   "GENERATION",
	"1.2.840.113549.1.9.1":       "EMAILADDRESS",
	"0.9.2342.19200300.100.1.1":  "UID",
	"2.5.4.5":                    "SERIALNUMBER",
}

// shortKeywords are the types RFC 2253 section 2.3 names.
var shortKeywords = map[string]string{
	"2.5.4.3":                    "CN",
	"2.5.4.6":                    "C",
	"2.5.4.7":                    "L",
	"2.5.4.8":                    "ST",
	"2.5.4.10":                   "O",
	"2.5.4.11":                   "OU",
	"2.5.4.9":                    "STREET",
	"0.9.2342.19200300.100.1.25": "DC",
	"0.9.2342.19200300.100.1.1":  "UID",
}

// plainText is the name with every keyword known to the reference and quoted values: last relative
// name first.
func (n distinguishedName) plainText() string {
	return n.text(", ", " + ", attribute.appendPlain)
}

// rfc2253Text is the name by RFC 2253, values of types without keyword in hexadecimal.
func (n distinguishedName) rfc2253Text() string {
	return n.text(",", "+", attribute.appendRFC2253)
}

func (n distinguishedName) text(between, inside string, appendTo func(attribute, []byte) []byte) string {
	text := make([]byte, 0, 64)
	for i := len(n) - 1; i >= 0; i-- {
		if i < len(n)-1 {
			text = append(text, between...)
		}
		for j, attr := range n[i] {
			if j > 0 {
				text = append(text, inside...)
			}
			text = appendTo(attr, text)
		}
	}
	return string(text)
}

// text decodes a character string for the plain form and for otherName values; other types are not
// text.
func (e element) text() (string, bool) {
	switch e.tag {
	case tagUTF8String:
		return decodeUTF8(e.body), true
	case tagPrintableString, tagIA5String, tagGeneralString:
		return decodeASCII(e.body), true
	case tagT61String:
		return decodeLatin1(e.body), true
	case tagBMPString:
		return decodeUTF16(e.body), true
	case tagUniversalString:
		return decodeUTF32(e.body), true
	}
	return "", false
}

// rfc2253Text decodes a character string for the RFC 2253 form, which reads single-octet types as
// Latin-1 and has no UniversalString.
func (e element) rfc2253Text() (string, bool) {
	switch e.tag {
	case tagPrintableString, tagIA5String, tagGeneralString:
		return decodeLatin1(e.body), true
	case tagUniversalString:
		return "", false
	}
	return e.text()
}

// appendHex appends "#" and the whole value element in lower-case hexadecimal (RFC 2253 section 2.4).
func (a attribute) appendHex(dst []byte) []byte {
	return hex.AppendEncode(append(dst, '#'), a.value.encoded())
}

func (a attribute) appendPlain(dst []byte) []byte {
	if keyword := plainKeywords[a.oid]; keyword != "" {
		dst = append(dst, keyword...)
	} else {
		dst = append(append(dst, "OID."...), a.oid...)
	}
	dst = append(dst, '=')
	value, ok := a.value.text()
	if !ok {
		return a.appendHex(dst)
	}
	return appendQuoted(dst, value)
}

// appendQuoted appends a value, in double quotes if it holds a separator or runs of white space. A
// value that already starts and ends with a quote keeps those two as they are and gets no others.
func appendQuoted(dst []byte, value string) []byte {
	quoted := len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"'
	inner := value
	if quoted {
		inner = value[1 : len(value)-1]
	}
	quote := quoted || needsQuotes(inner)
	if quote {
		dst = append(dst, '"')
	}
	for i := range len(inner) {
		if inner[i] == '"' || inner[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, inner[i])
	}
	if quote {
		dst = append(dst, '"')
	}
	return dst
}

func needsQuotes(value string) bool {
	if value == "" {
		return false
	}
	blank := func(c byte) bool { return c == ' ' || c == '\n' }
	if strings.ContainsAny(value, ",+=\n<>#;\\\"") || blank(value[0]) || blank(value[len(value)-1]) {
		return true
	}
	return strings.Contains(value, "  ")
}

func (a attribute) appendRFC2253(dst []byte) []byte {
	keyword := shortKeywords[a.oid]
	if keyword == "" {
		return a.appendHex(append(append(dst, a.oid...), '='))
	}
	dst = append(append(dst, keyword...), '=')
	value, ok := a.value.rfc2253Text()
	if !ok {
		return a.appendHex(dst)
	}
	const blanks = " \r"
	lead := len(value) - len(strings.TrimLeft(value, blanks))
	trail := len(strings.TrimRight(value, blanks))
	for i, r := range value {
		switch {
		case r == 0:
			dst = append(dst, `\00`...)
			continue
		case strings.ContainsRune(`,=+<>#;"\`, r), i < lead, i >= trail:
			dst = append(dst, '\\')
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
