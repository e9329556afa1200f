package cells

import (
	"strings"
	"testing"
)

// TestNoCellIsAFormula: a cell that begins like a formula, at once or behind
// blanks, begins with an apostrophe.
func TestNoCellIsAFormula(t *testing.T) {
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} {
		for _, blank := range []string{"", " ", "\n", "\v", "\f", "\u0085", "\u00a0", "\u1680", "\u2000", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
			"\u200b", "\ufeff", "\u2066", " \u3000\n"} {
			if cell := blank + start + `cmd|'/c calc'!A1`; guard(cell) != "'"+cell {
				t.Errorf("%q stays %q", cell, guard(cell))
			}
		}
	}
	for _, cell := range []string{"", "a=b", "1-2", " plain", "2026-11-28T19:40:00Z", "\nx", "\u3000", "é@"} {
		if guard(cell) != cell {
			t.Errorf("%q becomes %q", cell, guard(cell))
		}
	}
}

// TestNoValueIsLost: what RFC 4180 reads from a row, without one leading
// apostrophe, are the cells that were written.
func TestNoValueIsLost(t *testing.T) {
	row := []string{"", "'", "''=1", "'=1", "=1", "-1", `say "no"`, "a,b", "a\r\nb", "a\nb", "a\rb", "\r", "\n=2", " ＝3", "\u00a0@x", "x"}
	var b strings.Builder
	if err := Write(&b, row); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutSuffix(b.String(), "\r\n")
	if !ok {
		t.Fatalf("no CRLF behind %q", text)
	}
	got := parse(text)
	if len(got) != len(row) {
		t.Fatalf("%d cells of %d in %q", len(got), len(row), text)
	}
	for i, cell := range got {
		if back := strings.TrimPrefix(cell, "'"); back != row[i] {
			t.Errorf("%q is read as %q", row[i], back)
		}
	}
}

// parse reads one row as RFC 4180 says, with every byte.
func parse(text string) (row []string) {
	for {
		var cell strings.Builder
		if rest, quoted := strings.CutPrefix(text, `"`); quoted {
			for {
				end := strings.IndexByte(rest, '"')
				cell.WriteString(rest[:end])
				rest = rest[end+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				cell.WriteByte('"')
				rest = rest[1:]
			}
			text = rest
		} else {
			end := strings.IndexByte(text, ',')
			if end < 0 {
				end = len(text)
			}
			cell.WriteString(text[:end])
			text = text[end:]
		}
		row = append(row, cell.String())
		if text == "" {
			return row
		}
		text = text[1:]
	}
}
