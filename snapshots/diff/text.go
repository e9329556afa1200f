package diff

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"tenure/snapshots/document"
)

// Unified is the unified diff of two documents as text, with so many lines
// around each change, under the two names; empty if they mean the same. The text
// has a line for each member, item of a list and part of a document. It is
// stable: sets, keys and texts come by their own order, so that documents that
// mean the same have the same lines. No line holds a control character or one
// that turns the direction of writing.
func Unified[T document.Content](from, to *T, oldName, newName string, context int) string {
	return unified(linesOf(walk(from, to, walker{equal: true, details: true})), oldName, newName, context)
}

func unified(all []line, oldName, newName string, context int) string {
	hunks := hunksOf(all, max(context, 0))
	if len(hunks) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", visible(oldName), visible(newName))
	for _, h := range hunks {
		fmt.Fprintf(&out, "@@ -%s +%s @@\n", h.old, h.new)
		for _, l := range all[h.start:h.end] {
			out.WriteByte(l.mark)
			out.WriteString(l.text)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// line is one of either document, or of both.
type line struct {
	mark byte // ' ', '-' or '+'
	text string
}

func linesOf(w *walker) []line {
	var all []line
	for i := range w.rows {
		r := &w.rows[i]
		switch {
		case r.silent:
		case r.Kind == Equal:
			all = append(all, line{' ', r.text(r.New, r.NewFrom)})
		default:
			if r.Old.Set() {
				all = append(all, line{'-', r.text(r.Old, r.OldFrom)})
			}
			if r.New.Set() {
				all = append(all, line{'+', r.text(r.New, r.NewFrom)})
			}
		}
	}
	return all
}

// text is the line of a value that is inherited from a setup's snapshot, or from
// none.
func (r *row) text(v Value, from string) string {
	if from != "" {
		from = " (inherited from " + visible(from) + ")"
	}
	text := v.Text
	if r.line != "" {
		text = r.line
	}
	if r.quoted() {
		return visible(r.Label) + ": " + strconv.QuoteToGraphic(text) + from
	}
	return visible(r.Label) + ": " + visible(text) + from
}

// quoted reports whether the value is a text, of which the ends have to show.
func (r *row) quoted() bool {
	if r.class == scope || r.class == certificate || r.class == key {
		return false
	}
	switch r.form {
	case document.FormText, document.FormLocalized:
		return true
	case document.FormList, document.FormInheritable:
		return r.class == listed
	}
	return false
}

// visible replaces what has no look of its own, or changes that of others.
func visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if hidden(r) {
			quoted := strconv.QuoteRuneToGraphic(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func hidden(r rune) bool { return !unicode.IsGraphic(r) }

// hunk is a run of lines and where it stands in both documents.
type hunk struct {
	start, end int
	old, new   string
}

func hunksOf(all []line, context int) []hunk {
	var hunks []hunk
	oldLine, newLine, counted := 0, 0, 0 // of the lines before counted
	for i := 0; i < len(all); i++ {
		if all[i].mark == ' ' {
			continue
		}
		h := hunk{start: max(counted, i-context)}
		// The hunk goes on as long as changes are no further apart than their lines
		// around them.
		last := i
		for ; i < len(all) && i-last <= 2*context; i++ {
			if all[i].mark != ' ' {
				last = i
			}
		}
		h.end = min(last+1+context, len(all))
		oldLine, newLine = oldLine+count(all[counted:h.start], '+'), newLine+count(all[counted:h.start], '-')
		olds, news := count(all[h.start:h.end], '+'), count(all[h.start:h.end], '-')
		h.old, h.new = extent(oldLine, olds), extent(newLine, news)
		oldLine, newLine, counted = oldLine+olds, newLine+news, h.end
		hunks = append(hunks, h)
		i = h.end - 1
	}
	return hunks
}

// count is the number of lines that are not marked so.
func count(all []line, mark byte) int {
	n := 0
	for _, l := range all {
		if l.mark != mark {
			n++
		}
	}
	return n
}

// extent names lines as unified diffs do: an empty run by the line before it.
func extent(before, n int) string {
	if n > 0 {
		before++
	}
	if n == 1 {
		return strconv.Itoa(before)
	}
	return strconv.Itoa(before) + "," + strconv.Itoa(n)
}
