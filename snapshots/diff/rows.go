package diff

import (
	"strings"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
)

// Rows is the same as Of, as the rows of a side-by-side view: the changes, and
// where equal asks for it everything else that is set, of kind Equal and with
// the same value on both sides.
func Rows[T document.Content](from, to *T, o Options, equal bool) []Change {
	w := walk(from, to, walker{equal: equal})
	return w.changes(inputOf(from, to, o, w.rows))
}

// AppendRows appends rows as a JSON array of objects with the members path,
// label, old, new, kind, risk, level, effects and rules: old and new are texts to show,
// null on a side that has nothing; risk the labels joined by "; ", empty for
// none; effects those of the risks, each once; rules their names. A row with an
// inherited side has inherited too: {"old", "new"}, the id of the setup's snapshot
// or null for a side that is not inherited.
func AppendRows(dst []byte, rows []Change) []byte {
	dst = append(dst, '[')
	for i := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRow(dst, &rows[i])
	}
	return append(dst, ']')
}

func appendRow(dst []byte, c *Change) []byte {
	var labels []string
	names, effects := []byte{'['}, []byte{'['}
	seen := map[Effect]bool{}
	for _, r := range c.Risks {
		labels = append(labels, r.Label)
		if len(names) > 1 {
			names = append(names, ',')
		}
		names = strictjson.AppendText(names, r.Rule)
		if !seen[r.Effect] {
			if seen[r.Effect] = true; len(effects) > 1 {
				effects = append(effects, ',')
			}
			effects = strictjson.AppendText(effects, string(r.Effect))
		}
	}
	dst = strictjson.AppendText(append(dst, `{"path":`...), c.Path)
	dst = strictjson.AppendText(append(dst, `,"label":`...), c.Label)
	dst = appendSide(append(dst, `,"old":`...), c.Old)
	dst = appendSide(append(dst, `,"new":`...), c.New)
	dst = strictjson.AppendText(append(dst, `,"kind":`...), string(c.Kind))
	dst = strictjson.AppendText(append(dst, `,"risk":`...), strings.Join(labels, "; "))
	dst = strictjson.AppendText(append(dst, `,"level":`...), c.Level().String())
	dst = append(append(append(dst, `,"effects":`...), effects...), ']')
	dst = append(append(append(dst, `,"rules":`...), names...), ']')
	if c.Inherited() {
		dst = appendFrom(append(dst, `,"inherited":{"old":`...), c.OldFrom)
		dst = append(appendFrom(append(dst, `,"new":`...), c.NewFrom), '}')
	}
	return append(dst, '}')
}

func appendFrom(dst []byte, setup string) []byte {
	if setup == "" {
		return append(dst, "null"...)
	}
	return strictjson.AppendText(dst, setup)
}

func appendSide(dst []byte, v Value) []byte {
	if !v.Set() {
		return append(dst, "null"...)
	}
	return strictjson.AppendText(dst, v.Text)
}
