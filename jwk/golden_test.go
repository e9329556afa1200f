package jwk

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

// keyItems are the items of a set's keys as Go sees them; nil when there is no array.
func keyItems(t *testing.T, set []byte) []any {
	t.Helper()
	object, _ := jwktest.Decode(t, set).(map[string]any)
	items, _ := object["keys"].([]any)
	return items
}

// forbidden reports whether a written key holds private or symmetric material.
func forbidden(item any) bool {
	object, _ := item.(map[string]any)
	for _, name := range privateMembers {
		if object[name] != nil {
			return true
		}
	}
	return object["kty"] == "oct"
}

func TestAppendViewGolden(t *testing.T) {
	jwktest.Golden(t, "jwk", func(t *testing.T, folder string) {
		for _, entry := range jwktest.Manifest(t, folder) {
			t.Run(entry.Name, func(t *testing.T) {
				set := jwktest.ReadFile(t, folder, entry.Name+".jwks")
				want := jwktest.Decode(t, jwktest.ReadFile(t, folder, entry.Name+".json")).(map[string]any)
				output := AppendView([]byte("x"), set)
				if output[0] != 'x' {
					t.Fatal("the prefix is gone")
				}
				got := jwktest.Decode(t, output[1:]).(map[string]any)
				requireKeyMembers(t, got)
				asReference(got)
				if entry.Result == "ok" {
					if d := jwktest.Difference("", got, want); d != "" {
						t.Error(d)
					}
					return
				}
				if keyItems(t, set) == nil {
					if !jwktest.HasError(got) || got["empty"] != true || len(got["keys"].([]any)) != 0 {
						t.Errorf("a set without keys renders as %v", got)
					}
					return
				}
				comparePerKey(t, got["keys"].([]any), want["perKey"].([]any))
			})
		}
	})
}

// asReference takes out of a view what the reference leaves out: keys of a kty that it does not know.
func asReference(view map[string]any) map[string]any {
	keys, _ := view["keys"].([]any)
	keys = slices.DeleteFunc(keys, func(item any) bool {
		kty, _ := item.(map[string]any)["keyType"].(map[string]any)
		return kty != nil && !slices.Contains([]any{"RSA", "EC", "OKP", "oct"}, kty["value"])
	})
	view["keys"], view["empty"] = keys, len(keys) == 0
	return view
}

// comparePerKey holds the keys of our view against those the reference reads one by one: null was
// dropped, an error entry is an entry with an error.
func comparePerKey(t *testing.T, got, want []any) {
	t.Helper()
	want = slices.DeleteFunc(want, func(entry any) bool { return entry == nil })
	if len(got) != len(want) {
		t.Fatalf("%d keys, want %d", len(got), len(want))
	}
	for i := range want {
		if jwktest.HasError(want[i]) {
			if !jwktest.HasError(got[i]) {
				t.Errorf("key %d has no error, want %v", i, want[i])
			}
		} else if d := jwktest.Difference(fmt.Sprintf("/keys/%d", i), got[i], want[i]); d != "" {
			t.Error(d)
		}
	}
}

// requireKeyMembers checks the counts of members that hold for every view.
func requireKeyMembers(t *testing.T, view map[string]any) {
	t.Helper()
	for _, member := range []string{"keys", "empty", "additionalMembers"} {
		if _, present := view[member]; !present {
			t.Fatalf("the set has no %s", member)
		}
	}
	for i, item := range view["keys"].([]any) {
		object := item.(map[string]any)
		members := len(object)
		if jwktest.HasError(object) {
			members--
		}
		if members != 17 && (members != 0 || !jwktest.HasError(object)) {
			t.Errorf("key %d has %d members", i, members)
		}
		chain, _ := object["parsedX509CertChain"].([]any)
		for j, certificate := range chain {
			if !jwktest.HasError(certificate) && len(certificate.(map[string]any)) != 25 {
				t.Errorf("certificate %d of key %d has not 25 members", j, i)
			}
		}
	}
}

