package jwk

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tenure/tenancy/text"
)

// printable reports whether a name has only the characters that registered names have, or spaces.
func printable(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' })
}

// Characters of the longest names: of a kty or an alg, and of privateMembers and kty.
const (
	longestValue  = 24
	longestMember = 4
)

// bare is [text.Bare] of a name that could be in the tables, which are ASCII. Any other name stays as it is:
// a set may have thousands, and to decompose a long one takes seconds.
func bare(name string, longest int) string {
	seen := make([]byte, 0, longestValue)
	for _, c := range name {
		letters := string(c)
		if c >= utf8.RuneSelf {
			if decomposed := norm.NFKD.PropertiesString(letters).Decomposition(); decomposed != nil {
				letters = string(decomposed)
			}
		}
		for _, letter := range letters {
			switch {
			case text.UnseenInAddress(letter) || unicode.Is(unicode.M, letter):
			case letter >= utf8.RuneSelf || len(seen) == longest:
				return name
			default:
				seen = append(seen, byte(unicode.ToLower(letter)))
			}
		}
	}
	return string(seen)
}

// isPrivate reports whether lenient readers could take a member of a key for one of privateMembers.
func isPrivate(member string) bool {
	return slices.Contains(privateMembers, bare(member, longestMember))
}

// isKty reports whether they could take a member for the kty.
func isKty(member string) bool { return bare(member, longestMember) == "kty" }

// kinds and names are what a kty and an alg may be, by their bare spelling.
var (
	kinds = bareNames(keyTypes)
	names = bareNames(algorithms)
)

func bareNames[V any](table map[string]V) map[string]string {
	all := make(map[string]string, len(table))
	for name := range maps.Keys(table) {
		all[bare(name, longestValue)] = name
	}
	return all
}

// spelling checks how the kty of an unknown key is written: the rules of a type bind the keys that a
// lenient reader takes for one of it.
func (j *judging) spelling() {
	plain := bare(j.key.kty, longestValue)
	_, known := kinds[plain]
	switch {
	case known || plain == "":
		j.fault("kty-spelling", "kty")
	case !printable(j.key.kty):
		j.say("kty-spelling", "The kty must have printable ASCII characters only, as every registered one (RFC 7517 section 8.3).", "kty")
	}
}
