package jwk

import (
	"maps"
	"strings"
	"unicode"
)

// folded is a name as lenient readers compare it: in lower case, without spaces and characters that
// cannot be seen.
func folded(name string) string {
	return strings.ToLower(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || !unicode.IsGraphic(c) {
			return -1
		}
		return c
	}, name))
}

// kinds and names are what a kty and an alg may be, by their folded spelling.
var (
	kinds = foldedNames(keyTypes)
	names = foldedNames(algorithms)
)

func foldedNames[V any](table map[string]V) map[string]string {
	all := make(map[string]string, len(table))
	for name := range maps.Keys(table) {
		all[folded(name)] = name
	}
	return all
}

// spelling checks how the kty of an unknown key is written: the rules of a type bind the keys that a
// lenient reader takes for one of it.
func (j *judging) spelling() {
	plain := folded(j.key.kty)
	if _, known := kinds[plain]; known || plain == "" {
		j.fault("kty-spelling", "kty")
	}
}
