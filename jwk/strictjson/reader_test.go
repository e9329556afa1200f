package strictjson_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenure/jwk/strictjson"
)

// read walks over a whole text and asks Earlier for every member.
func read(r *strictjson.Reader, found func(what string)) {
	switch r.Peek() {
	case '{':
		for r.Object(); r.Member(); {
			if place := r.Earlier(); place >= 0 {
				found(fmt.Sprintf("%s again, first at %d", r.Pointer(), place))
			}
			read(r, found)
		}
	case '[':
		for r.Array(); r.Item(); {
			read(r, found)
		}
	case '"':
		found(fmt.Sprintf("%s %q", r.Pointer(), r.Text()))
	case 't', 'f':
		found(fmt.Sprintf("%s %t", r.Pointer(), r.Bool()))
	case 'n':
		r.Null()
	default:
		found(fmt.Sprintf("%s %s", r.Pointer(), r.Number()))
	}
}

func TestReader(t *testing.T) {
	const text = ` { "a/b" : [ 1.50 , -0 , [ ] , { } , null ] ,"~" : { "x" : true , "\u0078":false },"":"\ud83d\ude00\/" ,"a/b":1e400}` + "\r\n\t "
	r := strictjson.NewReader(text, 3)
	var got []string
	read(r, func(what string) { got = append(got, what) })
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	want := []string{"/a~1b/0 1.50", "/a~1b/1 -0", "/~0/x true", "/~0/x again, first at 0", "/~0/x false", `/ "😀/"`, "/a~1b again, first at 0", "/a~1b 1e400"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if r.Offset() != len(text) {
		t.Errorf("%d of %d bytes read", r.Offset(), len(text))
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		in      string
		kind    strictjson.Kind
		offset  int
		pointer string
		message string
	}{
		{"", strictjson.Ended, 0, "", "expected a value"},
		{" \n", strictjson.Ended, 2, "", "expected a value"},
		{"x", strictjson.Syntax, 0, "", "expected a value"},
		{"\ufeff{}", strictjson.Syntax, 0, "", "expected a value"},
		{"tru", strictjson.Syntax, 0, "", "expected a value"},
		{"NaN", strictjson.Syntax, 0, "", "expected a value"},
		{"+1", strictjson.Syntax, 0, "", "expected a value"},
		{"-", strictjson.Syntax, 1, "", "expected a value"},
		{"1.", strictjson.Syntax, 2, "", "expected a value"},
		{"1e+", strictjson.Syntax, 3, "", "expected a value"},
		{"01", strictjson.Trailing, 1, "", "something follows the value"},
		{"{} {}", strictjson.Trailing, 3, "", "something follows the value"},
		{"{", strictjson.Ended, 1, "", "expected a string"},
		{"{1", strictjson.Syntax, 1, "", "expected a string"},
		{`{"a"`, strictjson.Ended, 4, "", "expected :"},
		{`{"a" 1`, strictjson.Syntax, 5, "", "expected :"},
		{`{"a":`, strictjson.Ended, 5, "/a", "expected a value"},
		{`{"a":1`, strictjson.Ended, 6, "", "expected ,"},
		{`{"a":1]`, strictjson.Syntax, 6, "", "expected ,"},
		{`{"a":1,}`, strictjson.Syntax, 7, "", "expected a string"},
		{`{"a":[1,]}`, strictjson.Syntax, 8, "/a/1", "expected a value"},
		{`{"a":[1 2]}`, strictjson.Syntax, 8, "/a", "expected ,"},
		{`["x`, strictjson.Ended, 3, "/0", "a string that does not end, or a raw control character in it"},
		{`["x\`, strictjson.Ended, 4, "/0", "expected u"},
		{"[\"x\n\"]", strictjson.Syntax, 3, "/0", "a string that does not end, or a raw control character in it"},
		{"[\"x\\n\x00\"]", strictjson.Syntax, 5, "/0", "a string that does not end, or a raw control character in it"},
		{`["\x"]`, strictjson.Syntax, 3, "/0", "expected u"},
		{`["\u12"]`, strictjson.Syntax, 4, "/0", "not four hexadecimal digits"},
		{`["\u12_4"]`, strictjson.Syntax, 4, "/0", "not four hexadecimal digits"},
		{`["\u12`, strictjson.Syntax, 6, "/0", "a string that does not end, or a raw control character in it"},
		{`["\ud83d"]`, strictjson.Surrogate, 8, "/0", `expected \u`},
		{`["\ud83d\u0041"]`, strictjson.Surrogate, 14, "/0", "half a surrogate pair"},
		{`["\ud83d\ude"]`, strictjson.Surrogate, 10, "/0", "not four hexadecimal digits"},
		{`["\ude00\ud83d"]`, strictjson.Surrogate, 14, "/0", "half a surrogate pair"},
		{`{"\ud83d":1}`, strictjson.Surrogate, 8, "", `expected \u`},
		{"[\"\xff\"]", strictjson.NotUTF8, 4, "/0", "not UTF-8"},
		{"[\"\\n\xed\xa0\x80\"]", strictjson.NotUTF8, 8, "/0", "not UTF-8"},
		{`{"b":[{"a":1,"a":2}]}`, strictjson.Repeated, 19, "/b/0/a", "a member name twice in one object"},
		{`{"a":{"b/":[[[[]]]]}}`, strictjson.TooDeep, 13, "/a/b~1/0/0", "nested too deep"},
	} {
		_, err := strictjson.Canonical(c.in, 4)
		var e *strictjson.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if want := (strictjson.Error{Kind: c.kind, Offset: c.offset, Pointer: c.pointer, Message: c.message}); *e != want {
			t.Errorf("%q: got %+v, want %+v", c.in, *e, want)
		}
	}
}

// TestWrongKind asks for values of another kind than there is.
func TestWrongKind(t *testing.T) {
	for message, ask := range map[string]func(r *strictjson.Reader){
		"expected a string":      func(r *strictjson.Reader) { r.Text() },
		"expected true or false": func(r *strictjson.Reader) { r.Bool() },
		"expected {":             func(r *strictjson.Reader) { r.Object() },
		"expected [":             func(r *strictjson.Reader) { r.Array() },
		"expected a value":       func(r *strictjson.Reader) { r.Null() },
	} {
		r := strictjson.NewReader(`[1,"x"]`, 9)
		r.Array()
		r.Item()
		ask(r)
		var e *strictjson.Error
		if !errors.As(r.Err(), &e) || e.Kind != strictjson.Syntax || e.Message != message || e.Pointer != "/0" || e.Offset != 1 {
			t.Errorf("%v, want %q", r.Err(), message)
		}
		// The first error sticks, and nothing more is read.
		if r.Item() || r.Member() || r.Text() != "" || r.Number() != "" || r.Bool() || r.Raw() != "" || r.Peek() != 0 || r.End() != error(e) {
			t.Errorf("%s: reading went on", message)
		}
	}
}

func TestFail(t *testing.T) {
	r := strictjson.NewReader(`{"a":[0,1]}`, 9)
	for r.Object(); r.Member(); {
		for r.Array(); r.Item(); {
			if r.Number() == "1" {
				r.Fail("one too many")
				r.Fail("never seen")
			}
		}
	}
	want := strictjson.Error{Kind: strictjson.Refused, Offset: 9, Pointer: "/a/1", Message: "one too many"}
	var e *strictjson.Error
	if !errors.As(r.End(), &e) || *e != want {
		t.Errorf("%+v, want %+v", r.End(), want)
	}
}

func TestRaw(t *testing.T) {
	r := strictjson.NewReader(` [ {"b" : 1, "a":[ ]} , "\n", 1.0 ] `, 9)
	var got []string
	for r.Array(); r.Item(); {
		got = append(got, r.Raw())
	}
	if err := r.End(); err != nil || !slices.Equal(got, []string{`{"b" : 1, "a":[ ]}`, `"\n"`, "1.0"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestEarlier repeats names in objects of each size around the one from which a map is used.
func TestEarlier(t *testing.T) {
	for _, size := range []int{1, 2, 23, 24, 25, 100} {
		text := "{"
		for i := range size {
			text += fmt.Sprintf(`"n%d":{"n0":1,"n0":2},`, i)
		}
		text += fmt.Sprintf(`"n%d":3,"n%d":4,"m":5,"m":6}`, size-1, size/2)
		r := strictjson.NewReader(text, 9)
		var places []int
		for r.Object(); r.Member(); {
			if place := r.Earlier(); place >= 0 {
				places = append(places, place)
			}
			if r.Peek() != '{' {
				r.Skip()
				continue
			}
			for r.Object(); r.Member(); r.Skip() {
				if place := r.Earlier(); (place == 0) != (r.Index() == 1) {
					t.Fatalf("size %d: inner place %d", size, place)
				}
			}
		}
		if err := r.End(); err != nil || !slices.Equal(places, []int{size - 1, size / 2, size}) {
			t.Errorf("size %d: places %v, %v", size, places, err)
		}
	}
}

func TestRepairing(t *testing.T) {
	for in, want := range map[string]string{
		`"\ud83d"`:             "\ufffd",
		`"\ud83d\u0041"`:       "\ufffdA",
		`"\ude00\ud83d\ude00"`: "\ufffd😀",
		`"\ud83d\ud83d\ude00"`: "\ufffd😀",
		"\"a\xff\xfeb\"":       "a\ufffdb",
		"\"\\n\xff\"":          "\n\ufffd",
	} {
		r := strictjson.NewRepairingReader(in, 1)
		if got := r.Text(); got != want || r.End() != nil {
			t.Errorf("%q: %q, %v", in, got, r.End())
		}
		r = strictjson.NewRepairingReader(in, 1)
		if got := string(r.AppendCanonical(nil)); got != string(strictjson.AppendText(nil, want)) {
			t.Errorf("%q: canonical %s", in, got)
		}
	}
	for _, in := range []string{`"\ud83d\u12"`, `"\ud83`, `"\x"`, "\xff", `"`} {
		r := strictjson.NewRepairingReader(in, 1)
		if r.Text(); r.End() == nil {
			t.Errorf("%q: taken", in)
		}
	}
}

func TestWellFormed(t *testing.T) {
	for in, want := range map[string]bool{
		``: true, `{"a":"\ud83d\ude00"}`: true, `\ud83d\ude00\ud83d\ude00`: true, `"\\ud800"`: true, `"\u12"`: true,
		`"\ud800"`: false, `"\ud800\u0041"`: false, `"\ude00\ud83d"`: false, `"\ud83d\ude00\ude00"`: false,
		`"\\\ud800"`: false, `\ud800`: false, "\"\xff\"": false, `"\ud83d\\ude00"`: false, `"\D800"`: true, `"\uD800"`: false,
	} {
		if got := strictjson.WellFormed([]byte(in)); got != want {
			t.Errorf("%s: %t", in, got)
		}
	}
}

func TestPointers(t *testing.T) {
	if got := strictjson.Below("/a~0", "b/~c"); got != "/a~0/b~1~0c" {
		t.Error(got)
	}
	if got := string(strictjson.AppendPointer([]byte("/a"), "")); got != "/a/" {
		t.Error(got)
	}
}

// TestNoAllocations reads without an allocation for each value: the reader's own, its open
// containers and the names that Earlier learns.
func TestNoAllocations(t *testing.T) {
	text := "[" + strings.TrimSuffix(strings.Repeat(`{"name":"x","list":["a",1.5,true,null],"other":{}},`, 100), ",") + "]"
	var walk func(r *strictjson.Reader)
	walk = func(r *strictjson.Reader) {
		switch r.Peek() {
		case '{':
			for r.Object(); r.Member(); walk(r) {
				r.Earlier()
			}
		case '[':
			for r.Array(); r.Item(); {
				walk(r)
			}
		default:
			r.Skip()
		}
	}
	allocations := testing.AllocsPerRun(10, func() {
		r := strictjson.NewReader(text, 9)
		if walk(r); r.End() != nil {
			t.Fatal(r.End())
		}
	})
	if allocations > 8 {
		t.Errorf("%v allocations", allocations)
	}
}
