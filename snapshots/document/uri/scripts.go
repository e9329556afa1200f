package uri

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// together are the scripts that one language uses in one word; letters of others look too
// much alike (UTS 39 section 5.2, "highly restrictive").
var together = [][]string{{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"}}

// mixedName reports whether a label of a name, which is in ASCII, mixes scripts.
func mixedName(ascii string) bool {
	const encoded = "xn--"
	if !strings.Contains(ascii, encoded) {
		return false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if !strings.HasPrefix(label, encoded) {
			continue
		}
		if text, err := idna.Punycode.ToUnicode(label); err == nil && mixed(text) {
			return true
		}
	}
	return false
}

// mixed reports whether a label has letters of scripts that do not go together.
func mixed(label string) bool {
	var seen []string
	for _, r := range label {
		if unicode.In(r, unicode.Common, unicode.Inherited) ||
			slices.ContainsFunc(seen, func(script string) bool { return unicode.Is(unicode.Scripts[script], r) }) {
			continue
		}
		script, known := scriptOf(r)
		if !known {
			return true
		}
		seen = append(seen, script)
		goes := func(set []string) bool {
			return !slices.ContainsFunc(seen, func(script string) bool { return !slices.Contains(set, script) })
		}
		if len(seen) > 1 && !slices.ContainsFunc(together, goes) {
			return true
		}
	}
	return false
}

// scriptOf is the name of a character's script; only code points without a character
// have none.
func scriptOf(r rune) (name string, known bool) {
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name, true
		}
	}
	return "", false
}
