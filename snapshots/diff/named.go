package diff

import (
	"slices"
	"strconv"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
)

// named is a list's item that is known by a key of its own, whatever its place.
type named struct {
	key   string
	label string
	index int
}

// byKey sorts by key and tells equal keys apart by their turn: lists hold each
// once, but for what was stored before a rule said so.
func byKey(all []named) (keys []string) {
	turns := make(map[string]int, len(all))
	for i, n := range all {
		all[i].key = n.key + "\x00" + strconv.Itoa(turns[n.key])
		turns[n.key]++
	}
	slices.SortFunc(all, func(a, b named) int { return strings.Compare(a.key, b.key) })
	for _, n := range all {
		keys = append(keys, n.key)
	}
	return keys
}

// at gives the indexes of a pair of named items, and the label of it.
func at(old, new []named, p pair) (pair, string) {
	out, label := pair{-1, -1}, ""
	if p.old >= 0 {
		out.old, label = old[p.old].index, old[p.old].label
	}
	if p.new >= 0 {
		out.new, label = new[p.new].index, new[p.new].label
	}
	return out, label
}

// localized compares texts by name and locale; tags do not differ by case (RFC
// 5646 section 2.1.1).
func (w *walker) localized(p place, old, new string) {
	p.class = text
	a, b := items(old), items(new)
	aNames, bNames := localizedNames(a), localizedNames(b)
	aKeys, bKeys := byKey(aNames), byKey(bNames)
	for _, match := range join(aKeys, bKeys) {
		i, label := at(aNames, bNames, match)
		key := pick(aKeys, match.old)
		if key == "" {
			key = bKeys[match.new]
		}
		before, after := localizedValue(pick(a, i.old)), localizedValue(pick(b, i.new))
		q := p.item(i).to(item(p.old, i.old), item(p.new, i.new), p.label+" "+label)
		if before.Set() && after.Set() {
			before.JSON, after.JSON = quote(before.Text), quote(after.Text)
			q.new = strictjson.Below(q.new, "value")
		}
		w.add(q, before, after).named, _, _ = strings.Cut(key, "\x00")
	}
}

func localizedNames(list []string) []named {
	var all []named
	for i, raw := range list {
		members := properties(raw)
		name, locale := unquote(find(members, "name")), unquote(find(members, "locale"))
		n := named{key: name + "\x00" + strings.ToLower(locale), label: name, index: i}
		if locale != "" {
			n.label += " (" + strings.ToLower(locale) + ")"
		}
		all = append(all, n)
	}
	return all
}

func localizedValue(raw string) Value {
	if raw == "" {
		return Value{}
	}
	return Value{Text: unquote(find(properties(raw), "value")), JSON: raw}
}

// scopes compares what resource servers declare, by name.
func (w *walker) scopes(p place, old, new string) {
	a, b := items(old), items(new)
	aNames, bNames := scopeNames(w.oldScopes), scopeNames(w.newScopes)
	aKeys, bKeys := byKey(aNames), byKey(bNames)
	for _, match := range join(aKeys, bKeys) {
		i, label := at(aNames, bNames, match)
		q := p.item(i)
		q.label, q.class = p.label+" "+label, scope
		before, after := document.Scope{}, document.Scope{}
		var gone, come Value
		if i.old >= 0 {
			before, gone = w.oldScopes[i.old], Value{label, a[i.old]}
		}
		if i.new >= 0 {
			after, come = w.newScopes[i.new], Value{label, b[i.new]}
		}
		if gone.Set() && come.Set() {
			gone = come // what differs is in the members
			w.add(q, gone, come)
			w.scopeMembers(q, &before, &after)
			continue
		}
		w.add(q, gone, come)
		w.inside(func() { w.scopeMembers(q, &before, &after) })
	}
}

func scopeNames(scopes []document.Scope) []named {
	var all []named
	for i := range scopes {
		all = append(all, named{key: scopes[i].Name, label: scopes[i].Name, index: i})
	}
	return all
}

// scopeMembers compares all but the name, which the scope is known by.
func (w *walker) scopeMembers(p place, old, new *document.Scope) {
	a, b := document.ScopeMembers(old), document.ScopeMembers(new)
	for i, m := range a {
		if i == 0 {
			continue
		}
		q := p.to(strictjson.Below(p.old, m.Name), strictjson.Below(p.new, m.Name), p.label+" "+m.Name)
		q.name, q.form, q.class = m.Name, m.Form, scopeMember
		w.member(q, m.Value, b[i].Value)
	}
}
