package diff

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCell bounds a value in a table, in characters.
const maxCell = 300

// Markdown is the result as a table of GitHub's Markdown, for a merge request.
// Everything that comes from the documents stands in code, where no markup,
// mention or link is read; long values are cut, and say so.
func Markdown(r *Result) string {
	var out strings.Builder
	if r.Empty() {
		out.WriteString("No change.\n")
	} else {
		out.WriteString("| what | change | old | new | risk |\n| --- | --- | --- | --- | --- |\n")
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", code(c.Label), c.Kind, cell(c.Old, c.OldFrom), cell(c.New, c.NewFrom), riskCell(c))
	}
	enumerate(&out, "Only the order differs: ", r.Reordered)
	enumerate(&out, "The client itself sets or leaves out, with the same value in force: ", r.Stored)
	return out.String()
}

func enumerate(out *strings.Builder, words string, names []string) {
	if len(names) == 0 {
		return
	}
	out.WriteString("\n" + words)
	for i, name := range names {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(code(name))
	}
	out.WriteString(".\n")
}

// cell is a value, with the setup's snapshot that it is inherited from.
func cell(v Value, from string) string {
	if !v.Set() {
		return ""
	}
	if from != "" {
		return code(v.Text) + "<br>inherited from " + code(from)
	}
	return code(v.Text)
}

func riskCell(c *Change) string {
	var risks []string
	for _, r := range c.Risks {
		risks = append(risks, "**"+r.Level.String()+"** "+code(r.Label))
	}
	return strings.Join(risks, "<br>")
}

// code is a code span. Renderers disagree on a pipe in one, so a text with a
// pipe is an element of HTML with every ASCII punctuation as a reference.
func code(text string) string {
	text = visible(cut(text))
	if text == "" {
		return "<code></code>"
	}
	if strings.Contains(text, "|") {
		var out strings.Builder
		for _, r := range text {
			if r > '~' || r == ' ' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
				out.WriteRune(r)
			} else {
				fmt.Fprintf(&out, "&#%d;", r)
			}
		}
		return "<code>" + out.String() + "</code>"
	}
	fence := strings.Repeat("`", longestRun(text, '`')+1)
	// One space at both ends is taken off again (CommonMark 0.31 section 6.1).
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") || strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return fence + text + fence
}

func longestRun(text string, c byte) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] == c {
			run++
		} else {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// cut shortens a value at a character's boundary.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= maxCell {
		return text
	}
	end, n := 0, 0
	for i := range text {
		if n++; n > maxCell {
			end = i
			break
		}
	}
	return text[:end] + "… (" + strconv.Itoa(len(text)) + " bytes)"
}
