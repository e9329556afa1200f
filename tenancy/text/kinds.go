package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a text is. Its row says which rules hold for it.
type Kind uint8

// The kinds.
const (
	Line   Kind = iota // one line that people read: labels, contacts, identifiers
	Title              // a longer one: names of clients and owners
	Prose              // the same with line ends and tabs: comments, descriptions
	Name               // of an organization, a key, a module: a line of at most 255 bytes
	Reason             // of a change: a line of at most 1,000 bytes with 3 letters
	Word               // of a protocol: grant types, methods, algorithms
	Words              // several of those, with single spaces
	Scope              // a scope-token of RFC 6749
	ID                 // a client_id: a line of at most 255 bytes
	VSChar             // a client_id of RFC 6749: printable ASCII, spaces included
	Code               // the text of a JSON object: kept as it is
)

// Limits in bytes. Hydra's users store names of 100 kB, so what people write
// for people may be long.
const (
	MaxLine   = 8 << 10
	MaxProse  = 256 << 10
	MaxName   = 255
	MaxReason = 1000
	MinReason = 3 // letters
)

// Row is the rules of a kind.
type Row struct {
	Name   string
	Says   string // what it takes, for people
	Max    int    // bytes
	broken func(s string) *Fault
}

// Fault is a broken rule: its name, which does not change, and one sentence.
type Fault struct{ Rule, Message string }

var (
	notUTF8 = &Fault{"text", "the text is not UTF-8, or has a NUL character"}
	hiding  = &Fault{"text-character", "the text has a character that cannot be seen, or one that turns the direction of others"}
	empty   = &Fault{"text-blank", "the text shows nothing"}
	noWord  = &Fault{"text-word", "the text is no word of printable ASCII without spaces"}
	noScope = &Fault{"scope-word", "a scope is a word of printable ASCII without spaces, quotation marks and backslashes (RFC 6749 section 3.3)"}
	noID    = &Fault{"client-id", "the client_id has a character that is not allowed"}
	dotID   = &Fault{"client-id", "the client_id must not be . or .., which are lost in paths"}
	lengthy = &Fault{"client-id", "a client_id has 1 to 255 bytes"}
	noWhy   = &Fault{"reason", fmt.Sprintf("a reason needs at least %d letters", MinReason)}
)

// Table is the rules of every kind; it is never written to.
var Table = map[Kind]Row{
	Line:   {"line", "no control, direction or invisible characters; something to see", MaxLine, line},
	Title:  {"title", "as a line", MaxProse, line},
	Prose:  {"prose", "as a line, and line ends and tabs", MaxProse, prose},
	Name:   {"name", "as a line", MaxName, line},
	Reason: {"reason", "as a line, with at least 3 letters", MaxReason, reason},
	Word:   {"word", "printable ASCII without spaces", MaxLine, word},
	Words:  {"words", "words with single spaces between them", MaxLine, words},
	Scope:  {"scope", "RFC 6749 section 3.3: printable ASCII without spaces, \" and \\", MaxLine, scope},
	ID:     {"client id", "as a line; not . or ..", 255, id},
	VSChar: {"client id of RFC 6749", "printable ASCII, spaces included; not . or ..", 255, vsChar},
	Code:   {"code", "UTF-8 without NUL", MaxProse, func(string) *Fault { return nil }},
}

// Check is the first rule that a text breaks, nil if it breaks none.
func Check(kind Kind, s string) *Fault {
	row := Table[kind]
	switch {
	case !utf8.ValidString(s) || strings.Contains(s, "\x00"):
		if kind == ID || kind == VSChar {
			return noID
		}
		return notUTF8
	case len(s) > row.Max && (kind == ID || kind == VSChar):
		return lengthy
	case len(s) > row.Max:
		return &Fault{"text-length", fmt.Sprintf("the text is longer than %d bytes", row.Max)}
	}
	return row.broken(s)
}

func line(s string) *Fault { return shown(s, false) }

func prose(s string) *Fault { return shown(s, true) }

func shown(s string, lines bool) *Fault {
	switch {
	case hides(s, lines):
		return hiding
	case blank(s):
		return empty
	}
	return nil
}

func reason(s string) *Fault {
	if f := line(s); f != nil {
		return f
	}
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters < MinReason {
		return noWhy
	}
	return nil
}

// IsReason reports whether a text is a reason.
func IsReason(s string) bool { return Check(Reason, s) == nil }

func printable(s string, not string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte(not, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func word(s string) *Fault {
	if !printable(s, "") {
		return noWord
	}
	return nil
}

func words(s string) *Fault {
	for one := range strings.SplitSeq(s, " ") {
		if !printable(one, "") {
			return noWord
		}
	}
	return nil
}

func scope(s string) *Fault {
	if !printable(s, `"\`) {
		return noScope
	}
	return nil
}

func id(s string) *Fault {
	switch {
	case s == "":
		return lengthy
	case s == "." || s == "..":
		return dotID
	case line(s) != nil:
		return noID
	}
	return nil
}

func vsChar(s string) *Fault {
	if f := id(s); f != nil {
		return f
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r > '~' }) {
		return noID
	}
	return nil
}
