package strictjson

import "strings"

// Bool reads true or false.
func (r *Reader) Bool() bool {
	switch r.Peek() {
	case 't':
		return r.literal("true")
	case 'f':
		r.literal("false")
	default:
		r.unexpected("expected true or false")
	}
	return false
}

// Null reads null.
func (r *Reader) Null() {
	r.space()
	r.literal("null")
}

func (r *Reader) literal(word string) bool {
	if !strings.HasPrefix(r.in[r.pos:], word) {
		r.unexpected("expected a value")
		return false
	}
	r.pos += len(word)
	return true
}

// Number reads a number and returns it as it is written: nothing is rounded.
func (r *Reader) Number() string {
	r.space()
	start := r.pos
	if start == len(r.in) {
		r.unexpected("expected a value")
		return ""
	}
	if r.peek() == '-' {
		r.pos++
	}
	if r.peek() == '0' {
		r.pos++
	} else if !r.digits() {
		return ""
	}
	if r.peek() == '.' {
		if r.pos++; !r.digits() {
			return ""
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		if !r.digits() {
			return ""
		}
	}
	return r.in[start:r.pos]
}

func (r *Reader) digits() bool {
	start := r.pos
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.pos++
	}
	if r.pos == start {
		r.fail(Syntax, "expected a value")
		return false
	}
	return true
}

// Skip reads any value. It checks all that Reader checks, but no names for repetition.
func (r *Reader) Skip() {
	switch r.Peek() {
	case '{':
		for r.Object(); r.Member(); {
			r.Skip()
		}
	case '[':
		for r.Array(); r.Item(); {
			r.Skip()
		}
	case '"':
		r.Text()
	case 't', 'f':
		r.Bool()
	case 'n':
		r.Null()
	default:
		r.Number()
	}
}

// Raw is Skip and returns the value as it is written, "" after an error.
func (r *Reader) Raw() string {
	r.space()
	start := r.pos
	if r.Skip(); r.err != nil {
		return ""
	}
	return r.in[start:r.pos]
}

func (r *Reader) space() {
	for r.pos < len(r.in) {
		switch r.in[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (r *Reader) peek() byte {
	if r.pos < len(r.in) {
		return r.in[r.pos]
	}
	return 0
}
