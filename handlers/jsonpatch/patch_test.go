package jsonpatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	evanphx "github.com/evanphx/json-patch/v5"
	"pgregory.net/rapid"

	"tenure/jwk/jwktest"
)

func operations(t testing.TB, patch string) []Operation {
	t.Helper()
	var list []Operation
	if err := json.Unmarshal([]byte(patch), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func apply(t testing.TB, doc, patch string) (string, error) {
	t.Helper()
	list := operations(t, patch)
	if err := (Dialect{}).Check(list); err != nil {
		return "", err
	}
	root, err := Decode([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	after, err := Dialect{}.Apply(root, list)
	if err != nil {
		return "", err
	}
	return compact(t, after), nil
}

func compact(t interface {
	Helper()
	Fatal(...any)
}, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestOperations has what RFC 6902 says of each operation, with its appendix A.
func TestOperations(t *testing.T) {
	for _, c := range []struct{ doc, patch, want string }{
		{`{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux"}]`, `{"baz":"qux","foo":"bar"}`},
		{`{"foo":["bar","baz"]}`, `[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`},
		{`{"baz":"qux","foo":"bar"}`, `[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`},
		{`{"foo":["bar","qux","baz"]}`, `[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`},
		{`{"baz":"qux","foo":"bar"}`, `[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo","foo":"bar"}`},
		{`{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`, `[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`},
		{`{"foo":["all","grass","cows","eat"]}`, `[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`},
		{`{"baz":"qux","foo":["a",2,"c"]}`, `[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2.0}]`, `{"baz":"qux","foo":["a",2,"c"]}`},
		{`{"baz":"qux"}`, `[{"op":"test","path":"/baz","value":"bar"}]`, ""},
		{`{"foo":"bar"}`, `[{"op":"add","path":"/child","value":{"grandchild":{}}}]`, `{"child":{"grandchild":{}},"foo":"bar"}`},
		{`{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"baz":"qux","foo":"bar"}`},
		{`{"foo":"bar"}`, `[{"op":"add","path":"/baz/bat","value":"qux"}]`, ""},
		{`{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":10}]`, `{"/":9,"~1":10}`},
		{`{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":"10"}]`, ""},
		{`{"foo":["bar"]}`, `[{"op":"add","path":"/foo/-","value":["abc","def"]}]`, `{"foo":["bar",["abc","def"]]}`},
		{`{"a":1}`, `[{"op":"add","path":"","value":{"b":2}}]`, `{"b":2}`},
		{`{"a":1}`, `[{"op":"replace","path":"","value":[]}]`, `[]`},
		{`{"a":1}`, `[{"op":"remove","path":""}]`, ""},
		{`{"a":1}`, `[{"op":"replace","path":"/b","value":1}]`, ""},
		{`{"a":null}`, `[{"op":"replace","path":"/a","value":1}]`, `{"a":1}`},
		{`{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2}]`, `{"a":{"b":1},"c":{"b":2}}`},
		{`{"a":{"b":1}}`, `[{"op":"copy","from":"","path":"/a/c"}]`, `{"a":{"b":1,"c":{"a":{"b":1}}}}`},
		{`{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a/b"}]`, ""},
		{`{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a"}]`, `{"a":{"b":1}}`},
		{`{"a":[1]}`, `[{"op":"move","from":"/b","path":"/a"}]`, ""},
		{`{"a":[1]}`, `[{"op":"add","path":"/a/2","value":1}]`, ""},
		{`{"a":[1]}`, `[{"op":"add","path":"/a/01","value":1}]`, ""},
		{`{"a":[1]}`, `[{"op":"replace","path":"/a/-","value":1}]`, ""},
		{`{"a":[1]}`, `[{"op":"add","path":"/a/-/x","value":1}]`, ""},
		{`{"a":"x"}`, `[{"op":"add","path":"/a/x","value":1}]`, ""},
		{`{"a":1e400}`, `[{"op":"copy","from":"/a","path":"/b"}]`, `{"a":1e400,"b":1e400}`},
		{`{"n":9007199254740993}`, `[{"op":"test","path":"/n","value":9007199254740992}]`, ""},
		{`{}`, `[{"op":"increment","path":"/a"}]`, ""},
		{`{}`, `[{"op":"add","path":"/a"}]`, ""},
		{`{}`, `[{"op":"add","path":"a","value":1}]`, ""},
		{`{}`, `[{"op":"add","path":"/~2","value":1}]`, ""},
	} {
		got, err := apply(t, c.doc, c.patch)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s on %s: %s, %v", c.patch, c.doc, got, err)
		}
		var wrong *Error
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("%s: %v names no operation", c.patch, err)
		}
	}
}

// TestSizes tries each limit from both sides. A patch of two kilobytes that doubles a
// value ends where the document would be too large.
func TestSizes(t *testing.T) {
	row := func(name string) int { return jwktest.Limit(t, "Requests", name)[0] }
	size, most, tokens := row("the document after each operation of a JSON Patch"), row("operations of a JSON Patch"), row("parts of a path in a JSON Patch")
	copied := row("what the `copy` operations of a JSON Patch copy together")
	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	add := func(n int) string { return `{"op":"add","path":"/a","value":` + text(n) + `}` }
	fits := size - len(`{"a":}`)
	remove := `{"op":"remove","path":"/a"}`
	doubling := `[{"op":"add","path":"/x","value":[` + text(1000) + `]}` + strings.Repeat(`,{"op":"copy","from":"/x","path":"/x/-"}`, 24) + `]`
	many := "[" + strings.Repeat(`{"op":"test","path":"","value":{}},`, MaxOperations-1) + `{"op":"test","path":"","value":{}}`
	each := fits/2 - 10
	copies := func(n int) string {
		return `[{"op":"add","path":"/a","value":` + text(each) + `}` +
			strings.Repeat(`,{"op":"copy","from":"/a","path":"/b"},{"op":"remove","path":"/b"}`, n) + `]`
	}
	for name, c := range map[string]struct {
		patch string
		want  error
		index int
	}{
		"as large as it may be":         {"[" + add(fits) + "]", nil, 0},
		"a byte more":                   {"[" + add(fits+1) + "]", errSize, 0},
		"a byte more in between":        {"[" + add(10) + "," + remove + "," + add(fits+1) + "," + remove + "]", errSize, 2},
		"a value put over another":      {"[" + add(fits) + "," + add(fits) + "," + add(fits) + "]", nil, 0},
		"doubling":                      {doubling, errSize, 10},
		"copies that are removed again": {copies(copied / each), nil, 0},
		"too many copies":               {copies(copied/each + 1), errCopied, 2*(copied/each) + 1},
		"operations":                    {many + "]", nil, 0},
	} {
		_, err := apply(t, `{}`, c.patch)
		var wrong *Error
		if !errors.Is(err, c.want) || err != nil && (!errors.As(err, &wrong) || wrong.Index != c.index) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Dialect{}).Check(operations(t, many+`,{"op":"test","path":"","value":{}}]`)); err == nil || !strings.Contains(err.Error(), fmt.Sprint(most, " operations")) {
		t.Error(err)
	}
	deep := func(n int) string { return `[{"op":"remove","path":"` + strings.Repeat("/a", n) + `"}]` }
	if _, err := apply(t, `{}`, deep(tokens)); !errors.Is(err, errMissing) {
		t.Error(err)
	}
	if _, err := apply(t, `{}`, deep(tokens+1)); err == nil || !strings.Contains(err.Error(), "too deep") {
		t.Error(err)
	}
}

// values draws JSON values with few names, so that pointers meet something.
func values(depth int) *rapid.Generator[any] {
	names := rapid.SampledFrom([]string{"a", "b", "", "~/", "0", "\"\n\x01<", "ü"})
	scalars := rapid.OneOf(rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any](false),
		rapid.Map(names, func(s string) any { return s }), rapid.Map(rapid.IntRange(-20, 2000), func(n int) any { return json.Number(fmt.Sprint(n)) }))
	if depth == 0 {
		return scalars
	}
	return rapid.OneOf(scalars,
		rapid.Map(rapid.SliceOfN(values(depth-1), 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(names, values(depth-1), 0, 3), func(m map[string]any) any { return m }))
}

// TestAgainstAnother compares each operation with what another implementation makes of
// it, and the size that is kept with the size of what comes out.
func TestAgainstAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "~/", "0"}), values(2), 1, 3).Draw(t, "object")
		encode := func(v any) string { return compact(t, v) }
		doc := encode(object)
		tokens := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "~0~1", "0", "1", "-"}), 1, 3)
		pointer := func(label string) string { return "/" + strings.Join(tokens.Draw(t, label), "/") }
		var list []map[string]any
		for range rapid.IntRange(1, 4).Draw(t, "operations") {
			o := map[string]any{"op": rapid.SampledFrom(rfc6902).Draw(t, "op"), "path": pointer("path")}
			switch o["op"] {
			case "move", "copy":
				o["from"] = pointer("from")
			case "test": // the other one holds a missing value to be null
				o["value"] = values(2).Filter(func(v any) bool { return v != nil }).Draw(t, "value")
			case "add", "replace":
				o["value"] = values(2).Draw(t, "value")
			}
			list = append(list, o)
		}
		patch := encode(list)
		other, err := evanphx.DecodePatch([]byte(patch))
		if err != nil {
			t.Fatal(err)
		}
		var ours []Operation
		if err := json.Unmarshal([]byte(patch), &ours); err != nil {
			t.Fatal(err)
		}
		got, failed := any(nil), (Dialect{}).Check(ours)
		if failed == nil {
			root, err := Decode([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			d := document{root: root, size: size(root)}
			for i := range ours {
				if failed = d.run(&ours[i]); failed != nil {
					break
				}
				if want := len(encode(d.root)); d.size != want {
					t.Fatalf("after operation %d of %s on %s: size %d, it has %d: %s", i, patch, doc, d.size, want, encode(d.root))
				}
			}
			got = d.root
		}
		want, err := other.ApplyWithOptions([]byte(doc), &evanphx.ApplyOptions{})
		if (err == nil) != (failed == nil) {
			t.Fatalf("%s on %s: %v, the other says %v", patch, doc, failed, err)
		}
		if err != nil {
			return
		}
		if decoded, err := Decode(want); err != nil || !reflect.DeepEqual(decoded, got) {
			t.Fatalf("%s on %s: %s, the other makes %s", patch, doc, encode(got), want)
		}
	})
}

