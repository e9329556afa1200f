package document

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"tenure/tenancy/fault"
)

// The constructors below make rules for any table. They name members as the
// tables do and panic, when the rule is made, on a name that no table has.

// forFields makes a rule that checks each named member for itself.
func forFields[T Content](rule string, names []string, check func(path string, member any) []fault.Field) Rule[T] {
	at := make([]func(*T) any, len(names))
	for i, name := range names {
		at[i] = memberAt[T](name)
	}
	return Rule[T]{rule, names, func(in Input[T]) []fault.Field {
		var all []fault.Field
		for i, name := range names {
			if in.Binds(name) {
				all = append(all, check("/"+name, at[i](in.Next))...)
			}
		}
		return all
	}}
}

// forTexts is forFields over the strings of the members that are set.
func forTexts[T Content](rule string, names []string, check func(text string) (message string)) Rule[T] {
	return forFields[T](rule, names, func(path string, member any) []fault.Field {
		if text, ok := member.(*string); ok && *text == "" {
			return nil
		}
		return eachText(path, member, check)
	})
}

func memberAt[T Content](name string) func(*T) any {
	for _, f := range fieldsOf[T]() {
		if f.Name == name {
			return f.at
		}
	}
	panic(fmt.Sprintf("document: %T has no member %q", *new(T), name))
}

// OneOf takes a string that is unset or one of the values, a list whose items
// all are.
func OneOf[T Content](name string, values ...string) Rule[T] {
	return forTexts[T]("one-of", []string{name}, checkOneOf(values))
}

func checkOneOf(values []string) func(text string) string {
	return func(text string) string {
		if slices.Contains(values, text) {
			return ""
		}
		return "the value is none of " + strings.Join(values, ", ")
	}
}

// MaxLength bounds strings and list items in characters.
func MaxLength[T Content](limit int, names ...string) Rule[T] {
	return forTexts[T]("max-length", names, func(text string) string {
		if utf8.RuneCountInString(text) > limit {
			return fmt.Sprintf("the text is longer than %d characters", limit)
		}
		return ""
	})
}

// Required wants the members set; a list has to have an item.
func Required[T Content](names ...string) Rule[T] {
	return forFields[T]("required", names, func(path string, member any) []fault.Field {
		list, isList := listOf(member)
		if isList && len(list) == 0 || len(appendMember(nil, "", member)) == 0 {
			return broken(path, "the member is required")
		}
		return nil
	})
}

// NoEmptyItems refuses empty strings in lists.
func NoEmptyItems[T Content](names ...string) Rule[T] {
	return forTexts[T]("empty-item", names, func(text string) string {
		if text == "" {
			return "the list has an empty item"
		}
		return ""
	})
}

// AbsoluteURI wants URIs that parse and have a scheme.
func AbsoluteURI[T Content](names ...string) Rule[T] {
	return forTexts[T]("uri-absolute", names, func(text string) string {
		if u, err := url.Parse(text); err != nil || u.Scheme == "" {
			return "the value is not an absolute URI"
		}
		return ""
	})
}

// LifetimeWithin bounds lifetimes that are set, in their own unit, both ends
// included.
func LifetimeWithin[T Content](shortest, longest int64, names ...string) Rule[T] {
	return forFields[T]("lifetime", names, func(path string, member any) []fault.Field {
		span := *member.(*Lifetime)
		if span != nil && (*span < shortest || *span > longest) {
			return broken(path, "the lifetime is not between %d and %d", shortest, longest)
		}
		return nil
	})
}
