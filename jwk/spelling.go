package jwk

import (
	"maps"
	"slices"
	"strings"

	"tenure/tenancy/text"
)

// printable reports whether a name has only the characters that registered names have, or spaces.
func printable(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' })
}

// isPrivate reports whether lenient readers could take a member of a key for one of privateMembers.
func isPrivate(member string) bool {
	return slices.Contains(privateMembers, text.Bare(member))
}

// kinds and names are what a kty and an alg may be, by their bare spelling ([text.Bare]).
var (
	kinds = bareNames(keyTypes)
	names = bareNames(algorithms)
)

func bareNames[V any](table map[string]V) map[string]string {
	all := make(map[string]string, len(table))
	for name := range maps.Keys(table) {
		all[text.Bare(name)] = name
	}
	return all
}

// spelling checks how the kty of an unknown key is written: the rules of a type bind the keys that a
// lenient reader takes for one of it.
func (j *judging) spelling() {
	plain := text.Bare(j.key.kty)
	_, known := kinds[plain]
	switch {
	case known || plain == "":
		j.fault("kty-spelling", "kty")
	case !printable(j.key.kty):
		j.say("kty-spelling", "The kty must have printable ASCII characters only, as every registered one (RFC 7517 section 8.3).", "kty")
	}
}
