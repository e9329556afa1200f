package document_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

func FuzzDecodeClient(f *testing.F) { fuzzDecode(f, documenttest.FullClient()) }

func FuzzDecodeSetup(f *testing.F) { fuzzDecode(f, documenttest.FullSetup()) }

func FuzzDecodeResourceServer(f *testing.F) { fuzzDecode(f, documenttest.FullResourceServer()) }

// fuzzDecode holds the invariant that stored content lives by: bytes that
// decode are the bytes that their document encodes to, and they are JSON.
func fuzzDecode[T document.Content](f *testing.F, full T) {
	f.Add(document.Encode(&full))
	for _, text := range []string{
		`{"v":1}`,
		`{"v":1,"grant_types":[]}`,
		`{"v":1,"owner":"\"\\\n\u0000ü","comment":"\u001f"}`,
		`{"v":1,"access_token_ttl":-9223372036854775808}`,
		`{"v":1,"localized_metadata":[{},{"name":"a","locale":"de"}]}`,
		`{"v":1,"metadata":{"a":[1.50,-0,{"":null}]},"skip_consent":false}`,
		`{"v":1,"scopes":[{"name":"a","localized_metadata":[{"value":"b"}],"policy_force_reauthentication":true}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := document.Decode[T](data)
		if err != nil {
			return
		}
		if again := document.Encode(doc); !bytes.Equal(again, data) {
			t.Fatalf("%q decodes and encodes to %q", data, again)
		}
		if !json.Valid(data) {
			t.Fatalf("%q decodes and is not JSON", data)
		}
		if clone := document.Clone(doc); !reflect.DeepEqual(clone, doc) {
			t.Fatalf("%q: the clone differs", data)
		}
	})
}

// FuzzParseJSON holds the canonical form against encoding/json: the same
// value, and the form is its own canonical form.
func FuzzParseJSON(f *testing.F) {
	for _, text := range []string{
		` { "b" : [ 1.50 , true , null ] , "a" : "\u00fc\ud83d\ude00\/" } `, `[]`, `-0.0e+1`, `"\ud800"`, `{"a":1,"a":1}`, `{"\u0000":{}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := document.ParseJSON(data)
		if err != nil {
			return
		}
		if again, err := document.ParseJSON([]byte(doc)); err != nil || again != doc {
			t.Fatalf("%q is canonical for %q, and %q (%v) for it", doc, data, again, err)
		}
		if got, want := numbersAsText(t, []byte(doc)), numbersAsText(t, data); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q means %v, its canonical form %q means %v", data, want, doc, got)
		}
	})
}

func numbersAsText(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	return value
}
