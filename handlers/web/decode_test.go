package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/tenancy/fault"
)

type inner struct {
	Count int    `json:"count"`
	Skip  string `json:"-"`
}

type document struct {
	inner
	Name  string            `json:"name"`
	URIs  []string          `json:"redirect_uris"`
	Flag  *bool             `json:"flag,omitempty"`
	Sub   *inner            `json:"sub"`
	List  []inner           `json:"list"`
	Words map[string]string `json:"words"`
	Raw   json.RawMessage   `json:"raw"`
	Any   any               `json:"any"`
}

func TestDecodeJSON(t *testing.T) {
	for _, row := range []struct{ in, strict, lenient string }{
		{`{"name":"x","redirect_uris":["a"],"flag":true,"sub":{"count":1},"list":[{"count":2}],"words":{"a/b":"c"},"raw":{"z":1},"any":{"z":1},"count":7}`, "", ""},
		{` {"name":"\ud83d\ude00 \\ud800 ü"} ` + "\n", "", ""},
		{`{"name":null,"sub":null,"list":null}`, "", ""},
		{`{"name":7}`, "/name type", "/name type"},
		{`{"redirect_uris":["a",7]}`, "/redirect_uris/1 type", "/redirect_uris/1 type"},
		{`{"redirect_uris":"a"}`, "/redirect_uris type", "/redirect_uris type"},
		{`{"sub":{"count":"1"}}`, "/sub/count type", "/sub/count type"},
		{`{"list":[{},{"count":1.5}]}`, "/list/1/count type", "/list/1/count type"},
		{`{"list":[[]]}`, "/list/0 type", "/list/0 type"},
		{`{"words":{"a/b~c":1}}`, "/words/a~1b~0c type", "/words/a~1b~0c type"},
		{`{"flag":"yes"}`, "/flag type", "/flag type"},
		{`[]`, " type", " type"},
		{`"x"`, " type", " type"},
		{`null`, " type", " type"},
		{`{"other":1}`, "/other unknown", ""},
		{`{"Name":"x"}`, "/Name unknown", ""},
		{`{"Skip":"x"}`, "/Skip unknown", ""},
		{`{"list":[{"count":1,"other":{}}]}`, "/list/0/other unknown", ""},
		{`{"name":"x","name":"y"}`, "/name duplicate", "/name duplicate"},
		{`{"name":"x","n\u0061me":"y"}`, "/name duplicate", "/name duplicate"},
		{`{"any":{"a":1,"a":2}}`, "/any/a duplicate", "/any/a duplicate"},
		{`{"raw":[{"a":1,"a":2}]}`, "/raw/0/a duplicate", "/raw/0/a duplicate"},
		{``, "empty", "empty"},
		{" \n", "empty", "empty"},
		{`{"name":"x"} {}`, "not JSON", "not JSON"},
		{`{"name":"x"},`, "not JSON", "not JSON"},
		{`{"name":"x"`, "not JSON", "not JSON"},
		{`{'name':"x"}`, "not JSON", "not JSON"},
		{`{"name":"x",}`, "not JSON", "not JSON"},
		{"{\"name\":\"a\nb\"}", "not JSON", "not JSON"},
		{"{\"name\":\"\xff\"}", "UTF-8", "UTF-8"},
		{`{"name":"\ud800"}`, "surrogate", "surrogate"},
		{`{"name":"\ud800\u0041"}`, "surrogate", "surrogate"},
		{`{"name":"\ude00\ud83d"}`, "surrogate", "surrogate"},
		{`{"any":` + strings.Repeat("[", 101) + strings.Repeat("]", 101) + `}`, "deeper", "deeper"},
		{strings.Repeat("[", 20000), "not JSON", "not JSON"},
	} {
		for _, strict := range []bool{true, false} {
			want := row.lenient
			if strict {
				want = row.strict
			}
			err := web.DecodeJSON([]byte(row.in), new(document), strict)
			if want == "" && err == nil {
				continue
			}
			f := fault.Of(err)
			if err == nil || want == "" || f.Kind != fault.Malformed {
				t.Errorf("%.60s strict %t: got %v, want %q", row.in, strict, err, want)
				continue
			}
			got := f.Message
			if len(f.Fields) == 1 {
				got = f.Fields[0].Path + " " + f.Fields[0].Rule
			}
			if got != want && (len(f.Fields) > 0 || !strings.Contains(got, want)) {
				t.Errorf("%.60s strict %t: got %q, want %q", row.in, strict, got, want)
			}
		}
	}
}

func TestDecodeJSONSaysWhatItWants(t *testing.T) {
	for in, want := range map[string]string{`{"name":1}`: "a string", `{"flag":1}`: "true or false", `{"list":1}`: "a list", `{"sub":1}`: "an object",
		`{"count":"1"}`: "a whole number"} {
		if err := web.DecodeJSON([]byte(in), new(document), true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// TestAnswers compares with what DecodeJSON said, strict and not, while this
// package walked with encoding/json's tokens: the fault, or that it took the
// text.
func TestAnswers(t *testing.T) {
	jwktest.Answers(t, func(t *testing.T, in string, answers []string) {
		for i, strict := range []bool{true, false} {
			got := "taken"
			if err := web.DecodeJSON([]byte(in), new(document), strict); err != nil {
				f := fault.Of(err)
				got = f.Message
				for _, field := range f.Fields {
					got = field.Path + " " + field.Rule + " " + field.Message
				}
			}
			if got != answers[i] {
				t.Errorf("%q strict %t: got %s, want %s", in, strict, got, answers[i])
			}
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add(`{"name":"x","list":[{"count":1}]}`)
	f.Add(`{"any":"\ud83d\ude00","raw":[1,2,{"a":null}]}`)
	f.Add("{\"a\":\"\\")
	f.Fuzz(func(t *testing.T, in string) {
		var a document
		if web.DecodeJSON([]byte(in), &a, false) == nil && !json.Valid([]byte(in)) {
			t.Errorf("accepted %q", in)
		}
		if web.DecodeJSON([]byte(in), new(document), true) == nil && web.DecodeJSON([]byte(in), new(document), false) != nil {
			t.Errorf("strict accepts more: %q", in)
		}
	})
}
