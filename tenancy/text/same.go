package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Folded is the form in which two names are compared: letters of other widths
// and of composed accents are the same (NFKC), so are upper and lower case, and
// runs of spaces are one.
func Folded(name string) string {
	folded := cases.Fold().String(norm.NFKC.String(name))
	return strings.Join(strings.Fields(norm.NFKC.String(folded)), " ")
}

// Same reports whether people would take two names for one.
func Same(a, b string) bool { return a == b || Folded(a) == Folded(b) }

// Bare is what is left of a name for readers who pass over case, width, accents, blanks
// and what cannot be seen.
func Bare(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return name
	}
	folded := cases.Fold().String(norm.NFKD.String(name))
	return strings.Map(func(r rune) rune {
		if !visible(r) || unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(folded))
}
