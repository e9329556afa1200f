package strictjson

// Reader takes one JSON text apart, value by value, without building a tree. Each method reads one
// thing where the reader is and moves past it; white space is skipped. The first error sticks: from
// then on every method gives a zero value and every loop ends.
//
//	r := strictjson.NewReader(text, 32)
//	for r.Object(); r.Member(); {
//		switch r.Name() {
//		case "name":
//			name = r.Text()
//		case "contacts":
//			for r.Array(); r.Item(); {
//				contacts = append(contacts, r.Text())
//			}
//		default:
//			r.Skip()
//		}
//	}
//	if err := r.End(); err != nil { … }
//
// A loop over members or items reads exactly one value in each round.
type Reader struct {
	in     string
	pos    int
	depth  int // how many arrays and objects may be open
	repair bool
	open   []container
	names  []string // of the open objects, as far as Earlier was asked
	err    *Error
	few    [4]container // what open needs for most texts
}

// container is an array or object that is being read.
type container struct {
	object, inside bool           // inside: its current value is being read
	name           string         // of the current member
	index          int            // of the current member or item, -1 before the first
	names          int            // where its names begin in Reader.names
	places         map[string]int // of its names, once they are many
}

// NewReader reads text in which arrays and objects nest at most depth deep.
func NewReader(text string, depth int) *Reader {
	r := &Reader{}
	r.Reset(text, depth)
	return r
}

// Reset makes a reader one of another text, as NewReader does.
func (r *Reader) Reset(text string, depth int) {
	r.in, r.pos, r.depth, r.repair, r.err = text, 0, depth, false, nil
	r.names = r.names[:0]
	if r.open == nil {
		r.open = r.few[:]
	}
	r.open = r.open[:0]
}

// NewRepairingReader is NewReader for text that was stored or comes from elsewhere: half a surrogate
// pair becomes U+FFFD, and so does each run of bytes that are not UTF-8.
func NewRepairingReader(text string, depth int) *Reader {
	r := NewReader(text, depth)
	r.repair = true
	return r
}

// Err is the first error, nil if there was none.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// End reports the first error, or that something other than white space follows the value.
func (r *Reader) End() error {
	if r.space(); r.pos < len(r.in) {
		r.fail(Trailing, "something follows the value")
	}
	return r.Err()
}

// Offset is the number of bytes that have been read.
func (r *Reader) Offset() int { return r.pos }

// Peek is the first byte of the next value or 0 at the end. For a valid value this is one of
// '{', '[', '"', 't', 'f', 'n', '-' or a digit.
func (r *Reader) Peek() byte {
	r.space()
	return r.peek()
}

// Object enters an object, whose members the calls of Member then visit.
func (r *Reader) Object() { r.enter('{', "expected {", true) }

// Array enters an array, whose items the calls of Item then visit.
func (r *Reader) Array() { r.enter('[', "expected [", false) }

func (r *Reader) enter(bracket byte, wanted string, object bool) {
	switch r.space(); {
	case r.peek() != bracket:
		r.unexpected(wanted)
	case r.depth == len(r.open):
		r.fail(TooDeep, "nested too deep")
	default:
		r.pos++
		r.open = append(r.open, container{object: object, index: -1, names: len(r.names)})
	}
}

// Member moves to the next member of the object, whose value is to be read next. After the last one
// it leaves the object and returns false; so it does after an error.
func (r *Reader) Member() bool {
	c := r.next('}')
	if c == nil {
		return false
	}
	name := r.Text()
	if r.space(); r.peek() != ':' {
		r.unexpected("expected :")
		return false
	}
	r.pos++
	c.name, c.inside = name, true
	return true
}

// Item moves to the next item of the array, as Member does.
func (r *Reader) Item() bool {
	c := r.next(']')
	if c == nil {
		return false
	}
	c.inside = true
	return true
}

// next moves to the next value of the innermost container, nil if there is none.
func (r *Reader) next(closing byte) *container {
	if r.err != nil {
		return nil
	}
	c := &r.open[len(r.open)-1]
	c.inside = false
	r.space()
	if r.peek() == closing {
		r.pos++
		r.names = r.names[:c.names]
		r.open = r.open[:len(r.open)-1]
		return nil
	}
	if c.index >= 0 {
		if r.peek() != ',' {
			r.unexpected("expected ,")
			return nil
		}
		r.pos++
	}
	c.index++
	return c
}

// Name is the name of the member that is being read.
func (r *Reader) Name() string { return r.open[len(r.open)-1].name }

// Index is the place of the member or item that is being read, from 0.
func (r *Reader) Index() int { return r.open[len(r.open)-1].index }
