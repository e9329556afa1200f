package web

import (
	"fmt"
	"strings"

	"tenure/jwk/strictjson"
)

// Parted is an encoded object without the members that differ from one answer to the
// next, and where they go. The rest may be kept.
type Parted struct {
	Rest  []byte
	names []string
	at    []int // offsets in Rest
}

// maxPartedDepth is how deep an object may nest: a key set in it has 64.
const maxPartedDepth = 100

// Part takes members out of an object that Encode made. They must be in it, in the order
// of names, and none may be its first.
func Part(object []byte, names ...string) (*Parted, error) {
	p := &Parted{Rest: make([]byte, 0, len(object)), names: names}
	r := strictjson.NewReader(string(object), maxPartedDepth)
	taken, before := 0, 0 // how much of the object was looked at, and the end of the member before
	for r.Object(); r.Member(); before = r.Offset() {
		name := r.Name()
		r.Skip()
		if len(p.at) == len(names) || name != names[len(p.at)] {
			continue
		}
		p.Rest = append(p.Rest, object[taken:before]...)
		p.at = append(p.at, len(p.Rest))
		taken = r.Offset()
	}
	p.Rest = append(p.Rest, object[taken:]...)
	if err := r.Err(); err != nil || len(p.at) < len(names) || p.at[0] == 0 {
		return nil, fmt.Errorf("an answer does not have the members %q where they belong: %w", names, err)
	}
	return p, nil
}

// With is the object with a text for each member that was taken out; one that is empty
// stays out.
func (p *Parted) With(texts ...string) ([]byte, error) {
	size := len(p.Rest) + 1
	for i, text := range texts {
		size += len(p.names[i]) + len(text) + 10
	}
	body, done := make([]byte, 0, size), 0
	for i, text := range texts {
		if text == "" {
			continue
		}
		body = append(append(body, p.Rest[done:p.at[i]]...), `,"`...)
		body = append(append(body, p.names[i]...), `":`...)
		done = p.at[i]
		if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) { // needs no escapes
			body = append(append(append(body, '"'), text...), '"')
			continue
		}
		value, err := Encode(text)
		if err != nil {
			return nil, err
		}
		body = append(body, value...)
	}
	return append(body, p.Rest[done:]...), nil
}
