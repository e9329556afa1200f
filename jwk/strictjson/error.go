package strictjson

import (
	"strconv"
	"strings"
)

// Kind is what an Error is about.
type Kind byte

const (
	Syntax    Kind = iota // not the grammar of RFC 8259
	Ended                 // the input ends before the value does
	TooDeep               // arrays and objects nest deeper than the limit
	NotUTF8               // a string with bytes that are not UTF-8
	Surrogate             // an escape that is half of a surrogate pair
	Repeated              // a member name twice in one object
	Trailing              // something after the value
	Refused               // what the caller does not take: see Reader.Fail
)

// Error is why a text is refused.
type Error struct {
	Kind Kind
	// Offset is where reading ended, in bytes.
	Offset int
	// Pointer is the RFC 6901 JSON pointer of the value that was being read, "" for the whole text.
	Pointer string
	// Message is a phrase for people. It has nothing of the text in it.
	Message string
}

func (e *Error) Error() string { return "byte " + strconv.Itoa(e.Offset) + ": " + e.Message }

// Fail makes message the error of the value that is being read, unless there is an error already. It
// is for what the caller does not take.
func (r *Reader) Fail(message string) { r.fail(Refused, message) }

// unexpected fails where something else was expected.
func (r *Reader) unexpected(message string) {
	kind := Syntax
	if r.pos == len(r.in) {
		kind = Ended
	}
	r.fail(kind, message)
}

// fail keeps the first error. Nothing is left to read after it.
func (r *Reader) fail(kind Kind, message string) {
	if r.err == nil {
		r.err = &Error{Kind: kind, Offset: r.pos, Pointer: r.Pointer(), Message: message}
	}
	r.pos = len(r.in)
}

// Pointer is the RFC 6901 JSON pointer of the value that is being read.
func (r *Reader) Pointer() string {
	var dst []byte
	for i := range r.open {
		switch c := &r.open[i]; {
		case !c.inside:
		case c.object:
			dst = AppendPointer(dst, c.name)
		default:
			dst = strconv.AppendInt(append(dst, '/'), int64(c.index), 10)
		}
	}
	return string(dst)
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// AppendPointer appends a slash and one token to a JSON pointer, escaped as RFC 6901 section 3 says.
func AppendPointer(dst []byte, token string) []byte {
	return append(append(dst, '/'), pointerEscapes.Replace(token)...)
}

// Below is the JSON pointer of the member called name in what is at pointer.
func Below(pointer, name string) string { return pointer + "/" + pointerEscapes.Replace(name) }
