package ory_test

import (
	"strings"
	"testing"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

func TestDecodeIsAsLenientAsHydra(t *testing.T) {
	for body, name := range map[string]string{
		`null`:                             "",
		` {"CLIENT_NAME":"a"} trailing`:    "a",
		`{"client_name":"a","nobody":{}}`:  "a",
		`{"client_name":"a"}{"x"`:          "a",
		`{"client_name":"a","scope":null}`: "a",
		`{"Client_name":"b","jwks":null,"metadata":{"a":1,"A":2},"skip_consent":null}`: "b",
	} {
		if got := decode(t, body).ClientName; got != name {
			t.Errorf("%s: %q", body, got)
		}
	}
	if got := decode(t, `{"metadata":null}`).Metadata; string(got) != "null" {
		t.Errorf("metadata null is %q", got)
	}
	if got := decode(t, `{}`).Metadata; got != nil {
		t.Errorf("no metadata is %q", got)
	}
}

func TestDecodeFaults(t *testing.T) {
	for body, want := range map[string]string{
		``:                                      "EOF",
		`{`:                                     "unexpected EOF",
		`[]`:                                    "json: cannot unmarshal array into Go value of type client.Client",
		`{"client_name":"a","Client_name":"b"}`: `the member "Client_name" must not be repeated`,
		`{"redirect_uris":[],"scope":"","redirect_uris":["https://evil.example/"]}`: `the member "redirect_uris" must not be repeated`,
		`{"ſcope":"a","scope":"b"}`:                         `the member "scope" must not be repeated`, // a long s folds to s
		`{"redirect_uris":"x"}`:                             "json: cannot unmarshal string into Go struct field Client.redirect_uris of type sqlxx.StringSliceJSONFormat",
		`{"client_name":1}`:                                 "json: cannot unmarshal number into Go struct field Client.client_name of type string",
		`{"skip_consent":"yes"}`:                            "json: cannot unmarshal string into Go struct field Client.skip_consent of type bool",
		`{"scope":["a"]}`:                                   "json: cannot unmarshal array into Go struct field Client.scope of type string",
		`{"client_name":"\udc00"}`:                          "the text is not UTF-8, or has half a surrogate pair",
		"{\"client_name\":\"\xff\"}":                        "the text is not UTF-8, or has half a surrogate pair",
		`{"implicit_grant_id_token_lifespan":3600}`:         "json: cannot unmarshal number into Go struct field Client.Lifespans.implicit_grant_id_token_lifespan of type string",
		`{"implicit_grant_id_token_lifespan":"1d"}`:         `time: unknown unit "d" in duration "1d"`,
		`{"implicit_grant_id_token_lifespan":""}`:           `time: invalid duration ""`,
		`{"implicit_grant_id_token_lifespan":"2562048h"}`:   `time: invalid duration "2562048h"`,
		`{"client_secret_expires_at":99999999999999999999}`: "json: cannot unmarshal number 99999999999999999999 into Go struct field Client.client_secret_expires_at of type int",
	} {
		_, err := ory.Decode([]byte(body))
		if f := fault.Of(err); f == nil || f.Kind != fault.Malformed || f.Message != "Unable to decode the request body: "+want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// FuzzDecode: whatever decodes converts without panic, and what a rule lets
// through reads and writes back unchanged.
func FuzzDecode(f *testing.F) {
	full := documenttest.FullClient()
	raw, err := web.Encode(ory.FromDomain(&full, defaults))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(raw), "null", "[]", "{", `{"jwks":{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}}`,
		`{"jwks":{"keys":"x"}}`, `{"jwks":{"keys":[1]}}`, `{"jwks":[]}`, `{"jwks":{"keys":[{"kty":1}]}}`, `{"metadata":[1,{"a":-0}],"skip_logout_consent":false}`,
		`{"Client_Name":"x","CLIENT_NAME":"y"} x`, `{"implicit_grant_id_token_lifespan":"-2562047h47m16.854775808s"}`,
		`{"scope":" a  b","allowed_cors_origins":["https://a.example/"],"access_token_strategy":"JWT","grant_types":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := ory.Decode(body)
		if err != nil {
			if fault.Of(err).Kind != fault.Malformed {
				t.Errorf("%v", err)
			}
			return
		}
		if c.Check(nil, defaults) != nil {
			return
		}
		stored, faults := c.ToDomain(nil, defaults)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		again, faults := sent(t, stored, defaults).ToDomain(stored, defaults)
		if changed := document.Changed(stored, again); len(changed) > 0 || len(faults) > 0 {
			t.Errorf("changed %v, faults %v", changed, faults)
		}
		over, faults := c.ToDomain(&full, defaults)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if strings.Join(over.Contacts, "\x00") != strings.Join(c.Contacts, "\x00") || over.PKCEMode != full.PKCEMode {
			t.Errorf("over another client: %q, %q", over.Contacts, over.PKCEMode)
		}
	})
}
