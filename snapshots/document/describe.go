package document

import "fmt"

// Form says how the value of a member is to be read.
type Form uint8

// The forms of the field tables' members, with the JSON of a set one.
const (
	FormText        Form = iota // string
	FormList                    // array of strings; empty is unset
	FormInheritable             // array of strings; empty is not unset
	FormFlag                    // true or false
	FormLifetime                // integer
	FormKeySet                  // RFC 7517 object
	FormJSON                    // any JSON
	FormLocalized               // array of objects {name, value, locale}
	FormScopes                  // array of objects with the members of ScopeMembers
)

// Member is one row of a document's table with the value it has there.
type Member struct {
	Name  string
	Form  Form
	Value string // canonical JSON as in Encode; empty when unset
}

// Members lists every member of a document in table order, unset ones
// included. Values are JSON, except that a JSON or JWKS member that was not
// parsed is given as it is.
func Members[T Content](doc *T) []Member { return membersOf(fieldsOf[T](), doc) }

// ScopeMembers does the same for a scope of a resource server.
func ScopeMembers(scope *Scope) []Member { return membersOf(scopeFields, scope) }

func membersOf[T any](fields []field[T], doc *T) []Member {
	members := make([]Member, len(fields))
	ends := make([]int, len(fields))
	buf := make([]byte, 0, 2<<10)
	for i, f := range fields {
		member := f.at(doc)
		members[i].Name, members[i].Form = f.Name, formOf(member)
		buf = appendMember(buf, f.Name, member)
		ends[i] = len(buf)
	}
	// One copy backs all values.
	all, start := string(buf), 0
	for i, end := range ends {
		if end > start {
			members[i].Value = all[start+memberStart(all[start:], fields[i].Name) : end]
		}
		start = end
	}
	return members
}

// memberStart is the length of what stands before a member's value.
func memberStart(text, name string) int {
	n := len(`"":`) + len(name)
	if text[0] == ',' {
		n++
	}
	return n
}

func formOf(member any) Form {
	switch member.(type) {
	case *string:
		return FormText
	case *[]string:
		return FormList
	case *inheritable:
		return FormInheritable
	case *Flag:
		return FormFlag
	case *Lifetime:
		return FormLifetime
	case *JWKS:
		return FormKeySet
	case *JSON:
		return FormJSON
	case *[]Localized:
		return FormLocalized
	case *[]Scope:
		return FormScopes
	}
	panic(fmt.Sprintf("document: a field table has a member of type %T", member))
}
