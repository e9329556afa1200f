package diff

import (
	"bytes"
	"slices"
	"strings"

	"tenure/jwk"
	"tenure/jwk/strictjson"
	"tenure/jwk/x509view"
)

// keyItem is one key of a set.
type keyItem struct {
	index      int
	raw        string
	members    []property
	thumbprint string // RFC 7638, of the key's one right form; empty for a key of a type that is not known
	chain      []link
}

// link is one certificate of a key's x5c.
type link struct {
	raw         string
	certificate *x509view.Facts // nil if it cannot be read
	id          string          // its digest, or its text
}

// keySet compares key sets: keys by thumbprint, other members as free JSON.
func (w *walker) keySet(p place, old, new string) {
	a, b := properties(old), properties(new)
	if old != "" && find(a, "keys") == "" || new != "" && find(b, "keys") == "" { // not a key set: never checked
		w.part(p, old, new)
		return
	}
	before := len(w.rows)
	gone, come := w.readKeys(find(a, "keys"), find(b, "keys"))
	for _, k := range pairKeys(gone, come) {
		w.key(p, k[0], k[1])
	}
	isKeys := func(m property) bool { return m.name == "keys" }
	w.object(p, slices.DeleteFunc(a, isKeys), slices.DeleteFunc(b, isKeys))
	hollow := func(set string, keys []keyItem, others []property) bool {
		return set != "" && len(keys)+len(others) == 0
	}
	emptyBefore, emptyAfter := hollow(old, gone, a), hollow(new, come, b)
	switch {
	case (emptyBefore || old == "") && (emptyAfter || new == "") && len(w.rows) == before:
		w.value(p, old, new)
	case emptyBefore || emptyAfter:
		w.inside(func() { w.hollow(p, old, new) })
	}
}

// readKeys reads the keys of two sets. Those that both sets hold in one text
// are left out if nobody asked for what is equal.
func (w *walker) readKeys(old, new string) (a, b []keyItem) {
	before, after := items(old), items(new)
	var same []string
	if !w.equal {
		same = common(before, after)
	}
	a, b = readKeys(before, same), readKeys(after, same)
	// A key that was given further certificates shares the old ones: what is in
	// both by text is read once.
	known := map[string]link{}
	for _, keys := range [][]keyItem{a, b} {
		for i := range keys {
			for _, raw := range items(find(keys[i].members, "x5c")) {
				if _, done := known[raw]; !done {
					known[raw] = readLink(raw)
				}
				keys[i].chain = append(keys[i].chain, known[raw])
			}
		}
	}
	return a, b
}

// readKeys reads all keys but one for each of except.
func readKeys(list, except []string) []keyItem {
	skip := make(map[string]int, len(except))
	for _, raw := range except {
		skip[raw]++
	}
	var keys []keyItem
	for i, raw := range list {
		if skip[raw] > 0 {
			skip[raw]--
			continue
		}
		k := keyItem{index: i, raw: raw, members: properties(raw)}
		k.thumbprint, _ = jwk.Thumbprint([]byte(raw)) // known by its text if it has none
		keys = append(keys, k)
	}
	return keys
}

// common lists what both lists hold, as often as both do.
func common(old, new []string) []string {
	count := make(map[string]int, len(old))
	for _, raw := range old {
		count[raw]++
	}
	var both []string
	for _, raw := range new {
		if count[raw] > 0 {
			count[raw]--
			both = append(both, raw)
		}
	}
	return both
}

// pairKeys pairs keys of one thumbprint, those that are equal or share a kid
// first; nil is a side without. The order is that of thumbprints.
func pairKeys(old, new []keyItem) [][2]*keyItem {
	var pairs [][2]*keyItem
	taken := make([]bool, len(old))
	partner := make([]*keyItem, len(new))
	for _, alike := range []func(a, b *keyItem) bool{
		func(a, b *keyItem) bool { return a.raw == b.raw },
		func(a, b *keyItem) bool {
			return a.thumbprint != "" && a.thumbprint == b.thumbprint && find(a.members, "kid") == find(b.members, "kid")
		},
		func(a, b *keyItem) bool { return a.thumbprint != "" && a.thumbprint == b.thumbprint },
	} {
		for j := range new {
			for i := 0; partner[j] == nil && i < len(old); i++ {
				if !taken[i] && alike(&old[i], &new[j]) {
					taken[i], partner[j] = true, &old[i]
				}
			}
		}
	}
	for i := range old {
		if !taken[i] {
			pairs = append(pairs, [2]*keyItem{&old[i], nil})
		}
	}
	for j := range new {
		pairs = append(pairs, [2]*keyItem{partner[j], &new[j]})
	}
	slices.SortStableFunc(pairs, func(a, b [2]*keyItem) int { return strings.Compare(sortKey(a), sortKey(b)) })
	return pairs
}

