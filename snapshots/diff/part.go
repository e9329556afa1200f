package diff

// part compares two values of free JSON: objects member by member, arrays in
// their order, all else as a whole. A part that only one side has is one change.
func (w *walker) part(p place, old, new string) {
	switch {
	case old == new && !w.equal:
	case len(old) > 0 && len(new) > 0 && old[0] == '{' && new[0] == '{' && (container(old) || container(new)):
		w.object(p, properties(old), properties(new))
		w.inside(func() { w.hollow(p, old, new) })
	case len(old) > 0 && len(new) > 0 && old[0] == '[' && new[0] == '[' && (container(old) || container(new)):
		w.array(p, items(old), items(new))
		w.inside(func() { w.hollow(p, old, new) })
	case old != "" || new != "":
		r := w.add(p, show(p, old), show(p, new))
		if r.silent = container(old) || container(new); r.silent {
			w.inside(func() { w.leaves(p, old, new) })
		}
	}
}

func (w *walker) object(p place, old, new []property) {
	for _, at := range join(names(old), names(new)) {
		var name, before, after string
		if at.old >= 0 {
			name, before = old[at.old].name, old[at.old].value
		}
		if at.new >= 0 {
			name, after = new[at.new].name, new[at.new].value
		}
		w.part(p.child(name), before, after)
	}
}

// array pairs equal items; between them, the first that was removed became the
// first that was added.
func (w *walker) array(p place, old, new []string) {
	p = p.to(p.old, p.new, p.label+"[]")
	for _, at := range replaced(align(old, new)) {
		w.part(p.item(at), pick(old, at.old), pick(new, at.new))
	}
}

// replaced makes pairs of what was removed and added at one place.
func replaced(pairs []pair) []pair {
	var out []pair
	for i := 0; i < len(pairs); {
		if pairs[i].old >= 0 && pairs[i].new >= 0 {
			out = append(out, pairs[i])
			i++
			continue
		}
		var gone, come []int
		for ; i < len(pairs) && (pairs[i].old < 0 || pairs[i].new < 0); i++ {
			if pairs[i].old >= 0 {
				gone = append(gone, pairs[i].old)
			} else {
				come = append(come, pairs[i].new)
			}
		}
		for k := range max(len(gone), len(come)) {
			at := pair{-1, -1}
			if k < len(gone) {
				at.old = gone[k]
			}
			if k < len(come) {
				at.new = come[k]
			}
			out = append(out, at)
		}
	}
	return out
}

// leaves gives every part without parts of its own, of either side.
func (w *walker) leaves(p place, old, new string) {
	for _, side := range []struct{ old, new string }{{old, ""}, {"", new}} {
		switch value := side.old + side.new; {
		case value == "":
		case !container(value):
			w.value(p, side.old, side.new)
		case value[0] == '{':
			w.object(p, properties(side.old), properties(side.new))
		default:
			w.array(p, items(side.old), items(side.new))
		}
	}
}

// hollow tells, in lines only, of an object or array that has parts on one
// side only: without parts it is a line of its own.
func (w *walker) hollow(p place, old, new string) {
	switch {
	case !container(old):
		w.value(p, old, "")
	case !container(new):
		w.value(p, "", new)
	}
}

func names(all []property) []string {
	list := make([]string, len(all))
	for i, p := range all {
		list[i] = p.name
	}
	return list
}
