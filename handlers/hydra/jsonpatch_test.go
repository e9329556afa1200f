package hydra_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tenure/handlers/hydra"
	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

const patched = `{"client_name":"n","redirect_uris":["a","b","c"],"metadata":{"a":{"b":[1,{"c":2.50}]},"~/":1,"":0,"nil":null},"jwks":{}}`

func TestOperations(t *testing.T) {
	for patch, want := range map[string]string{
		`{"op":"add","path":"/redirect_uris/-","value":"d"}`:        `"redirect_uris":["a","b","c","d"]`,
		`{"op":"add","path":"/redirect_uris/3","value":"d"}`:        `"redirect_uris":["a","b","c","d"]`,
		`{"op":"add","path":"/redirect_uris/0","value":"d"}`:        `"redirect_uris":["d","a","b","c"]`,
		`{"op":"replace","path":"/redirect_uris/1","value":"d"}`:    `"redirect_uris":["a","d","c"]`,
		`{"op":"remove","path":"/redirect_uris/1"}`:                 `"redirect_uris":["a","c"]`,
		`{"op":"replace","path":"/redirect_uris","value":[]}`:       `"redirect_uris":[]`,
		`{"op":"replace","path":"/metadata/a/b/1/c","value":1e400}`: `"a":{"b":[1,{"c":1e400}]}`,
		`{"op":"add","path":"/metadata/x/y/z","value":true}`:        `"x":{"y":{"z":true}}`,
		`{"op":"add","path":"/jwks_uri","value":"u"}`:               `"jwks_uri":"u"`, // unset, and so not shown
		`{"op":"add","path":"/Scope","value":"s"}`:                  `"scope":"s"`,
		`{"op":"add","path":"/metadata/x/-","value":1}`:             `"x":[1]`,
		`{"op":"add","path":"/metadata/x/0","value":1}`:             `"x":[1]`,
		`{"op":"add","path":"/metadata/x/1","value":1}`:             `"x":{"1":1}`,
		`{"op":"add","path":"/metadata/nil/y","value":1}`:           `"nil":{"y":1}`,
		`{"op":"replace","path":"/metadata/~0~1","value":2}`:        `"~/":2`,
		`{"op":"replace","path":"/metadata/","value":2}`:            `"":2`,
		`{"op":"remove","path":"/client_secret"}`:                   `"client_name":"n","jwks"`,
		`{"op":"replace","path":"/CLIENT_NAME","value":"m"}`:        `"client_name":"m"`,
		`{"op":"add","path":"/nobody","value":1}`:                   `"nobody":1`,
		`{"OP":"add","path":"/nobody","value":1,"more":2}`:          `"nobody":1`,
	} {
		got, err := hydra.After([]byte(patched), "["+patch+"] rest")
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %s, %v", patch, got, err)
		}
	}
}

func TestOperationsThatFail(t *testing.T) {
	for _, patch := range []string{
		`{"op":"remove","path":"/nope"}`, `{"op":"remove","path":"/metadata/x/y"}`, `{"op":"remove","path":"/redirect_uris/3"}`,
		`{"op":"remove","path":"/redirect_uris/-"}`, `{"op":"replace","path":"/redirect_uris/-","value":1}`, `{"op":"replace","path":"/redirect_uris/3","value":1}`,
		`{"op":"add","path":"/redirect_uris/4","value":1}`, `{"op":"add","path":"/redirect_uris/01","value":1}`, `{"op":"add","path":"/redirect_uris/+1","value":1}`,
		`{"op":"add","path":"/redirect_uris/-1","value":1}`, `{"op":"add","path":"/redirect_uris/4294967296","value":1}`, `{"op":"add","path":"/redirect_uris/x","value":1}`,
		`{"op":"add","path":"/redirect_uris/-/x","value":1}`, `{"op":"add","path":"/redirect_uris/9/x","value":1}`,
		`{"op":"replace","path":"/metadata/x/y","value":null}`, `{"op":"replace","path":"/metadata/x","value":null}`, `{"op":"replace","path":"/nobody","value":1}`, `{"op":"replace","path":"/jwks_uri","value":"u"}`,
		`{"op":"replace","path":"/request_uris/0","value":1}`, `{"op":"replace","path":"/request_uris/-","value":1}`,
		`{"op":"add","path":"/client_name/x","value":1}`, `{"op":"add","path":"","value":{}}`, `{"op":"add","path":"client_name","value":1}`,
		`{"op":"add","path":"/metadata/~","value":1}`, `{"op":"add","path":"/metadata/~2","value":1}`, `{"op":"add","path":"/client_name"}`,
		`{"op":"test","path":"/client_name","value":"n"}`, `{"op":"copy","from":"/client_name","path":"/owner"}`, `{"op":"move","from":"/client_name","path":"/owner"}`,
		`{"op":"","path":"/client_name"}`, `{"op":"Add","path":"/owner","value":"o"}`, `{}`, `null`,
		`{"op":"replace","path":"/client_id","value":"x"}`, `{"op":"remove","path":"/Client_ID"}`, `{"op":"add","path":"/ID","value":1}`,
		`{"op":"add","path":"/rotatedsecrets/-","value":1}`, `{"op":"add","path":"/metadata` + strings.Repeat("/x", 100) + `","value":1}`,
	} {
		_, err := hydra.After([]byte(patched), `[{"op":"add","path":"/owner","value":"o"},`+patch+`]`)
		if f := fault.Of(err); f == nil || f.Kind != fault.Malformed || f.Code != ory.CodeRequest || !strings.HasPrefix(f.Message, "JSON Patch operation 1 (") {
			t.Errorf("%s: %v", patch, err)
		}
	}
	for _, patch := range []string{``, `{`, `null x`, `"x"`, `[1]`, `[{"op":1}]`, `[{"op":"add","path":["/x"]}]`,
		`[{"op":"add","path":"/owner","Path":"/scope","value":1}]`, `[{"op":"add","path":"/metadata","value":{"a":[{"b":1,"b":2}]}}]`, "[\"\xff\"]",
		"[" + strings.Repeat(`{"op":"remove","path":"/owner"},`, 1000) + `{"op":"remove","path":"/owner"}]`} {
		_, err := hydra.After([]byte(patched), patch)
		if strings.HasPrefix(patch, "null") && err == nil {
			continue // no operations, as the Go decoder has it
		}
		if f := fault.Of(err); f == nil || f.Code != ory.CodeRequest {
			t.Errorf("%.60s: %v", patch, err)
		}
	}
}

// TestBlame names the operation that made the document no client, also where
// others follow that would fail on their own.
func TestBlame(t *testing.T) {
	base := documenttest.FullClient()
	for patch, want := range map[string]string{
		`[{"op":"replace","path":"/client_name","value":1}]`:                                                                                      "operation 0 (replace /client_name)",
		`[{"op":"replace","path":"/owner","value":"x"},{"op":"add","path":"/contacts/0","value":{}}]`:                                             "operation 1 (add /contacts/0)",
		`[{"op":"replace","path":"/scope","value":[]},{"op":"replace","path":"/scope","value":""},{"op":"add","path":"/skip_consent","value":3}]`: "operation 2 (add /skip_consent)",
		`[{"op":"add","path":"/implicit_grant_id_token_lifespan","value":"1d"}]`:                                                                  `unknown unit "d"`,
		`[{"op":"add","path":"/created_at","value":"x"}]`:                                                                                         "operation 0 (add /created_at)",
	} {
		operations, err := hydra.Parse([]byte(patch))
		must(t, err)
		if _, err := hydra.Patched(&base, &document.Setup{}, operations); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", patch, err)
		}
	}
}

// TestKeySources: what a patch brings replaces what was there before.
func TestKeySources(t *testing.T) {
	const keys = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`
	withKeys, withURI, full := documenttest.FullClient(), documenttest.FullClient(), documenttest.FullClient()
	withKeys.JWKSURI, withURI.JWKS = "", ""
	for name, c := range map[string]struct {
		base      document.Client
		patch     string
		keys, uri bool
	}{
		"a URI for keys":   {withKeys, `[{"op":"add","path":"/jwks_uri","value":"https://n.example/jwks"}]`, false, true},
		"keys for a URI":   {withURI, `[{"op":"add","path":"/jwks","value":` + keys + `}]`, true, false},
		"both":             {withURI, `[{"op":"add","path":"/jwks","value":` + keys + `},{"op":"replace","path":"/jwks_uri","value":"https://n.example/jwks"}]`, true, true},
		"something else":   {full, `[{"op":"replace","path":"/owner","value":"o"}]`, true, true},
		"neither any more": {withKeys, `[{"op":"remove","path":"/jwks"}]`, false, false},
	} {
		operations, err := hydra.Parse([]byte(c.patch))
		must(t, err)
		body, err := hydra.Patched(&c.base, &document.Setup{}, operations)
		must(t, err)
		if ory.NoKeys(body.JWKS) == c.keys || (body.JWKSURI != "") != c.uri {
			t.Errorf("%s: %s, %s", name, body.JWKS, body.JWKSURI)
		}
	}
}

// TestManyOperationsStayCheap: what a small body asks for takes no long time.
func TestManyOperationsStayCheap(t *testing.T) {
	var ops []string
	for i := range 1000 {
		ops = append(ops, fmt.Sprintf(`{"op":"add","path":"/redirect_uris/0","value":"https://a.example/%d"}`, i))
	}
	ops[999] = `{"op":"replace","path":"/client_name","value":1}`
	operations, err := hydra.Parse([]byte("[" + strings.Join(ops, ",") + "]"))
	must(t, err)
	base := documenttest.FullClient()
	if _, err := hydra.Patched(&base, &document.Setup{}, operations); err == nil || !strings.Contains(err.Error(), "operation 999") {
		t.Errorf("%v", err)
	}
}

// FuzzPatch: a patch either fails as a fault that names itself, or makes JSON;
// what it makes of a client that a rule lets through reads and writes back.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{`[]`, `[{"op":"add","path":"/metadata/a/-","value":{"b":[1]}},{"op":"remove","path":"/metadata/a/0/b/0"}]`,
		`[{"op":"replace","path":"/redirect_uris/0","value":"x"}]`, `[{"op":"add","path":"/jwks/keys/-","value":{"kty":"oct"}}]`,
		`[{"op":"remove","path":"/skip_logout_consent"}]`, `[{"op":"add","path":"/metadata/~01~10//","value":-0.0e1}]`,
		`[{"op":"replace","path":"/jwks_uri","value":"https://x"},{"op":"replace","path":"/jwks","value":{}}]`, `null`, `{`} {
		f.Add(seed)
	}
	base := documenttest.FullClient()
	before := string(document.Encode(&base))
	f.Fuzz(func(t *testing.T, patch string) {
		operations, err := hydra.Parse([]byte(patch))
		var body *ory.Client
		if err == nil {
			body, err = hydra.Patched(&base, &document.Setup{}, operations)
		}
		if string(document.Encode(&base)) != before {
			t.Fatal("the base was changed")
		}
		if err != nil {
			if f := fault.Of(err); f.Kind != fault.Malformed || f.Code != ory.CodeRequest {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(operations) == 0 {
			if next, _ := body.ToDomain(&base, &document.Setup{}); !documenttest.Equal(next, &base) {
				t.Error("nothing changes something")
			}
		}
		if body.Check(&base, &document.Setup{}) != nil {
			return
		}
		next, faults := body.ToDomain(&base, &document.Setup{})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		raw, err := web.Encode(ory.FromDomain(next, &document.Setup{}))
		if err != nil || !json.Valid(raw) {
			t.Fatalf("%v, %s", err, raw)
		}
	})
}
