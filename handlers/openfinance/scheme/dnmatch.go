package scheme

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Match reports whether two names are equal by distinguishedNameMatch (RFC 4517
// section 4.2.15; B-15): the same number of relative names in the same order, each
// with the same attributes in any order. Character strings of any ASN.1 type are
// compared by caseIgnoreMatch (4.2.11), other values by their DER. A name without
// attributes matches nothing.
func (n DN) Match(other DN) bool {
	if len(n) == 0 || len(n) != len(other) {
		return false
	}
	for i := range n {
		if !n[i].match(other[i]) {
			return false
		}
	}
	return true
}

// match pairs the attributes of two relative names, using each once.
func (r RelativeName) match(other RelativeName) bool {
	if len(r) != len(other) {
		return false
	}
	used := make([]bool, len(other))
next:
	for _, a := range r {
		for i, b := range other {
			if !used[i] && a.match(b) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}

func (a Attribute) match(b Attribute) bool {
	if a.OID != b.OID || a.Is != b.Is {
		return false
	}
	if a.Is == Text {
		return prepare(a.Text) == prepare(b.Text)
	}
	return bytes.Equal(a.DER, b.DER)
}

// prepare is the string preparation of caseIgnoreMatch (RFC 4518): it maps, folds
// and normalizes (NFKC), and drops insignificant spaces: those at the ends, and
// all but one of a sequence.
func prepare(text string) string {
	text = strings.Map(mapped, text)
	text = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
	return strings.Join(strings.Fields(text), " ")
}

// mapped is the first part of RFC 4518 section 2.2: spaces of all kinds become
// SPACE; controls and characters without width are dropped.
func mapped(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.In(r, unicode.Z):
		return ' '
	case unicode.IsControl(r), unicode.In(r, unicode.Cf), r == 0x034f, r == 0xfffc, r >= 0x180b && r <= 0x180d, r >= 0xfe00 && r <= 0xfe0f:
		return -1
	}
	return r
}
