package jwk

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

// TestRendering bounds what a stored set costs when it is shown.
func TestRendering(t *testing.T) {
	bounded := func(set string, want string) {
		t.Helper()
		r := Check([]byte(set))
		var got string
		if len(r.Faults) > 0 {
			got = strings.TrimSpace(strings.TrimPrefix(r.Faults[0].Pointer, "/keys/0/") + " " + r.Faults[0].Rule)
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if view := AppendView(nil, r.Canonical); want == "" && len(view) > max(8*len(set), 32<<10) {
			t.Errorf("%d bytes are shown in %d", len(set), len(view))
		}
	}
	own, der := certified(t)
	std := base64.StdEncoding.EncodeToString
	one := func(der []byte) string { return `{"keys":[{` + own + `,"x5c":["` + std(der) + `"]}]}` }
	bounded(one(der), "")
	many := strings.TrimSuffix(strings.Repeat(`{`+own+`,"x5c":["`+std(der)+`"]},`, MaxKeys), ",")
	bounded(`{"keys":[`+many+`]}`, "")
	bounded(`{"keys":[`+strings.TrimSuffix(strings.Repeat(`{"kty":"a"},`, MaxKeys), ",")+`]}`, "")

	// A name of control characters is shown six times as long, four times.
	name := func(size int) []byte {
		_, der := certifiedWith(t, &x509.Certificate{Subject: pkix.Name{CommonName: strings.Repeat("\x01", size)}})
		return der
	}
	bounded(one(name(500)), "")
	bounded(one(name(4000)), "rendering-too-large")
	bounded(one(name(5000)), "x5c/0 certificate-bounds")
	extensions := func(count int) []byte {
		template := &x509.Certificate{Subject: pkix.Name{CommonName: "a"}}
		for i := range count {
			template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: []int{1, 2, 3, i + 1}, Value: []byte{5, 0}})
		}
		_, der := certifiedWith(t, template)
		return der
	}
	bounded(one(extensions(62)), "")
	bounded(one(extensions(70)), "x5c/0 certificate-bounds")

	// Each bit of a unique identifier or of a key usage is shown as a word.
	bounded(one(withUniqueID(t, 64)), "")
	bounded(one(withUniqueID(t, 65)), "x5c/0 certificate-bounds")
	bounded(one(withUniqueID(t, 30_000)), "x5c/0 certificate-bounds")
	usage := func(octets int) []byte {
		value, err := asn1.Marshal(asn1.BitString{Bytes: bytes.Repeat([]byte{0xff}, octets), BitLength: 8 * octets})
		if err != nil {
			t.Fatal(err)
		}
		_, der := certifiedWith(t, &x509.Certificate{ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 15}, Value: value}},
			Subject: pkix.Name{CommonName: "a"}})
		return der
	}
	bounded(one(usage(2)), "")
	bounded(one(usage(3)), "x5c/0 certificate-bounds")
	bounded(one(usage(30_000)), "x5c/0 certificate-bounds")

	// 256 KiB of certificates are shown in more than 1 MiB.
	long := `{"keys":[{` + own + `,"x5c":["` + strings.Repeat(std(extensions(60))+`","`, 9) + std(extensions(60)) + `"]}`
	if size := len(AppendView(nil, []byte(long+`]}`))); size < 20_000 {
		t.Fatalf("the view has %d bytes", size)
	}
	bounded(long+strings.Repeat(`,`+strings.TrimPrefix(long, `{"keys":[`), (250<<10)/len(long))+`]}`, "rendering-too-large")
}

// withUniqueID is the certificate of certified with a subjectUniqueID; its signature is not checked.
func withUniqueID(t *testing.T, size int) []byte {
	t.Helper()
	_, der := certifiedWith(t, &x509.Certificate{Subject: pkix.Name{CommonName: "a"}, ExtraExtensions: []pkix.Extension{{Id: []int{1, 2, 3}, Value: []byte{5, 0}}}})
	var outer, tbs []asn1.RawValue
	for _, level := range []struct {
		data []byte
		into *[]asn1.RawValue
	}{{der, &outer}, {nil, &tbs}} {
		if level.data == nil {
			level.data = outer[0].FullBytes
		}
		if _, err := asn1.Unmarshal(level.data, level.into); err != nil {
			t.Fatal(err)
		}
	}
	id := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: append([]byte{0}, bytes.Repeat([]byte{0xaa}, size)...)}
	changed, err := asn1.Marshal(slices.Insert(tbs, len(tbs)-1, id))
	if err != nil {
		t.Fatal(err)
	}
	outer[0] = asn1.RawValue{FullBytes: changed}
	if der, err = asn1.Marshal(outer); err != nil {
		t.Fatal(err)
	}
	return der
}

// TestViewShowsEveryKey: what nobody here knows is shown as far as its members are those of every key.
func TestViewShowsEveryKey(t *testing.T) {
	own, _ := certified(t)
	set := `{"keys":[{"kty":"LMS","kid":"l","use":"sig","alg":"HSS","key_ops":["sign"],"pub":"AA"},{` + own + `,"kid":"o"},` +
		`{"kty":"AKP","alg":"ML-DSA-44","kid":"a","pub":"` + b64(bytes.Repeat([]byte{7}, 1312)) + `"},{"kty":"LMS","kid":5,"x5c":"x"}]}`
	view := jwktest.Decode(t, AppendView(nil, []byte(set))).(map[string]any)
	requireKeyMembers(t, view)
	keys := view["keys"].([]any)
	if len(keys) != 4 || view["empty"] != false {
		t.Fatalf("%d keys, empty %v", len(keys), view["empty"])
	}
	for i, want := range []struct {
		value             string
		requirement, kid  any
		algorithm, needed map[string]any
	}{
		{"LMS", nil, "l", map[string]any{"name": "HSS", "requirement": nil}, map[string]any{"kty": "LMS"}},
		{"OKP", "OPTIONAL", "o", nil, nil},
		{"AKP", "OPTIONAL", "a", map[string]any{"name": "ML-DSA-44", "requirement": "OPTIONAL"},
			map[string]any{"alg": "ML-DSA-44", "kty": "AKP", "pub": b64(bytes.Repeat([]byte{7}, 1312))}},
		{"LMS", nil, nil, nil, map[string]any{"kty": "LMS"}},
	} {
		key := keys[i].(map[string]any)
		wanted := map[string]any{"keyType": map[string]any{"value": want.value, "requirement": want.requirement}, "keyID": want.kid}
		if want.algorithm != nil {
			wanted["algorithm"] = want.algorithm
		}
		if want.needed != nil {
			wanted["requiredParams"] = want.needed
		}
		for name, value := range wanted {
			if d := jwktest.Difference(name, key[name], value); d != "" {
				t.Errorf("key %d: %s", i, d)
			}
		}
	}
	if got := Keys([]byte(set)); len(got) != 2 || got[1].Kty != "AKP" || len(got[1].Thumbprint) != 43 {
		t.Errorf("keys %+v", got)
	}
}
