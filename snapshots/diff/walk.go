package diff

import (
	"slices"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/jwk/x509view"
	"tenure/snapshots/document"
)

// walker compares two documents part by part and collects rows. Its order is
// that of the tables, and within a member that of the things' own keys: so each
// side's rows, taken alone, come in the same order whatever the other side is.
type walker struct {
	equal   bool // rows for what is equal, too
	details bool // rows for the parts of what is added or removed whole, too

	rows      []row
	reordered []string

	oldScopes, newScopes []document.Scope
}

// row is a change, or what else a format shows.
type row struct {
	Change
	name   string // of the member, a scope's own included
	form   document.Form
	class  class
	detail bool   // a part of a change that another row tells whole
	silent bool   // not a line: its parts are
	line   string // what stands in the line, where that is not the value
	named  string // the name of a localized text
	x5u    string // of a key that is added

	oldCertificates, newCertificates []*x509view.Facts // of a key or a certificate; a leaf first
	leaf                             bool              // the certificate is the first of its chain
}

// class is what a row is about.
type class uint8

const (
	member class = iota // a whole member of the document
	listed              // an item of a list
	text                // a localized text
	key
	keyMember
	certificate
	chain // the order of a chain
	scope
	scopeMember
)

// place is where two values stand and what they are.
type place struct {
	old, new string // pointers
	member   string
	name     string
	label    string
	form     document.Form
	class    class
}

// to is the place of something below; name is its label's next word.
func (p place) to(old, new, label string) place {
	p.old, p.new, p.label = old, new, label
	return p
}

func (p place) child(name string) place {
	return p.to(strictjson.Below(p.old, name), strictjson.Below(p.new, name), p.label+"/"+name)
}

func (p place) item(at pair) place {
	return p.to(item(p.old, at.old), item(p.new, at.new), p.label)
}

func walk[T document.Content](from, to *T, w walker) *walker {
	if from == nil {
		from = new(T)
	}
	if to == nil {
		to = new(T)
	}
	if server, ok := any(from).(*document.ResourceServer); ok {
		w.oldScopes, w.newScopes = server.Scopes, any(to).(*document.ResourceServer).Scopes
	}
	old, new := document.Members(from), document.Members(to)
	for i, m := range old {
		p := place{old: "/" + m.Name, new: "/" + m.Name, member: m.Name, name: m.Name, label: m.Name, form: m.Form, class: member}
		w.member(p, m.Value, new[i].Value)
	}
	return &w
}

// member compares what two documents, or two scopes, have under one name.
func (w *walker) member(p place, old, new string) {
	if old == new && (old == "" || !w.equal) {
		return
	}
	before := len(w.rows)
	switch p.form {
	case document.FormList:
		w.list(p, old, new)
	case document.FormInheritable:
		if old == "" || new == "" {
			w.whole(p, old, new)
		} else {
			w.list(p, old, new)
		}
	case document.FormKeySet:
		w.keySet(p, canonical(old), canonical(new))
	case document.FormJSON:
		w.part(p, canonical(old), canonical(new))
	case document.FormLocalized:
		w.localized(p, old, new)
	case document.FormScopes:
		w.scopes(p, old, new)
	default:
		w.value(p, old, new)
	}
	differs := slices.ContainsFunc(w.rows[before:], func(r row) bool { return r.Kind != Equal })
	if old != new && !differs && p.class != scopeMember {
		w.reordered = append(w.reordered, p.member)
	}
}

// value compares two values that have no parts worth telling apart; an empty
// one is unset.
func (w *walker) value(p place, old, new string) {
	if old != "" || new != "" {
		w.add(p, show(p, old), show(p, new))
	}
}

// add adds a row, unless it tells of nothing that was asked for. The last row
// is the one that was added.
func (w *walker) add(p place, old, new Value) *row {
	r := row{Change: Change{Path: p.new, Member: p.member, Label: p.label, Old: old, New: new}, name: p.name, form: p.form, class: p.class}
	switch {
	case old == new:
		r.Kind = Equal
		if !w.equal {
			return &r
		}
	case !old.Set():
		r.Kind = Added
	case !new.Set():
		r.Kind, r.Path = Removed, p.old
	default:
		r.Kind = Changed
	}
	w.rows = append(w.rows, r)
	return &w.rows[len(w.rows)-1]
}

// inside runs parts, which add rows that tell the last change again, part by
// part.
func (w *walker) inside(parts func()) {
	if !w.details {
		return
	}
	before := len(w.rows)
	parts()
	for i := range w.rows[before:] {
		w.rows[before+i].detail = true
	}
}

// whole compares a list that is unset on one side: inheriting is not an empty
// list.
func (w *walker) whole(p place, old, new string) {
	w.add(p, show(p, old), show(p, new)).silent = true
	w.inside(func() { w.list(p, old, new) })
}

// list compares lists of texts, as sets unless their order has a meaning.
func (w *walker) list(p place, old, new string) {
	a, b := items(old), items(new)
	if len(a) == 0 && len(b) == 0 && old == new { // only a list that is set and empty
		w.value(p, old, new)
		return
	}
	if p.class = listed; ordered(p.member) {
		for _, at := range align(a, b) {
			w.value(p.item(at), pick(a, at.old), pick(b, at.new))
		}
		return
	}
	ai, akeys := set(a, p.member)
	bi, bkeys := set(b, p.member)
	for _, at := range join(akeys, bkeys) {
		spelling := pick(akeys, at.old)
		if at.old < 0 {
			spelling = bkeys[at.new]
		}
		at = pair{index(ai, at.old), index(bi, at.new)}
		before, after := pick(a, at.old), pick(b, at.new)
		if before != "" && after != "" {
			before = after // the same, however it is spelt
		}
		r := w.add(p.item(at), show(p, before), show(p, after))
		if p.member == "response_types" {
			r.line = spelling
		}
	}
	if len(a) == 0 || len(b) == 0 {
		w.inside(func() { w.emptied(p, old, new) })
	}
}

// emptied tells of a list that is set and empty on one side, in lines only.
func (w *walker) emptied(p place, old, new string) {
	p.class = member
	if old == "[]" || new == "[]" {
		if old != "[]" {
			old = ""
		}
		if new != "[]" {
			new = ""
		}
		w.value(p, old, new)
	}
}

// ordered are the lists whose order has a meaning: the values by preference
// (OIDC Registration section 2).
func ordered(member string) bool { return member == "default_acr_values" }

// set gives the distinct items' indexes in the order of their keys, and those.
func set(list []string, member string) (indexes []int, keys []string) {
	all := make([]string, len(list))
	for i, value := range list {
		indexes = append(indexes, i)
		if all[i] = value; member == "response_types" {
			// The words of a combination have no order (OAuth 2.0 Multiple Response
			// Types section 3).
			words := strings.Fields(unquote(value))
			slices.Sort(words)
			all[i] = strings.Join(words, " ")
		}
	}
	slices.SortStableFunc(indexes, func(i, j int) int { return strings.Compare(all[i], all[j]) })
	indexes = slices.CompactFunc(indexes, func(i, j int) bool { return all[i] == all[j] })
	for _, i := range indexes {
		keys = append(keys, all[i])
	}
	return indexes, keys
}

func index(indexes []int, i int) int {
	if i < 0 {
		return -1
	}
	return indexes[i]
}

func pick(list []string, i int) string {
	if i < 0 {
		return ""
	}
	return list[i]
}
