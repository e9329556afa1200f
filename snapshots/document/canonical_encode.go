package document

import (
	"fmt"
	"slices"
	"strconv"

	"tenure/jwk/strictjson"
)

// Encode gives the canonical bytes of a document: one JSON object without
// spaces, its first member the number of its form ("v":1, or 2 of a client that has
// a member of form 2), then the set members in table order. Unset members are left out; strings escape nothing but what RFC
// 8259 demands. Two documents mean the same exactly if their bytes are equal,
// and Decode accepts only such bytes. A byte that is not UTF-8 becomes U+FFFD;
// the rule "text" keeps it from getting here.
func Encode[T Content](doc *T) []byte {
	return appendContent(make([]byte, 0, 2<<10), doc)
}

// The forms of content. A document has the first form that knows all its members, so that
// what is in form 1 keeps its bytes, and a program that knows only form 1 refuses the others
// by their number.
const (
	formOne      = "1"
	formTwo      = "2"
	contentStart = `{"v":` + formOne
)

// firstOfFormTwo begins the members of a client that form 1 does not know.
const firstOfFormTwo = "tls_client_auth_san_dns"

var clientsInFormOne = slices.IndexFunc(clientFields, func(f field[Client]) bool { return f.Name == firstOfFormTwo })

func appendContent[T Content](dst []byte, doc *T) []byte {
	number := len(dst) + len(contentStart) - len(formOne)
	dst = append(dst, contentStart...)
	fields := fieldsOf[T]()
	inFormOne := len(fields)
	if _, isClient := any(doc).(*Client); isClient {
		inFormOne = clientsInFormOne
	}
	dst = appendMembers(dst, fields[:inFormOne], doc)
	before := len(dst)
	if dst = appendMembers(dst, fields[inFormOne:], doc); len(dst) > before {
		copy(dst[number:], formTwo)
	}
	return append(dst, '}')
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