// FuzzPatch: any patch fails with an error or makes JSON within the limit.
func FuzzPatch(f *testing.F) {
	f.Add(`{"a":[1,{"b":"c"}]}`, `[{"op":"copy","from":"/a","path":"/a/-"},{"op":"move","from":"/a/1/b","path":"/c"},{"op":"test","path":"/c","value":"c"}]`)
	f.Add(`{"a":null}`, `[{"op":"add","path":"","value":{"\u2028":"\ud83d\ude00"}},{"op":"remove","path":"/\u2028"}]`)
	f.Fuzz(func(t *testing.T, doc, patch string) {
		root, err := Decode([]byte(doc))
		var list []Operation
		if err != nil || json.Unmarshal([]byte(patch), &list) != nil {
			return
		}
		for _, d := range []Dialect{{}, {MakeParents: true, Member: strings.ToLower, Unset: func(string) bool { return true }}} {
			if d.Check(list) != nil {
				continue
			}
			after, err := d.Apply(clone(root), list)
			if err != nil {
				continue
			}
			if n := len(compact(t, after)); n != size(after) && !strings.ContainsAny(doc+patch, "\u2028\u2029\ufffd\\") {
				t.Errorf("%s on %s has %d bytes, counted %d", patch, doc, n, size(after))
			}
		}
	})
}
