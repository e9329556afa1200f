package document

import (
	"strings"

	"tenure/tenancy/fault"
)

// checkLocalized wants a name, a locale that is empty or looks like a language
// tag, and each pair of them once.
func checkLocalized(path string, member any) []fault.Field {
	list, ok := member.(*[]Localized)
	if !ok {
		return nil
	}
	var all []fault.Field
	type key struct{ name, locale string }
	seen := make(map[key]bool, len(*list))
	for i, l := range *list {
		if l.Name == "" {
			all = append(all, broken(item(path, i)+"/name", "a localized text needs a name")...)
		}
		if l.Locale != "" && !languageTag(l.Locale) {
			all = append(all, broken(item(path, i)+"/locale", "the locale is not a BCP 47 language tag")...)
		}
		// Tags do not differ by case (RFC 5646 section 2.1.1).
		k := key{l.Name, strings.ToLower(l.Locale)}
		if seen[k] {
			all = append(all, broken(item(path, i), "the same name must not be repeated for one locale")...)
		}
		seen[k] = true
	}
	return all
}

// languageTag holds the shape of RFC 5646 tags, not the registry: subtags of 1
// to 8 ASCII letters and digits, the first of letters only, 35 characters at
// most (its section 4.4.1).
func languageTag(tag string) bool {
	for i, subtag := range strings.Split(tag, "-") {
		if subtag == "" || len(subtag) > 8 {
			return false
		}
		for _, c := range []byte(subtag) {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return len(tag) <= 35
}
