package text

import (
	"strings"

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
