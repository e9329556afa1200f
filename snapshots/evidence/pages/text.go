package pages

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"

	"tenure/tenancy/history"
	"tenure/tenancy/text"
)

// maxShown bounds a value on a page, in bytes: the old and the new one fit on a
// printed page, unless they have very many lines.
const maxShown = 2000

// shown is a foreign text as a page shows it: escaped, set apart from the text
// around it, and with the code of each character that has no look of its own.
func shown(s string) template.HTML {
	if s == "" {
		return `<i class="none">(empty)</i>`
	}
	if !strings.ContainsFunc(s, special) { // most texts
		return template.HTML("<bdi>" + s + "</bdi>")
	}
	var b strings.Builder
	b.WriteString("<bdi>")
	start := 0
	for at, r := range s {
		if r == ' ' || unicode.IsGraphic(r) && !text.UnseenInAddress(r) {
			continue
		}
		template.HTMLEscape(&b, []byte(s[start:at]))
		fmt.Fprintf(&b, `<span class="code">U+%04X</span>`, r)
		if start = at + len(string(r)); r == '\n' {
			b.WriteString("<br>")
		}
		if r == unicode.ReplacementChar && !strings.HasPrefix(s[at:], "\uFFFD") {
			start = at + 1 // a byte that is no character
		}
	}
	template.HTMLEscape(&b, []byte(s[start:]))
	b.WriteString("</bdi>")
	return template.HTML(b.String())
}

// special reports whether a character is not shown as it is, or may not be.
func special(r rune) bool {
	return r < ' ' || r > '~' || r == '<' || r == '>' || r == '&' || r == '\'' || r == '"'
}

// cut shortens a text to maxShown bytes, and says how long it was; 0 for whole.
func cut(s string) (string, int) {
	if len(s) <= maxShown {
		return s, 0
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…", len(s)
}

// stamp is an instant, in UTC.
type stamp struct {
	ISO         string // empty for what is no instant
	Date, Clock string
	Text        string // of what is no instant
}

func micros(m history.Micros) stamp { return stampOf(m.Time(), "15:04:05.000000 UTC") }

func millis(m history.Millis) stamp { return stampOf(m.Time(), "15:04:05.000 UTC") }

func stampOf(t time.Time, clock string) stamp {
	return stamp{ISO: t.Format(time.RFC3339Nano), Date: t.Format(time.DateOnly), Clock: t.Format(clock)}
}

// instant reads one of the manifest; what cannot be read is shown as it is.
func instant(s string) *stamp {
	if s == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return &stamp{Text: s}
	}
	at := stampOf(t.UTC(), "15:04:05.000000 UTC")
	return &at
}

// HTML is the instant as every page shows it.
func (s stamp) HTML() template.HTML {
	if s.ISO == "" {
		return shown(s.Text)
	}
	return template.HTML(`<time datetime="` + s.ISO + `"><span>` + s.Date + `</span> <span>` + s.Clock + `</span></time>`)
}

// organization is a party as a page shows an organization.
func (p party) organization() template.HTML {
	switch {
	case p.Name != "":
		return shown(p.Name) + ` <span class="sub"><code>` + shown(p.ID) + `</code></span>`
	case p.ID != "":
		return `<span class="dim">not named here</span> <span class="sub"><code>` + shown(p.ID) + `</code></span>`
	}
	return `<span class="dim">none</span>`
}

// actor is a party as a page shows who did something.
func (p party) actor() template.HTML {
	text := template.HTML(p.Sort + " ") // one of our words
	switch {
	case p.Name != "":
		text += shown(p.Name)
	case p.ID != "":
		text += `<span class="dim">not named here</span>`
	}
	if p.Of != "" {
		text += " of " + shown(p.Of)
	}
	if p.ID != "" {
		text += ` <span class="sub"><code>` + shown(p.ID) + `</code></span>`
	}
	return text
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped writes a number in groups of three digits.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	for at := len(digits) - 3; at > 0 && n >= 1000; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
