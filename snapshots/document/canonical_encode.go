package document

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Encode gives the canonical bytes of a document: one JSON object without
// spaces, its first member the format version ("v":1), then the set members in
// table order. Unset members are left out; strings escape nothing but what RFC
// 8259 demands. Two documents mean the same exactly if their bytes are equal,
// and Decode accepts only such bytes. A byte that is not UTF-8 becomes U+FFFD;
// the rule "text" keeps it from getting here.
func Encode[T Content](doc *T) []byte {
	return appendContent(make([]byte, 0, 2<<10), doc)
}

// contentStart names the format of all content so far.
const contentStart = `{"v":1`

func appendContent[T Content](dst []byte, doc *T) []byte {
	return append(appendMembers(append(dst, contentStart...), fieldsOf[T](), doc), '}')
}

// appendMembers appends to an object that is open at the end of dst.
func appendMembers[T any](dst []byte, fields []field[T], doc *T) []byte {
	for i := range fields {
		dst = appendMember(dst, fields[i].Name, fields[i].at(doc))
	}
	return dst
}

// appendMember appends a member, nothing if it is unset.
func appendMember(dst []byte, name string, member any) []byte {
	switch m := member.(type) {
	case *string:
		if *m != "" {
			dst = appendString(appendName(dst, name), *m)
		}
	case *[]string:
		if len(*m) > 0 {
			dst = appendList(appendName(dst, name), *m, appendText)
		}
	case *inheritable:
		if *m != nil {
			dst = appendList(appendName(dst, name), *m, appendText)
		}
	case *Flag:
		if *m != Unset {
			dst = strconv.AppendBool(appendName(dst, name), *m == True)
		}
	case *Lifetime:
		if *m != nil {
			dst = strconv.AppendInt(appendName(dst, name), **m, 10)
		}
	case *JWKS:
		if *m != "" {
			dst = append(appendName(dst, name), *m...)
		}
	case *JSON:
		if *m != "" {
			dst = append(appendName(dst, name), *m...)
		}
	case *[]Localized:
		if len(*m) > 0 {
			dst = appendList(appendName(dst, name), *m, appendLocalized)
		}
	case *[]Scope:
		if len(*m) > 0 {
			dst = appendList(appendName(dst, name), *m, appendScope)
		}
	default:
		panic(fmt.Sprintf("document: a field table has a member of type %T", member))
	}
	return dst
}

// appendName appends the name of a member; the tables' names need no escapes.
func appendName(dst []byte, name string) []byte {
	if len(dst) > 0 && dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(append(append(dst, '"'), name...), '"', ':')
}

func appendList[E any](dst []byte, list []E, item func([]byte, *E) []byte) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item(dst, &list[i])
	}
	return append(dst, ']')
}

func appendText(dst []byte, text *string) []byte { return appendString(dst, *text) }

func appendLocalized(dst []byte, l *Localized) []byte {
	return append(appendMembers(append(dst, '{'), localizedFields, l), '}')
}

func appendScope(dst []byte, s *Scope) []byte {
	return append(appendMembers(append(dst, '{'), scopeFields, s), '}')
}

// appendString appends a JSON string with the fewest escapes: quotation mark,
// backslash and the control characters below U+0020, in their short form where
// there is one.
func appendString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0 // text[:done] is appended
	for i := 0; i < len(text); {
		c := text[i]
		if ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				dst = utf8.AppendRune(append(dst, text[done:i]...), utf8.RuneError)
				done = i + 1
			}
			i += size
			continue
		}
		dst = append(append(dst, text[done:i]...), '\\')
		i++
		done = i
		switch c {
		case '"', '\\':
			dst = append(dst, c)
		case '\b':
			dst = append(dst, 'b')
		case '\f':
			dst = append(dst, 'f')
		case '\n':
			dst = append(dst, 'n')
		case '\r':
			dst = append(dst, 'r')
		case '\t':
			dst = append(dst, 't')
		default:
			dst = append(dst, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, text[done:]...), '"')
}
