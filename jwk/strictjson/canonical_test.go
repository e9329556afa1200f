package strictjson_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"tenure/jwk/jwktest"
	"tenure/jwk/strictjson"
)

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		` { "b" : [ 1.50 , true , null ] , "a" : "\u00fc\ud83d\ude00\/" } `: `{"a":"ü😀/","b":[1.50,true,null]}`,
		`[]`:       `[]`,
		` -0.0e+1`: `-0.0e+1`,
		`{"é":{"z":null,"a":false},"e":1E400,"E":-0}`:                         `{"E":-0,"e":1E400,"é":{"a":false,"z":null}}`,
		`"<\u0026>\/\u2028\ud83d\ude00"`:                                      "\"<&>/\u2028😀\"",
		`"\u0000\u0008\u000C\n\r\t\"\\\u007f\u001f"`:                          `"\u0000\b\f\n\r\t\"\\` + "\x7f" + `\u001f"`,
		`{"\u0062":1,"a":{}}`:                                                 `{"a":{},"b":1}`,
		`{"b":{"d":1,"c":2},"a":[{"f":3,"e":4}]}`:                             `{"a":[{"e":4,"f":3}],"b":{"c":2,"d":1}}`,
		`{"3":0,"1":0,"2":0,"9":0,"8":0,"7":0,"6":0,"5":0,"4":0,"10":0,"":0}`: `{"":0,"1":0,"10":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}`,
		strings.Repeat("[", 4) + strings.Repeat("]", 4):                       "[[[[]]]]",
	} {
		got, err := strictjson.Canonical(in, 4)
		if got != want || err != nil {
			t.Errorf("%s: %s, %v", in, got, err)
		}
		if again, err := strictjson.Canonical(want, 4); again != want || err != nil {
			t.Errorf("%s: not a fixed point: %s, %v", want, again, err)
		}
	}
}

func TestAppendText(t *testing.T) {
	for in, want := range map[string]string{
		"": `""`, "a\xffb": "\"a\ufffdb\"", "\xff\xc3": "\"\ufffd\ufffd\"", "\x00\x1f\x7f\"\\/": `"\u0000\u001f` + "\x7f" + `\"\\/"`,
	} {
		if got := string(strictjson.AppendText([]byte("x"), in)); got != "x"+want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// plain decodes JSON with encoding/json, numbers as they are written.
func plain(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	return value
}

// repeats reports whether an object of valid JSON has a name twice, and how deep it nests.
func repeats(t *testing.T, data []byte) (repeated bool, deepest int) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var open []map[string]bool // nil for an array
	name := false              // the next token is a name, if an object is open
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return repeated, deepest
		} else if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if inObject && name {
				text := token.(string)
				repeated = repeated || open[len(open)-1][text]
				open[len(open)-1][text] = true
				name = false
				continue
			}
		}
		deepest = max(deepest, len(open))
		name = true
	}
}

// FuzzCanonical compares with encoding/json what is accepted and what it means.
func FuzzCanonical(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		const depth = 8
		canonical, err := strictjson.Canonical(string(data), depth)
		accepted := json.Valid(data) && utf8.Valid(data) && strictjson.WellFormed(data)
		if accepted {
			repeated, deepest := repeats(t, data)
			accepted = !repeated && deepest <= depth
		}
		if accepted != (err == nil) {
			t.Fatalf("%q: %v, encoding/json takes it: %t", data, err, accepted)
		}
		if err != nil {
			return
		}
		if again, err := strictjson.Canonical(canonical, depth); err != nil || again != canonical {
			t.Fatalf("%q is canonical for %q, and %q (%v) for it", canonical, data, again, err)
		}
		if got, want := plain(t, []byte(canonical)), plain(t, data); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q means %v, its canonical form %q means %v", data, want, canonical, got)
		}
	})
}

// TestAnswers compares with what the scanner of stored documents said before this package took its
// place: the canonical form or the error, for a depth of 4. Stored bytes depend on each of them.
func TestAnswers(t *testing.T) {
	jwktest.Answers(t, func(t *testing.T, in string, answers []string) {
		got, err := "not UTF-8", error(nil) // the callers look for that first
		if utf8.ValidString(in) {
			if got, err = strictjson.Canonical(in, 4); err != nil {
				got = err.Error()
			}
		}
		if got != answers[0] {
			t.Errorf("%q: got %s, want %s", in, got, answers[0])
		}
	})
}
