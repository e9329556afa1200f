package text

import "unicode"

// unseen are characters that show nothing, or change how those around them are
// shown, beside controls and formats (Unicode's Default_Ignorable_Code_Point, and
// the blanks that are letters by category).
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x034f, 0x034f, 1}, {0x115f, 0x1160, 1}, {0x17b4, 0x17b5, 1}, {0x180b, 0x180f, 1}, {0x2028, 0x2029, 1}, {0x2065, 0x2065, 1},
		{0x2800, 0x2800, 1}, {0x3164, 0x3164, 1}, {0xfe00, 0xfe0f, 1}, {0xffa0, 0xffa0, 1}, {0xfff0, 0xfff8, 1}, {0xfffc, 0xfffc, 1},
	},
	R32: []unicode.Range32{{0xe0000, 0xe0fff, 1}},
}

// shapes: joiners and selectors change the shape of the character before them; alone
// they show nothing.
func shapes(r rune) bool {
	return r == 0x200c || r == 0x200d || r == 0xfe0e || r == 0xfe0f
}

// hidden reports whether a character shows nothing or turns the direction of
// what follows: controls, formats, blanks that look like nothing, code points
// that are no characters, and those of private use.
func hidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unseen) || r&0xfffe == 0xfffe || 0xfdd0 <= r && r <= 0xfdef
}

// visible reports whether a character leaves something on paper.
func visible(r rune) bool {
	if '!' <= r && r <= '~' {
		return true
	}
	return !hidden(r) && !unicode.IsSpace(r) && !unicode.In(r, unicode.Z)
}

// UnseenInAddress reports whether a character has no place in an address: it
// cannot be seen, or it is a space.
func UnseenInAddress(r rune) bool { return !visible(r) }

// hides reports whether a text has a character that cannot be seen. Joiners and
// selectors may follow a visible one, lines may end where lines are allowed.
func hides(s string, lines bool) bool {
	after := false // a visible character, with what shapes it
	for _, r := range s {
		switch {
		case lines && (r == '\n' || r == '\r' || r == '\t'):
			after = false
		case shapes(r):
			if !after {
				return true
			}
			after = r == 0xfe0e || r == 0xfe0f // a joiner joins one character only
		case hidden(r):
			return true
		default:
			after = visible(r)
		}
	}
	return false
}

// blank reports whether nothing of a text can be seen.
func blank(s string) bool {
	for _, r := range s {
		if visible(r) && !shapes(r) {
			return false
		}
	}
	return true
}
