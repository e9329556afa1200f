package document

import (
	"slices"
	"strings"

	"tenure/jwk/strictjson"
)

// A Place is where a client's member is in its table. It is found once, by PlaceOf.
type Place int

// PlaceOf is the place of a member. It panics if there is no such member, as names are in
// tables of the program.
func PlaceOf(name string) Place {
	at := slices.IndexFunc(clientFields, func(f field[Client]) bool { return f.Name == name })
	if at < 0 {
		panic("document: a client has no member " + name)
	}
	return Place(at)
}

// Places says where the members of a client are in its canonical bytes, for who copies
// most of them as they are. Find may be used again and again.
type Places struct {
	Room []byte // for the copy, if it is not kept

	raw    string
	values [128]span // by Place
	reader strictjson.Reader
}

type span struct{ from, to int }

// Find looks for the members in bytes that Encode wrote. Unlike Decode it does not see
// whether texts and numbers are spelled as Encode would; for other bytes it returns false,
// and Decode says why.
func (p *Places) Find(raw string) bool {
	p.raw = raw
	clear(p.values[:len(clientFields)])
	r := &p.reader
	r.Reset(raw, 1+maxKeySetDepth)
	r.Object()
	if !r.Member() || r.Name() != "v" {
		return false
	} else if form := r.Number(); form != formOne && form != formTwo {
		return false
	}
	for next := 0; r.Member(); next++ {
		for next < len(clientFields) && clientFields[next].Name != r.Name() {
			next++
		}
		if next == len(clientFields) {
			return false
		}
		from := r.Offset()
		r.Skip()
		p.values[next] = span{from, r.Offset()}
	}
	return r.End() == nil
}

// Value is a member as JSON; empty if it is unset.
func (p *Places) Value(at Place) string {
	s := p.values[at]
	return p.raw[s.from:s.to]
}

// Text is a member that is a text.
func (p *Places) Text(at Place) string {
	value := p.Value(at)
	if value == "" {
		return ""
	}
	if inner := value[1 : len(value)-1]; strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	p.reader.Reset(value, 0)
	return p.reader.Text()
}
