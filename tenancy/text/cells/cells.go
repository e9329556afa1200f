// Package cells writes rows of CSV (RFC 4180) that a spreadsheet shows as text.
//
// It owns the guard against formulas and the quoting. A guarded cell begins with an
// apostrophe. A reader removes one apostrophe from each cell that begins with one, and
// has the value that was written: no value is lost, carriage returns neither.
//
// It may import nothing of ours.
package cells

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Write writes one row and its CRLF.
func Write(w io.Writer, row []string) error {
	var b strings.Builder
	for i, cell := range row {
		if i > 0 {
			b.WriteByte(',')
		}
		cell = guard(cell)
		if !needsQuotes(cell) {
			b.WriteString(cell)
			continue
		}
		b.WriteByte('"')
		b.WriteString(strings.ReplaceAll(cell, `"`, `""`))
		b.WriteByte('"')
	}
	b.WriteString("\r\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// guard puts an apostrophe in front of a cell that a spreadsheet could take for
// a formula, and of one that begins with an apostrophe itself.
func guard(cell string) string {
	if strings.HasPrefix(cell, "'") {
		return "'" + cell
	}
	for _, r := range cell {
		switch {
		case strings.ContainsRune("=+-@\t\r＝＋－＠", r):
			return "'" + cell
		case !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r): // a spreadsheet may drop both
			return cell
		}
	}
	return cell
}

func needsQuotes(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return strings.ContainsAny(cell, ",\"\r\n") || unicode.IsSpace(first)
}
