package strictjson

import "slices"

// Earlier is the place that the name of the current member has among the different names of its
// object so far, or -1 if the name is new. It is asked once for every member of an object, right
// after Member, or for none: it learns the names from being asked.
func (r *Reader) Earlier() int {
	const few = 24
	c := &r.open[len(r.open)-1]
	seen := r.names[c.names:]
	place := -1
	switch {
	case len(seen) < few:
		place = slices.Index(seen, c.name)
	case c.places == nil:
		c.places = make(map[string]int, 2*few)
		for i, name := range seen {
			c.places[name] = i
		}
		fallthrough
	default:
		if i, found := c.places[c.name]; found {
			place = i
		}
	}
	if place < 0 {
		if c.places != nil {
			c.places[c.name] = len(seen)
		}
		r.names = append(r.names, c.name)
	}
	return place
}
