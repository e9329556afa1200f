package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tenure/tenancy"
)

// Param declares one query parameter of a route. Handle reads it by its name
// from the Call; what a route does not declare cannot be read.
type Param struct {
	Name  string
	kind  paramKind
	words []string // of kindWord
	least int64    // of kindInt
	most  int64    // of kindInt
	times int      // how often it may be given; 1 if zero
	loose bool
}

type paramKind uint8

const (
	kindText paramKind = iota
	kindInstant
	kindInt
	kindFlag
	kindWord
	kindID
	kindUUID
	kindCursor
	kindFamily
)

// Text is any text.
func Text(name string) Param { return Param{Name: name} }

// Instant is an instant of RFC 3339 between 1970 and 9999.
func Instant(name string) Param { return Param{Name: name, kind: kindInstant} }

// Int is a whole number between least and most.
func Int(name string, least, most int64) Param {
	return Param{Name: name, kind: kindInt, least: least, most: most}
}

// Flag is true or false.
func Flag(name string) Param { return Param{Name: name, kind: kindFlag} }

// Word is one of words.
func Word(name string, words ...string) Param {
	return Param{Name: name, kind: kindWord, words: words}
}

// ID is the id of an entity or a snapshot: 32 hexadecimal digits in lower case.
func ID(name string) Param { return Param{Name: name, kind: kindID} }

// UUID is the id of an organization.
func UUID(name string) Param { return Param{Name: name, kind: kindUUID} }

// Cursor is where a page begins, as the page before said it. The handler
// checks its form.
func Cursor(name string) Param { return Param{Name: name, kind: kindCursor} }

// The parameters that say which instant a read is about. A route with at also
// takes the header Accept-Datetime (RFC 7089). Call.Instants reads them.
func At() Param      { return Instant(nameAt) }
func KnownAt() Param { return Instant(nameKnownAt) }

// DryRun is the parameter that asks for a write to be tried only.
// Call.DryRun reads it.
func DryRun() Param { return Flag(nameDryRun) }

const (
	nameAt      = "at"
	nameKnownAt = "known_at"
	nameDryRun  = "dry_run"
)

// Family is every parameter whose name begins with prefix; Call.Family reads
// them.
func Family(prefix string) Param { return Param{Name: prefix, kind: kindFamily} }

// Repeated lets the parameter be given up to most times.
func (p Param) Repeated(most int) Param {
	p.times = most
	return p
}

// AsIs leaves the checks to the handler: the parameter may be empty and given
// any number of times. It is for dialects whose originals are lenient, or have
// their own words for what is wrong.
func (p Param) AsIs() Param {
	p.loose = true
	return p
}

// String is the declaration as the list of routes shows it, like
// limit=1..1000 or kind*=created|deleted; the star says that it may be repeated.
func (p Param) String() string {
	text := p.Name
	if p.times > 1 {
		text += "*"
	}
	switch p.kind {
	case kindInstant:
		text += "=instant"
	case kindInt:
		text += fmt.Sprintf("=%d..%d", p.least, p.most)
	case kindFlag:
		text += "=flag"
	case kindWord:
		text += "=" + strings.Join(p.words, "|")
	case kindID:
		text += "=id"
	case kindUUID:
		text += "=uuid"
	case kindCursor:
		text += "=cursor"
	case kindFamily:
		text += "…"
	}
	if p.loose {
		text += "~"
	}
	return text
}

// Words lists what the parameter can be; nil if it is no word.
func (p Param) Words() []string { return p.words }

// is reports whether the parameter is the one of a name.
func (p Param) is(name string) bool {
	return p.Name == name || p.kind == kindFamily && strings.HasPrefix(name, p.Name)
}

// fault is what is wrong with the values, as the end of a sentence that begins
// with the parameter's name; empty if nothing is. strict refuses an empty text.
func (p Param) fault(values []string, strict bool) string {
	if p.loose || p.kind == kindFamily {
		return ""
	}
	switch most := max(p.times, 1); {
	case len(values) > most && most == 1:
		return "may be given once"
	case len(values) > most:
		return fmt.Sprintf("may be given at most %d times", most)
	}
	for _, v := range values {
		if text := p.faultOf(v, strict); text != "" {
			return text
		}
	}
	return ""
}

func (p Param) faultOf(value string, strict bool) string {
	ok, want := true, ""
	switch p.kind {
	case kindInstant:
		_, ok = parseInstant(value)
		want = "must be one instant of RFC 3339, like 2026-01-31T12:00:00Z"
	case kindInt:
		n, err := strconv.ParseInt(value, 10, 64)
		ok = err == nil && strconv.FormatInt(n, 10) == value && n >= p.least && n <= p.most
		want = fmt.Sprintf("must be a whole number from %d to %d", p.least, p.most)
	case kindFlag:
		ok = value == "true" || value == "false"
		want = "must be true or false"
	case kindWord:
		for _, w := range p.words {
			if w == value {
				return ""
			}
		}
		return p.notAWord(value)
	case kindID:
		ok = isID(value)
		want = "must be an id of 32 hexadecimal digits in lower case"
	case kindUUID:
		_, err := tenancy.ParseOrgID(value)
		ok = err == nil
		want = "must be a UUID"
	case kindText, kindCursor:
		ok = value != "" || !strict
		want = "is empty; leave it out instead"
	}
	if ok {
		return ""
	}
	return want
}

func (p Param) notAWord(value string) string {
	if near := Nearest(value, p.words); near != "" && value != "" {
		return fmt.Sprintf("cannot be %q; did you mean %s?", value, near)
	}
	last := len(p.words) - 1
	if last == 0 {
		return "must be " + p.words[0]
	}
	return "must be one of " + strings.Join(p.words[:last], ", ") + " or " + p.words[last]
}

// parseInstant reads an instant. A plus sign that was not escaped arrives as a
// space, and is taken as one.
func parseInstant(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+"))
	return at, err == nil && at.Year() >= 1970 && at.Year() <= 9999
}

func isID(text string) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) == 32
}
