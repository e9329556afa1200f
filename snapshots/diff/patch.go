package diff

import (
	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
)

// Patch is the RFC 6902 patch that makes Encode's JSON of to from that of from,
// exactly: the order of sets too, which is no change of the Result. It is [] for
// equal bytes.
func Patch[T document.Content](from, to *T) []byte {
	var ops []byte
	old, new := encoded(from), encoded(to)
	for i, m := range old {
		ops = patchMember(ops, "/"+m.name, m.value, new[i].value)
	}
	return append(append([]byte{'['}, ops...), ']')
}

// encoded are the members of a document in table order, empty where unset; nil
// is an empty document.
func encoded[T document.Content](doc *T) []property {
	if doc == nil {
		doc = new(T)
	}
	members := document.Members(doc)
	all := make([]property, len(members))
	for i, m := range members {
		all[i] = property{m.Name, canonical(m.Value)}
	}
	return all
}

// patchMember appends the operations for something that either side may lack.
func patchMember(ops []byte, path, old, new string) []byte {
	switch {
	case old == new:
		return ops
	case old == "":
		return appendOp(ops, "add", path, new)
	case new == "":
		return appendOp(ops, "remove", path, "")
	}
	// What lies below, unless the whole value takes fewer bytes.
	replace := appendOp(nil, "replace", path, new)
	below := patchParts(nil, path, old, new)
	if below == nil || len(below) > len(replace) {
		below = replace
	}
	if len(ops) > 0 {
		ops = append(ops, ',')
	}
	return append(ops, below...)
}

// patchParts is nil if the values have no parts in common.
func patchParts(ops []byte, path, old, new string) []byte {
	switch {
	case old[0] == '{' && new[0] == '{':
		a, b := properties(old), properties(new)
		for _, at := range join(names(a), names(b)) {
			var name, before, after string
			if at.old >= 0 {
				name, before = a[at.old].name, a[at.old].value
			}
			if at.new >= 0 {
				name, after = b[at.new].name, b[at.new].value
			}
			ops = patchMember(ops, strictjson.Below(path, name), before, after)
		}
	case old[0] == '[' && new[0] == '[':
		a, b := items(old), items(new)
		place := 0 // in the array as the operations so far have made it
		for _, at := range replaced(align(a, b)) {
			ops = patchMember(ops, item(path, place), pick(a, at.old), pick(b, at.new))
			if at.new >= 0 {
				place++
			}
		}
	}
	return ops
}

func appendOp(ops []byte, op, path, value string) []byte {
	if len(ops) > 0 {
		ops = append(ops, ',')
	}
	ops = append(append(append(ops, `{"op":"`...), op...), `","path":`...)
	ops = strictjson.AppendText(ops, path)
	if value != "" {
		ops = append(append(ops, `,"value":`...), value...)
	}
	return append(ops, '}')
}

// MergePatch is the RFC 7396 patch from one document's JSON to another's.
// Arrays stand whole in it. It cannot set a member to null, which free JSON may
// hold: unsaid are the pointers of such members, none if the patch is exact.
func MergePatch[T document.Content](from, to *T) (patch []byte, unsaid []string) {
	m := merge{}
	old, new := encoded(from), encoded(to)
	patch = []byte{'{'}
	for i := range old {
		patch = m.member(patch, "/"+old[i].name, old[i].name, old[i].value, new[i].value)
	}
	return append(patch, '}'), m.unsaid
}

type merge struct{ unsaid []string }

// member appends to an object that is open at the end of dst.
func (m *merge) member(dst []byte, path, name, old, new string) []byte {
	if old == new {
		return dst
	}
	if new == "null" {
		m.unsaid = append(m.unsaid, path)
		if old == "" {
			return dst
		}
	}
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(strictjson.AppendText(dst, name), ':')
	switch {
	case new == "":
		return append(dst, "null"...)
	case new[0] != '{':
		return append(dst, new...)
	}
	// A patch that is an object is merged into what is there, or into nothing.
	a, b := properties(old), properties(new)
	dst = append(dst, '{')
	for _, at := range join(names(a), names(b)) {
		var name, before, after string
		if at.old >= 0 {
			name, before = a[at.old].name, a[at.old].value
		}
		if at.new >= 0 {
			name, after = b[at.new].name, b[at.new].value
		}
		dst = m.member(dst, strictjson.Below(path, name), name, before, after)
	}
	return append(dst, '}')
}
