package document

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tenure/tenancy/fault"
)

// Rule is one named check over a document. Fields are the table names of the
// members it reads; empty means any. Check gives the broken ones with paths in
// table names; Validate puts the rule's name on those that bear none.
type Rule[T Content] struct {
	Name   string
	Fields []string
	Check  func(in Input[T]) []fault.Field
}

// Input is what a rule may look at.
type Input[T Content] struct {
	Next *T
	Base *T // in force at the write's instant; nil on create
	// Setup is the one in force at that instant, for clients; nil acts as a
	// setup without defaults.
	Setup *Setup
	// DeclaredScopes tells whether a resource server of the setup declares the
	// scope; nil if that is not checked.
	DeclaredScopes func(name string) bool

	// Level says who brings the document, and so how strict the rules are.
	Level Level

	// Raw is Encode of Next where the caller knows it already, else nil.
	Raw []byte
	// Unread are the faults of members that could not be read. A rule that reads
	// one of them that Next does not have at all is skipped: it would name another
	// cause.
	Unread []fault.Field

	changed []string // members; by Validate if it is nil, of no meaning without a base
}

// Binds reports whether rules bind the member: it is new, or its value is not
// the one that is stored already (design: rule U). Checks over several
// unrelated members ask it for each.
func (in Input[T]) Binds(name string) bool {
	return in.Base == nil || slices.Contains(in.changed, name)
}

// Validate runs the rules in order and gives all that is broken, not only the
// first, but for lists that are too long: then no other rule is run. What was stored stays acceptable: with a base, a rule none of whose
// members changed is skipped.
func Validate[T Content](rules []Rule[T], in Input[T]) []fault.Field {
	if in.Base != nil {
		if in.changed == nil {
			in.changed = Changed(in.Base, in.Next)
		}
		if len(in.changed) == 0 {
			return nil
		}
	}
	var broken []fault.Field
	for _, rule := range rules {
		if len(rule.Fields) > 0 && (!slices.ContainsFunc(rule.Fields, in.Binds) || slices.ContainsFunc(rule.Fields, in.unread)) {
			continue
		}
		for _, f := range rule.Check(in) {
			if f.Rule == "" {
				f.Rule = rule.Name
			}
			broken = append(broken, f)
		}
		if rule.Name == listLength && len(broken) > 0 {
			break // whoever sends a million items is not told of each
		}
	}
	return broken
}

// listLength is the first rule of every document: the others look at each item.
const listLength = "list-length"

// HasLongList reports whether a list was too long for the other rules to be run.
func HasLongList(broken []fault.Field) bool {
	return slices.ContainsFunc(broken, func(f fault.Field) bool { return f.Rule == listLength })
}

func (in Input[T]) unread(member string) bool {
	read := func(f field[T]) bool { return f.Name == member && !reflect.ValueOf(f.at(in.Next)).Elem().IsZero() }
	return len(in.Unread) > 0 && !slices.ContainsFunc(fieldsOf[T](), read) && slices.ContainsFunc(in.Unread, func(f fault.Field) bool {
		rest, found := strings.CutPrefix(f.Path, "/"+member)
		return found && (rest == "" || rest[0] == '/')
	})
}

// maxContentBytes is the limit of every document, in bytes.
const maxContentBytes = 512 << 10

// MaxItems bounds every list of a document.
const MaxItems = 1000

// everyRules hold for each of the three types.
func everyRules[T Content]() []Rule[T] {
	return []Rule[T]{
		{Name: listLength, Check: eachMember[T](checkListLength)},
		{Name: "text", Check: checkTexts[T]},
		{Name: "json", Check: eachMember[T](checkJSON)},
		{Name: "localized", Check: eachMember[T](checkLocalized)},
		{Name: "content-size", Check: func(in Input[T]) []fault.Field {
			if in.Raw == nil {
				in.Raw = Encode(in.Next)
			}
			if len(in.Raw) > maxContentBytes {
				return broken("", "the whole document is larger than %d bytes", maxContentBytes)
			}
			return nil
		}},
	}
}

// broken is one fault whose rule Validate fills in.
func broken(path, format string, args ...any) []fault.Field {
	return []fault.Field{{Path: path, Message: fmt.Sprintf(format, args...)}}
}

// item is the path of an element of the member or list at path.
func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }

// eachMember makes a check of every bound member that is set, those of listed
// objects included.
func eachMember[T Content](check func(path string, member any) []fault.Field) func(Input[T]) []fault.Field {
	return func(in Input[T]) []fault.Field {
		var all []fault.Field
		for _, f := range fieldsOf[T]() {
			member := f.at(in.Next)
			if in.Binds(f.Name) && !reflect.ValueOf(member).Elem().IsZero() {
				walk("/"+f.Name, member, func(path string, member any) {
					all = append(all, check(path, member)...)
				})
			}
		}
		return all
	}
}

// walk visits a member and then those of the objects it lists, with paths.
func walk(path string, member any, visit func(path string, member any)) {
	visit(path, member)
	switch m := member.(type) {
	case *[]Localized:
		walkList(path, localizedFields, *m, visit)
	case *[]Scope:
		walkList(path, scopeFields, *m, visit)
	}
}

func walkList[E any](path string, fields []field[E], list []E, visit func(path string, member any)) {
	for i := range list {
		for _, f := range fields {
			walk(item(path, i)+"/"+f.Name, f.at(&list[i]), visit)
		}
	}
}

// eachText collects what check says of a member's strings, nothing if it is
// empty; members of other kinds have none.
func eachText(path string, member any, check func(text string) (message string)) []fault.Field {
	if text, ok := member.(*string); ok {
		if message := check(*text); message != "" {
			return broken(path, "%s", message)
		}
	}
	var all []fault.Field
	list, _ := listOf(member)
	for i, text := range list {
		if message := check(text); message != "" {
			all = append(all, broken(item(path, i), "%s", message)...)
		}
	}
	return all
}

// listOf is the value of a member that lists strings.
func listOf(member any) (list []string, ok bool) {
	switch m := member.(type) {
	case *[]string:
		return *m, true
	case *inheritable:
		return *m, true
	}
	return nil, false
}

func checkListLength(path string, member any) []fault.Field {
	list, _ := listOf(member)
	items := len(list)
	switch m := member.(type) {
	case *[]Localized:
		items = len(*m)
	case *[]Scope:
		items = len(*m)
	}
	if items > MaxItems {
		return broken(path, "the list has more than %d items", MaxItems)
	}
	return nil
}

// checkJSON catches a value that did not come from ParseJSON: it would make the
// whole content unreadable.
func checkJSON(path string, member any) []fault.Field {
	doc, ok := member.(*JSON)
	if !ok || *doc == "" {
		return nil
	}
	canonical, err := ParseJSON([]byte(*doc))
	if err != nil {
		return broken(path, "not a JSON document: %v", err)
	}
	if canonical != *doc {
		return broken(path, "the JSON document is not in canonical form")
	}
	return nil
}
