package tenancy

import (
	"strings"
	"unicode/utf8"
)

// Storable reports whether every database can keep the text as it is: PostgreSQL
// takes neither NUL nor what is not UTF-8, so nothing stored is found by it.
func Storable(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }
