package jwk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

const (
	ecKey  = `"kty":"EC","crv":"P-384","x":"p1Z6fFLaZJsOLVzYXqySPf4B5hlKPRQDS_pgJyDZg4lp-lTGmhheVSpk3gb2jUo7","y":"rRA8ZT2QiASJ4DBhs65dAad73nyyvsplYQCGrtqPe9CJrU0dWZpBsbxHgNyeYsP5"`
	okpKey = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
)

func TestCheckFaults(t *testing.T) {
	certificate := base64.StdEncoding.EncodeToString(jwktest.Certificate(t, "151-made-san-all-types"))
	for _, test := range []struct {
		name, set string
		want      []string // pointer, space, rule
	}{
		{"empty", ``, []string{" invalid-json"}},
		{"truncated", `{"keys":[`, []string{" invalid-json"}},
		{"trailing data", `{"keys":[]} x`, []string{" trailing-data"}},
		{"two values", `{"keys":[]}{}`, []string{" trailing-data"}},
		{"array", `[]`, []string{" not-an-object"}},
		{"no keys", `{}`, []string{"/keys missing-member"}},
		{"null keys", `{"keys":null}`, []string{"/keys missing-member"}},
		{"byte order mark", "\ufeff{\"keys\":[]}", []string{" invalid-json"}},
		{"invalid UTF-8", "{\"keys\":[],\"a\":\"\xff\"}", []string{" invalid-text"}},
		{"lone surrogate", `{"keys":[],"a":"\ud800"}`, []string{" invalid-text"}},
		{"reversed surrogates", `{"keys":[],"a":"\udc00\ud800"}`, []string{" invalid-text"}},
		{"control character", "{\"keys\":[],\"a\":\"\n\"}", []string{" invalid-json"}},
		{"leading zero", `{"keys":[],"a":01}`, []string{" invalid-json"}},
		{"leading plus", `{"keys":[],"a":+1}`, []string{" invalid-json"}},
		{"bare point", `{"keys":[],"a":1.}`, []string{" invalid-json"}},
		{"bare exponent", `{"keys":[],"a":1e}`, []string{" invalid-json"}},
		{"not a number", `{"keys":[],"a":NaN}`, []string{" invalid-json"}},
		{"last comma", `{"keys":[],}`, []string{" invalid-json"}},
		{"bad escape", `{"keys":[],"a":"\x"}`, []string{" invalid-json"}},
		{"duplicate member", `{"keys":[],"keys":[]}`, []string{"/keys duplicate-member"}},
		{"duplicate by escape", `{"keys":[{` + okpKey + `,"a/~b":1,"a\u002f~b":2}]}`, []string{"/keys/0/a~1~0b duplicate-member"}},
		{"deep", `{"keys":[],"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, []string{" too-deep"}},
		{"private", `{"keys":[{` + ecKey + `,"d":""},{` + okpKey + `,"d":"AA"}]}`, []string{"/keys/0/d private-key", "/keys/1/d private-key"}},
		{"private of wrong type", `{"keys":[{` + okpKey + `,"d":5}]}`, []string{"/keys/0/d private-key", "/keys/0/d wrong-type"}},
		{"symmetric", `{"keys":[{"kty":"oct","k":""}]}`, []string{"/keys/0/kty symmetric-key", "/keys/0/k private-key"}},
		{"private of unknown type", `{"keys":[{"kty":"AKP","priv":"AA"}]}`, []string{"/keys/0/priv private-key"}},
		{"private beside keys", `{"keys":[],"kty":"OKP","d":"AA"}`, []string{"/d private-key"}},
		{"private deep down", `{"keys":[],"a":[{"b":{"kty":"oct","k":"AA"}}]}`, []string{"/a/0/b/kty symmetric-key", "/a/0/b/k private-key"}},
		{"two faults in one key", `{"keys":[{` + okpKey + `,"alg":1,"kid":2}]}`, []string{"/keys/0/alg wrong-type", "/keys/0/kid wrong-type"}},
		{"unknown operation", `{"keys":[{` + okpKey + `,"key_ops":["sign","SIGN"]}]}`, []string{"/keys/0/key_ops/1 unknown-operation"}},
		{"time out of range", `{"keys":[{` + okpKey + `,"exp":1e300}]}`, []string{"/keys/0/exp time-out-of-range"}},
		{"junk chain", `{"keys":[{` + okpKey + `,"x5c":["` + certificate + `","AAAA"]}]}`, []string{"/keys/0/x5c/1 x5c-unreadable"}},
		{"long chain", `{"keys":[{` + okpKey + `,"x5c":["` + certificate + strings.Repeat(`","`+certificate, MaxChain) + `"]}]}`, []string{"/keys/0/x5c chain-too-long"}},
	} {
		canonical, faults := strict([]byte(test.set))
		var got []string
		for _, fault := range faults {
			got = append(got, fault.Pointer+" "+fault.Rule)
			if fault.Message == "" || strings.Contains(fault.Pointer+fault.Message, "11qYAYK") {
				t.Errorf("%s: message %q", test.name, fault.Message)
			}
		}
		if canonical != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestCheckLimits(t *testing.T) {
	set := func(count int) []byte {
		return []byte(`{"keys":[` + strings.TrimSuffix(strings.Repeat(`{`+okpKey+`},`, count), ",") + `]}`)
	}
	if _, faults := strict(set(MaxKeys)); len(faults) != 0 {
		t.Errorf("%d keys: %v", MaxKeys, faults)
	}
	if _, faults := strict(set(MaxKeys + 1)); len(faults) != 1 || faults[0].Rule != "too-many-keys" {
		t.Errorf("%d keys: %v", MaxKeys+1, faults)
	}
	padding := func(size int) []byte {
		return []byte(`{"keys":[]` + strings.Repeat(" ", size-len(`{"keys":[]}`)) + `}`)
	}
	if canonical, faults := strict(padding(MaxSetBytes)); string(canonical) != `{"keys":[]}` {
		t.Errorf("largest set: %v", faults)
	}
	if _, faults := strict(padding(MaxSetBytes + 1)); len(faults) != 1 || faults[0].Rule != "set-too-large" {
		t.Errorf("too large set: %v", faults)
	}
	own, der := certified(t)
	chain := base64.StdEncoding.EncodeToString(der)
	longest := `{"keys":[{` + own + `,"x5c":["` + chain + strings.Repeat(`","`+chain, MaxChain-1) + `"]}]}`
	if _, faults := strict([]byte(longest)); len(faults) != 0 {
		t.Errorf("longest chain: %v", faults)
	}
}

func TestCheckCanonical(t *testing.T) {
	for set, want := range map[string]string{
		` { "keys" : [ ] } `:                                   `{"keys":[]}`,
		`{"keys":[],"b":1.50,"a":-0,"A":1E+2}`:                 `{"A":1E+2,"a":-0,"b":1.50,"keys":[]}`,
		`{"é":{"z":null,"a":true},"keys":[]}`:                  `{"keys":[],"é":{"a":true,"z":null}}`,
		`{"keys":[],"a":"<\u0026>\/\u2028\ud83d\ude00"}`:       "{\"a\":\"<&>/\u2028😀\",\"keys\":[]}",
		`{"keys":[],"a":"\u0000\u0008\u000C\n\r\t\"\\\u007f"}`: `{"a":"\u0000\b\f\n\r\t\"\\` + "\x7f" + `","keys":[]}`,
		`{"keys":[{"kty":"unknown","x":1}]}`:                   `{"keys":[{"kty":"unknown","x":1}]}`,
		`{"keys":[{"kty":"a","d":null}]}`:                      `{"keys":[{"d":null,"kty":"a"}]}`,
	} {
		if canonical, faults := strict([]byte(set)); string(canonical) != want {
			t.Errorf("%s: got %s (%v), want %s", set, canonical, faults, want)
		}
	}
}

// TestPrivateTextInChain hides a private key behind a readable certificate.
func TestPrivateTextInChain(t *testing.T) {
	secret := []byte("the secret octets of a private key")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: jwktest.Certificate(t, "164-made-v1-absent-version")})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})...)
	element := base64.StdEncoding.EncodeToString(text)
	set := []byte(`{"keys":[{` + okpKey + `,"x5c":["` + element + `"]}]}`)
	if _, faults := strict(set); len(faults) != 1 || faults[0].Pointer != "/keys/0/x5c/0" {
		t.Errorf("faults %v", faults)
	}
	if view := AppendView(nil, set); bytes.Contains(view, []byte(element[len(element)-40:])) {
		t.Error("the view shows it")
	}
}

func TestAppendViewTotal(t *testing.T) {
	secret := "c2VjcmV0"
	for _, set := range []string{
		"", "x", "null", "[]", "{}", `{"keys":{}}`, `{"keys":null,"a":1}`, "\xff\xfe", `{"keys":[`,
		`{"keys":[5,null,[],"x",{},{"kty":5},{"kty":null},{"kty":"new"}]}`,
		`{"keys":[{"kty":"oct","k":"` + secret + `"}],"jwk":{"kty":"oct","k":"` + secret + `"}}`,
		`{"keys":[],"kty":"RSA","d":"` + secret + `","a":[{"kty":"AKP","priv":"` + secret + `"}]}`,
		`{"keys":[{` + ecKey + `,"d":"` + secret + `","k":"` + secret + `","priv":"` + secret + `"}]}`,
		`{"keys":[{` + okpKey + `,"x5c":["",""],"exp":-1e400}]}`,
		`{"keys":[{` + okpKey + `,"x5c":["","MAA="]}],"a":"\ud800","b":"` + "\xff" + `","a":2}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000), `{"keys":` + strings.Repeat("[", 100_000),
		`{"keys":[{` + okpKey + `,"exp":1` + strings.Repeat("0", 1<<20) + `}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("_", 10<<20) + `","y":"AA"}]}`,
		`{"keys":[{` + okpKey + `,"x5c":["` + strings.Repeat("MIAw", 10<<18) + `"]}]}`,
	} {
		output := AppendView(nil, []byte(set))
		view, ok := jwktest.Decode(t, output).(map[string]any)
		if !ok {
			t.Fatalf("%.60q: not an object", set)
		}
		requireKeyMembers(t, view)
		if bytes.Contains(output, []byte(secret)) {
			t.Errorf("%.60q: the secret shows", set)
		}
		if faultless := !jwktest.HasError(view); faultless != (keyItemsLenient(set)) {
			t.Errorf("%.60q: set error %v", set, !faultless)
		}
	}
}

// keyItemsLenient reports whether the set has an array of keys, by its text: the cases above are
// written so that this is enough.
func keyItemsLenient(set string) bool {
	return strings.HasPrefix(set, `{"keys":[`) && strings.HasSuffix(set, "}")
}

func TestKeys(t *testing.T) {
	certificate := base64.StdEncoding.EncodeToString(jwktest.Certificate(t, "151-made-san-all-types"))
	keys := Keys([]byte(`{"keys":[{"kty":"new"},{"kty":5},{` + okpKey + `,"kid":"a","use":"sig","alg":"EdDSA","x5c":["` +
		certificate + `","AAAA"]},{"kty":"oct","k":"AA","kid":"b"}]}`))
	if len(keys) != 2 {
		t.Fatalf("%d keys", len(keys))
	}
	first, second := keys[0], keys[1]
	if first.Pointer != "/keys/2" || first.Kty != "OKP" || first.Kid != "a" || first.Use != "sig" || first.Alg != "EdDSA" ||
		first.Thumbprint != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("first key %+v", first)
	}
	if len(first.Certificates) != 1 || first.Certificates[0].Subject != "CN=plain,O=Orakel AG,C=CH" {
		t.Errorf("certificates %+v", first.Certificates)
	}
	if second.Pointer != "/keys/3" || second.Kty != "oct" || second.Thumbprint != "" || second.Certificates != nil {
		t.Errorf("second key %+v", second)
	}
	for _, set := range []string{"", "[]", "{}", `{"keys":5}`} {
		if keys := Keys([]byte(set)); keys != nil {
			t.Errorf("%s: %v", set, keys)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, name := range []string{"all-metadata", "additional-members", "key-ops", "revoked-variants", "times-fractional",
		"err-rsa-oth-rfc", "private-flags", "use-values", "err-x5u-bad-uri"} {
		f.Add(jwktest.ReadFile(f, "..", "testdata", "jwk", "own", name+".jwks"))
	}
	f.Add([]byte(`{"keys":[{` + okpKey + `,"x5c":["` + base64.StdEncoding.EncodeToString(jwktest.Certificate(f, "164-made-v1-absent-version")) + `"]}]}`))
	own, der := certified(f)
	f.Add([]byte(`{"keys":[{` + own + `,"x5c":["` + base64.StdEncoding.EncodeToString(der) + `"]}]}`))
	f.Add([]byte(`{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA=="},{` + ecKey + `,"alg":"ES384"},{"kty":"RSA","n":"AAEC+w==","e":"AAEAAQ"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"new","a":[1e5,"\ud83d\ude00\u0000"]}],"b":{"c":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		view := AppendView(nil, data)
		if !json.Valid(view) {
			t.Fatalf("invalid JSON: %s", view)
		}
		requireKeyMembers(t, jwktest.Decode(t, view).(map[string]any))
		Keys(data)
		r := Check(data)
		if (r.Canonical == nil) != (len(r.Faults) > 0) || (r.Canonical == nil) != (r.Sent == nil) {
			t.Fatalf("canonical %q with faults %v", r.Canonical, r.Faults)
		}
		if r.Canonical == nil {
			return
		}
		if !json.Valid(data) || !json.Valid(r.Canonical) {
			t.Fatal("accepted what is not JSON")
		}
		again := Check(r.Canonical)
		if len(again.Faults) > 0 || len(again.Converted) > 0 || !bytes.Equal(again.Canonical, r.Canonical) {
			t.Fatalf("not a fixed point: %q becomes %q (%v, %v)", r.Canonical, again.Canonical, again.Faults, again.Converted)
		}
		if !slices.Equal(r.Weak, again.Weak) {
			t.Fatalf("as sent %v, canonical %v", r.Weak, again.Weak)
		}
		requireSameKeys(t, Keys(r.Sent), Keys(r.Canonical))
		shown := AppendView(nil, r.Canonical)
		if stored := jwktest.Decode(t, shown); jwktest.HasError(stored) {
			t.Fatalf("the view of an accepted set has an error: %v", stored)
		}
		if len(shown) > viewLimit(r.Canonical) || len(shown) > r.viewBound {
			t.Fatalf("a set of %d bytes is shown in %d, with a bound of %d", len(r.Canonical), len(shown), r.viewBound)
		}
	})
}

// requireSameKeys checks that keys are the same in another form.
func requireSameKeys(t *testing.T, sent, stored []Key) {
	t.Helper()
	if len(sent) != len(stored) {
		t.Fatalf("%d keys, then %d", len(sent), len(stored))
	}
	for i := range sent {
		if sent[i].Thumbprint != stored[i].Thumbprint {
			t.Fatalf("key %d has thumbprint %s, then %s", i, sent[i].Thumbprint, stored[i].Thumbprint)
		}
	}
}

// strict is Check where no policy relaxes anything.
func strict(set []byte) (canonical []byte, faults []Fault) {
	r := Check(set)
	if faults = slices.Concat(r.Faults, r.Weak); len(faults) > 0 {
		return nil, faults
	}
	return r.Canonical, nil
}
