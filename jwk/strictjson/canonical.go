package strictjson

import (
	"slices"
	"strings"
)

// Canonical reads exactly one value that nests at most depth deep and returns its canonical form: no
// spaces, members sorted by the bytes of their names, numbers as they are written, strings with the
// fewest escapes. The canonical form of a canonical text is the same text. A name twice in one object
// is an error. Errors are of type *Error.
func Canonical(text string, depth int) (string, error) {
	r := NewReader(text, depth)
	canonical := r.AppendCanonical(make([]byte, 0, len(text)))
	if err := r.End(); err != nil {
		return "", err
	}
	return string(canonical), nil
}

// AppendCanonical reads any value and appends its canonical form.
func (r *Reader) AppendCanonical(dst []byte) []byte {
	switch r.Peek() {
	case '{':
		return r.canonicalObject(dst)
	case '[':
		dst = append(dst, '[')
		for r.Array(); r.Item(); {
			if r.Index() > 0 {
				dst = append(dst, ',')
			}
			dst = r.AppendCanonical(dst)
		}
		return append(dst, ']')
	case '"':
		return r.canonicalText(dst)
	}
	return append(dst, r.Raw()...)
}

// canonicalText copies a string without escapes, which is canonical.
func (r *Reader) canonicalText(dst []byte) []byte {
	start := r.pos
	text := r.Text()
	if r.err == nil && !r.repair && r.pos-start == len(text)+2 {
		return append(dst, r.in[start:r.pos]...)
	}
	return AppendText(dst, text)
}

func (r *Reader) canonicalObject(dst []byte) []byte {
	type member struct {
		name     string
		from, to int // its canonical bytes in dst, name included
	}
	byName := func(a, b member) int { return strings.Compare(a.name, b.name) }
	members := make([]member, 0, 8)
	dst = append(dst, '{')
	open := len(dst)
	for r.Object(); r.Member(); {
		if len(members) > 0 {
			dst = append(dst, ',')
		}
		m := member{name: r.Name(), from: len(dst)}
		dst = append(AppendText(dst, m.name), ':')
		dst = r.AppendCanonical(dst)
		m.to = len(dst)
		members = append(members, m)
	}
	if r.err != nil {
		return dst
	}
	if !slices.IsSortedFunc(members, byName) {
		written := slices.Clone(dst[open:])
		slices.SortFunc(members, byName)
		dst = dst[:open]
		for i, m := range members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, written[m.from-open:m.to-open]...)
		}
	}
	for i := 1; i < len(members); i++ {
		if members[i].name == members[i-1].name {
			r.fail(Repeated, "a member name twice in one object")
			r.err.Pointer = Below(r.err.Pointer, members[i].name)
			return dst
		}
	}
	return append(dst, '}')
}