func sortKey(p [2]*keyItem) string {
	k := p[1]
	if k == nil {
		k = p[0]
	}
	if k.thumbprint == "" {
		return "~" + k.raw // after all thumbprints
	}
	return k.thumbprint + find(k.members, "kid")
}

// key compares a key with itself at another time. A key that only one side has
// is one change, its certificates told in it.
func (w *walker) key(p place, old, new *keyItem) {
	at, k := pair{-1, -1}, old
	if old != nil {
		at.old = old.index
	}
	if new != nil {
		at.new, k = new.index, new
	}
	q := p.to(item(p.old+"/keys", at.old), item(p.new+"/keys", at.new), p.label+" key "+k.name())
	q.class = key
	gone, come := showKey(old), showKey(new)
	if old != nil && new != nil {
		gone = come // what differs is in the members
	}
	r := w.add(q, gone, come)
	r.line = unquote(find(k.members, "kty"))
	if old == nil {
		r.x5u = unquote(find(new.members, "x5u"))
	}
	r.oldCertificates, r.newCertificates = certificates(old), certificates(new)
	parts := func() { w.keyMembers(q, old, new) }
	if r.Kind == Equal {
		parts()
	} else {
		w.inside(parts)
	}
}

// name is how people know the key.
func (k *keyItem) name() string {
	if k.thumbprint == "" {
		return "without a thumbprint"
	}
	return k.thumbprint
}

func certificates(k *keyItem) (all []*x509view.Facts) {
	if k == nil {
		return nil
	}
	for _, l := range k.chain {
		all = append(all, l.certificate)
	}
	return all
}

// keyMembers compares what the thumbprint does not cover.
func (w *walker) keyMembers(p place, old, new *keyItem) {
	var none keyItem
	if old == nil {
		old = &none
	}
	if new == nil {
		new = &none
	}
	p.class = keyMember
	moved := find(old.members, "x5c") != find(new.members, "x5c")
	for _, at := range join(names(old.members), names(new.members)) {
		var m property
		var gone, come string
		if at.old >= 0 {
			m = old.members[at.old]
			gone = m.value
		}
		if at.new >= 0 {
			m = new.members[at.new]
			come = m.value
		}
		switch {
		case m.name == "x5c":
			w.chain(p.to(strictjson.Below(p.old, m.name), strictjson.Below(p.new, m.name), p.label+" certificate"), old.chain, new.chain)
		case covered(m.name) && old.thumbprint+new.thumbprint != "":
		case digest(m.name) && sameOctets(gone, come):
			w.ofKey(p, m.name, come, come) // one digest, however it is written
		case digest(m.name) && moved && !w.details:
		default:
			w.ofKey(p, m.name, gone, come)
		}
	}
}

func (w *walker) ofKey(p place, name, old, new string) {
	q := p.child(name)
	q.label = p.label + " " + name
	w.part(q, old, new)
}

// sameOctets reports whether two values in JSON are base64 of the same octets.
func sameOctets(old, new string) bool {
	a, okA := jwk.Octets(unquote(old))
	b, okB := jwk.Octets(unquote(new))
	return okA && okB && len(a) > 0 && bytes.Equal(a, b)
}

// covered are the members of which thumbprints are made (RFC 7638 section 3.2,
// RFC 8037 section 2, RFC 9964).
func covered(name string) bool {
	return slices.Contains([]string{"kty", "crv", "x", "y", "n", "e", "pub"}, name)
}

// digest are the members that follow from the certificate beside them (RFC 7517
// sections 4.8 and 4.9).
func digest(name string) bool { return name == "x5t" || name == "x5t#S256" }

// showKey makes the value of a key; none for nil.
func showKey(k *keyItem) Value {
	if k == nil {
		return Value{}
	}
	var text []string
	json := []byte{'{'}
	for _, name := range []string{"kty", "kid", "use", "alg"} {
		value := find(k.members, name)
		if value == "" {
			continue
		}
		json = append(append(strictjson.AppendText(json, name), ':'), value...)
		json = append(json, ',')
		text = append(text, name+" "+unquote(value))
	}
	json = append(strictjson.AppendText(append(json, `"thumbprint":`...), k.thumbprint), `,"certificates":[`...)
	text = append(text, "thumbprint "+k.name())
	for i, l := range k.chain {
		v := showCertificate(l.certificate, l.raw)
		if i > 0 {
			json = append(json, ',')
		} else {
			text = append(text, v.Text)
		}
		json = append(json, v.JSON...)
	}
	return Value{Text: strings.Join(text, ", "), JSON: string(append(json, "]}"...))}
}