// beyond are the rules that examples break which the reference reads: it asks less of a key. Of every
// other example that it reads, Check finds nothing wrong.
var beyond = map[string][]string{
	"alg-names":       {"alg-symmetric", "alg-kty", "alg-curve"},
	"all-metadata":    {"x5t-length", "x5t-s256-length"},
	"key-ops":         {"duplicate-operation"},
	"okp-odd-lengths": {"okp-length"},
	"wycheproof-jwk-06-public-keysize-too-small": {"rsa-modulus-small"},
	"wycheproof-jwk-07-public-exponentone":       {"rsa-exponent"},
	"wycheproof-x25519-524":                      {"kty-spelling"},
	"wycheproof-x448-076":                        {"okp-length"},
	"wycheproof-x448-077":                        {"okp-length"},
	"wycheproof-x448-078":                        {"okp-length"},
	"wycheproof-x448-079":                        {"okp-length"},
	"wycheproof-x448-080":                        {"okp-length"},
	"wycheproof-x448-081":                        {"okp-length"},
	"wycheproof-x448-082":                        {"okp-length"},
	"wycheproof-x448-083":                        {"okp-length"},
	"wycheproof-x448-084":                        {"okp-length"},
	"wycheproof-x448-085":                        {"okp-length"},
	"wycheproof-x448-086":                        {"okp-length"},
	"wycheproof-x448-087":                        {"okp-length"},
	"wycheproof-x448-516":                        {"kty-spelling"},
	"x5c-chain-of-3":                             {"rsa-modulus-small"},
	"x5c-go-rejects-2":                           {"rsa-modulus-small"},
	"x5c-go-rejects-4":                           {"x5c-trailing", "x5t-mismatch", "x5t-s256-mismatch"},
	"x5c-okp-unrelated-cert":                     {"x5c-other-key"},
	"x5c-rsa-3":                                  {"rsa-modulus-small"},
	"x5c-whitespace":                             {"rsa-modulus-small"},
	"x5t-not-matching":                           {"x5t-length", "x5t-s256-length"},
}

// converted are the examples that hold a value in another form than the one right one.
var converted = []string{"ec-padded-coordinates", "x5c-base64url-unpadded", "x5c-whitespace"}

func TestCheckGolden(t *testing.T) {
	jwktest.Golden(t, "jwk", func(t *testing.T, folder string) {
		for _, entry := range jwktest.Manifest(t, folder) {
			t.Run(entry.Name, func(t *testing.T) {
				set := jwktest.ReadFile(t, folder, entry.Name+".jwks")
				want := jwktest.Decode(t, jwktest.ReadFile(t, folder, entry.Name+".json")).(map[string]any)
				items := keyItems(t, set)
				r := Check(set)
				if entry.Result == "ok" && !slices.ContainsFunc(items, forbidden) {
					compareAccepted(t, entry.Name, set, r, want)
					return
				}
				if r.Canonical != nil || len(r.Faults) == 0 {
					t.Fatal("accepted")
				}
				if items == nil {
					if r.Faults[0].Pointer != "/keys" {
						t.Errorf("fault at %q", r.Faults[0].Pointer)
					}
					return
				}
				perKey, _ := want["perKey"].([]any)
				for i, item := range items {
					broken := forbidden(item) || i < len(perKey) && jwktest.HasError(perKey[i])
					at := fmt.Sprintf("/keys/%d", i)
					named := slices.ContainsFunc(r.Faults, func(f Fault) bool {
						return f.Pointer == at || strings.HasPrefix(f.Pointer, at+"/")
					})
					if broken != named {
						t.Errorf("key %d: broken %v, faults %v", i, broken, r.Faults)
					}
				}
			})
		}
	})
}

// compareAccepted checks the report on an example that the reference reads.
func compareAccepted(t *testing.T, name string, set []byte, r Report, want map[string]any) {
	t.Helper()
	if len(r.Faults) > 0 || r.Canonical == nil {
		t.Fatalf("refused: %v", r.Faults)
	}
	if shown := len(AppendView(nil, r.Canonical)); shown > r.viewBound {
		t.Errorf("shown in %d bytes, with a bound of %d", shown, r.viewBound)
	}
	var broken []string
	for _, f := range r.Weak {
		if !slices.Contains(broken, f.Rule) {
			broken = append(broken, f.Rule)
		}
	}
	if !slices.Equal(broken, beyond[name]) {
		t.Errorf("breaks %q, want %q", broken, beyond[name])
	}
	if d := jwktest.Difference("", jwktest.Decode(t, r.Sent), jwktest.Decode(t, set)); d != "" {
		t.Errorf("as sent: %s", d)
	}
	if changed := !bytes.Equal(r.Sent, r.Canonical); changed != (len(r.Converted) > 0) || changed != slices.Contains(converted, name) {
		t.Errorf("changed %v, converted %v", changed, r.Converted)
	}
	again := Check(r.Canonical)
	if len(again.Faults) > 0 || !bytes.Equal(again.Canonical, r.Canonical) {
		t.Errorf("the canonical bytes change: %v", again.Faults)
	}
	if d := jwktest.Difference("", asReference(jwktest.Decode(t, AppendView(nil, r.Sent)).(map[string]any)), want); d != "" {
		t.Errorf("view of the bytes as sent: %s", d)
	}
}
