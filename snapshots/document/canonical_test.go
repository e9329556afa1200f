package document_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

func roundTrip[T document.Content](t *testing.T, doc *T) *T {
	t.Helper()
	data := document.Encode(doc)
	if !json.Valid(data) {
		t.Fatalf("not JSON: %s", data)
	}
	got, err := document.Decode[T](data)
	if err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return got
}

func TestRoundTrip(t *testing.T) {
	client, setup, server := documenttest.Stored()
	testRoundTrip(t, "client", client)
	testRoundTrip(t, "setup", setup)
	testRoundTrip(t, "resource_server", server)
}

// testRoundTrip also holds the bytes against a golden file: commitments in the
// log are made of them, so they may never change for content that exists.
// UPDATE_GOLDEN=1 rewrites it.
func testRoundTrip[T document.Content](t *testing.T, name string, full T) {
	t.Helper()
	if got := roundTrip(t, &full); !reflect.DeepEqual(*got, full) {
		t.Errorf("%s: changed in %q", name, document.Changed(got, &full))
	}
	golden := filepath.Join("testdata", "full_"+name+".json")
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(golden, document.Encode(&full), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := document.Encode(&full); !bytes.Equal(got, want) {
		t.Errorf("%s: the canonical bytes are\n%s\nwant\n%s", name, got, want)
	}
}

func TestEncodeSpelling(t *testing.T) {
	for _, c := range []struct {
		name, want string
		doc        document.Client
	}{
		{"nothing set", `{"v":1}`, document.Client{}},
		{"empty but set list", `{"v":1,"grant_types":[]}`, document.Client{GrantTypes: []string{}}},
		{"order of the table", `{"v":1,"owner":"o","jwks":{"keys":[]},"skip_consent":false}`,
			document.Client{SkipConsent: document.False, JWKS: `{"keys":[]}`, OwnerLabel: "o"}},
		{"escapes", `{"v":1,"owner":"\"\\\b\f\n\r\t\u0000\u001f/<>&` + "\x7f\u2028ü😀" + `"}`,
			document.Client{OwnerLabel: "\"\\\b\f\n\r\t\x00\x1f/<>&\x7f\u2028ü😀"}},
		{"not UTF-8", `{"v":1,"owner":"` + "a\ufffd\ufffdb\ufffd" + `"}`, document.Client{OwnerLabel: "a\xff\xc3b\xe2"}},
		{"form 2", `{"v":2,"owner":"o","keywords":["x"]}`, document.Client{OwnerLabel: "o", Keywords: []string{"x"}}},
		{"an empty item", `{"v":1,"contacts":["",""]}`, document.Client{Contacts: []string{"", ""}}},
	} {
		if got := string(document.Encode(&c.doc)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	full := documenttest.FullClient()
	data := document.Encode(&full)
	for cut := range data {
		if _, err := document.Decode[document.Client](data[:cut]); err == nil {
			t.Errorf("%d of %d bytes were taken", cut, len(data))
		}
	}
	for name, text := range map[string]string{
		"no version":                        `{"owner":"x"}`,
		"another version":                   `{"v":2}`,
		"a member of form 2 in form 1":      `{"v":1,"keywords":["x"]}`,
		"form 2 without one of its members": `{"v":2,"owner":"x"}`,
		"form 3":                            `{"v":3,"owner":"x"}`,
		"version not first":                 `{"owner":"x","v":1}`,
		"trailing byte":                     `{"v":1} `,
		"second value":                      `{"v":1}{"v":1}`,
		"unknown member":                    `{"v":1,"nickname":"x"}`,
		"member of another type":            `{"v":1,"uri":"https://a.example"}`,
		"wrong order":                       `{"v":1,"comment":"x","owner":"y"}`,
		"repeated member":                   `{"v":1,"owner":"x","owner":"x"}`,
		"space":                             `{"v":1, "owner":"x"}`,
		"no comma":                          `{"v":1"owner":"x"}`,
		"two commas":                        `{"v":1,,"owner":"x"}`,
		"comma at the end":                  `{"v":1,"owner":"x",}`,
		"unset string":                      `{"v":1,"owner":""}`,
		"unset list":                        `{"v":1,"contacts":[]}`,
		"null":                              `{"v":1,"owner":null}`,
		"number for a string":               `{"v":1,"owner":1}`,
		"escaped name":                      `{"v":1,"o\u0077ner":"x"}`,
		"needless escape":                   `{"v":1,"owner":"\u0041"}`,
		"escaped slash":                     `{"v":1,"owner":"\/"}`,
		"long newline":                      `{"v":1,"owner":"\u000a"}`,
		"upper-case escape":                 `{"v":1,"owner":"\u001F"}`,
		"raw control character":             "{\"v\":1,\"owner\":\"\n\"}",
		"half a surrogate pair":             `{"v":1,"owner":"\ud83d"}`,
		"not UTF-8":                         "{\"v\":1,\"owner\":\"\xff\"}",
		"comma in a list":                   `{"v":1,"contacts":["x",]}`,
		"text flag":                         `{"v":1,"skip_consent":"true"}`,
		"leading zero":                      `{"v":1,"access_token_ttl":01}`,
		"minus zero":                        `{"v":1,"access_token_ttl":-0}`,
		"fraction":                          `{"v":1,"access_token_ttl":1.0}`,
		"exponent":                          `{"v":1,"access_token_ttl":1e2}`,
		"over 64 bits":                      `{"v":1,"access_token_ttl":9223372036854775808}`,
		"unsorted document":                 `{"v":1,"metadata":{"b":1,"a":2}}`,
		"repeated in document":              `{"v":1,"metadata":{"a":1,"a":1}}`,
		"space in document":                 `{"v":1,"metadata":{"a": 1}}`,
		"unset in a text":                   `{"v":1,"localized_metadata":[{"name":"x","value":""}]}`,
		"order in a text":                   `{"v":1,"localized_metadata":[{"value":"x","name":"y"}]}`,
	} {
		if doc, err := document.Decode[document.Client]([]byte(text)); err == nil {
			t.Errorf("%s: %s was taken as %+v", name, text, doc)
		}
	}
}

// An error may reach a log, so it must not carry what a tenant configured.
func TestDecodeErrorNamesNoContent(t *testing.T) {
	for _, text := range []string{`{"v":1,"owner":"hush"} `, `{"v":1,"hush":1}`, `{"v":1,"owner":hush}`} {
		_, err := document.Decode[document.Client]([]byte(text))
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
