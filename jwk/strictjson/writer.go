package strictjson

import (
	"encoding/base64"
	"math/big"
	"strconv"
	"time"
)

// Writer appends JSON to a buffer and writes the commas itself: a value or member after another one
// gets a comma before it. Nothing checks that arrays, objects and names come in a valid order.
type Writer struct {
	buf   []byte
	start int // what lies before is the caller's
}

// NewWriter appends to dst, without a look at what dst has.
func NewWriter(dst []byte) *Writer { return &Writer{buf: dst, start: len(dst)} }

// Bytes is everything written so far, after what NewWriter was given.
func (w *Writer) Bytes() []byte { return w.buf }

// Append has a function append one value.
func (w *Writer) Append(value func(dst []byte) []byte) {
	w.separate()
	w.buf = value(w.buf)
}

// separate appends the comma before a value that follows another one. The last byte decides, which
// is right between values only, not inside a string.
func (w *Writer) separate() {
	if n := len(w.buf); n > w.start {
		switch w.buf[n-1] {
		case '{', '[', ':':
		default:
			w.buf = append(w.buf, ',')
		}
	}
}

// Open begins an array with '[' or an object with '{'.
func (w *Writer) Open(bracket byte) {
	w.separate()
	w.buf = append(w.buf, bracket)
}

// Close ends an array with ']' or an object with '}'.
func (w *Writer) Close(bracket byte) { w.buf = append(w.buf, bracket) }

// Name begins a member. The name must need no escapes.
func (w *Writer) Name(name string) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

// AnyName begins a member.
func (w *Writer) AnyName(name string) {
	w.Text(name)
	w.buf = append(w.buf, ':')
}

// Raw writes a value that is JSON already.
func (w *Writer) Raw(value string) {
	w.separate()
	w.buf = append(w.buf, value...)
}

func (w *Writer) Null() { w.Raw("null") }

func (w *Writer) Text(value string) {
	w.separate()
	w.buf = AppendText(w.buf, value)
}

func (w *Writer) Bool(value bool) {
	w.separate()
	w.buf = strconv.AppendBool(w.buf, value)
}

func (w *Writer) Int(value int64) {
	w.separate()
	w.buf = strconv.AppendInt(w.buf, value, 10)
}

func (w *Writer) BigInt(value *big.Int) {
	w.separate()
	w.buf = value.Append(w.buf, 10)
}

// Base64 writes a string in standard base64 with padding.
func (w *Writer) Base64(value []byte) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = base64.StdEncoding.AppendEncode(w.buf, value)
	w.buf = append(w.buf, '"')
}

// Time writes an RFC 3339 time in UTC with three fraction digits.
func (w *Writer) Time(value time.Time) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = value.UTC().AppendFormat(w.buf, "2006-01-02T15:04:05.000Z")
	w.buf = append(w.buf, '"')
}

// Texts writes an array of strings, null for nil.
func (w *Writer) Texts(values []string) {
	if values == nil {
		w.Null()
		return
	}
	w.Open('[')
	for _, value := range values {
		w.Text(value)
	}
	w.Close(']')
}
