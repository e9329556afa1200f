package document

import (
	"fmt"
	"strconv"

	"tenure/jwk/strictjson"
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

// formatVersion is the format of all content so far, contentStart its name.
const (
	formatVersion = "1"
	contentStart  = `{"v":` + formatVersion
)

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
			dst = strictjson.AppendText(appendName(dst, name), *m)
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

func appendText(dst []byte, text *string) []byte { return strictjson.AppendText(dst, *text) }

func appendLocalized(dst []byte, l *Localized) []byte {
	return append(appendMembers(append(dst, '{'), localizedFields, l), '}')
}

func appendScope(dst []byte, s *Scope) []byte {
	return append(appendMembers(append(dst, '{'), scopeFields, s), '}')
}
