package jwk

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"tenure/jwk/strictjson"
)

// TestCanonicalForms writes one key in every way that is read, and expects the one right form, a note
// for each value that changed, and the same thumbprint.
func TestCanonicalForms(t *testing.T) {
	var x, y []byte
	for scalar := 2; x == nil || x[0] != 0 || x[1] == 0; scalar++ {
		x, y = point(t, ecdh.P256(), 32, scalar)
	}
	right := ecText("P-256", b64(x), b64(y), "")
	n := new(big.Int).Add(odd(2048), new(big.Int).SetBytes(bytes.Repeat([]byte{0xfb, 0xff}, 60))) // with - and _
	n.SetBit(n, 0, 1)
	rightRSA := rsaKey(n, f4, "")
	own, der := certified(t)
	std := base64.StdEncoding.EncodeToString(der)
	digest := sha256.Sum256(der)
	rightOKP := `{` + own + `,"x5c":["` + std + `"],"x5t#S256":"` + b64(digest[:]) + `"}`
	pub := bytes.Repeat([]byte{0xfb, 0xef, 0xbe}, 1952)[:1952]
	rightAKP := `{"kty":"AKP","alg":"ML-DSA-65","pub":"` + b64(pub) + `"}`
	for _, test := range []struct {
		name, sent, right string
		notes             string // pointers within the key
	}{
		{"right already", right, right, ""},
		{"31 octets", ecText("P-256", b64(x[1:]), b64(y), ""), right, "x"},
		{"33 octets", ecText("P-256", b64(append([]byte{0}, x...)), b64(append([]byte{0}, y...)), ""), right, "x y"},
		{"padding", ecText("P-256", b64(x)+"=", b64(y)+"==", ""), right, "x y"},
		{"line feeds", ecText("P-256", b64(x)[:20]+`\r\n`+b64(x)[20:], b64(y), ""), right, "x"},
		{"RSA right already", rightRSA, rightRSA, ""},
		{"the standard alphabet", rsaText(base64.StdEncoding.EncodeToString(n.Bytes()), "AQAB", ""), rightRSA, "n"},
		{"zeros before n and e", rsaText(b64(append([]byte{0}, n.Bytes()...)), "AAEAAQ", ""), rightRSA, "n e"},
		{"padded e", rsaText(b64(n.Bytes()), "AQAB==", ""), rightRSA, "e"},
		{"bits left over", rsaText(b64(n.Bytes())[:341]+"R", "AQAB", ""), "", "n"},
		{"x5c in base64url", `{` + own + `,"x5c":["` + b64(der) + `"],"x5t#S256":"` + b64(digest[:]) + `"}`, rightOKP, "x5c/0"},
		{"x5c in lines", `{` + own + `,"x5c":["` + std[:64] + `\n` + std[64:] + `"],"x5t#S256":"` + b64(digest[:]) + `="}`, rightOKP, "x5c/0 x5t#S256"},
		{"AKP right already", rightAKP, rightAKP, ""},
		{"AKP in the standard alphabet", `{"kty":"AKP","alg":"ML-DSA-65","pub":"` + base64.StdEncoding.EncodeToString(pub) + `"}`, rightAKP, "pub"},
		{"unknown kty", `{"kty":"LMS","pub":"A+/=","x5t":"A=="}`, `{"kty":"LMS","pub":"A+/=","x5t":"A=="}`, ""},
	} {
		r := Check([]byte(`{"keys":[` + test.sent + `]}`))
		if len(r.Faults)+len(r.Weak) > 0 {
			t.Errorf("%s: %v %v", test.name, r.Faults, r.Weak)
			continue
		}
		var noted []string
		for _, f := range r.Converted {
			noted = append(noted, strings.TrimPrefix(f.Pointer, "/keys/0/"))
			if f.Rule != "canonical-form" || !strings.HasPrefix(f.Message, "It is stored as base64") {
				t.Errorf("%s: %+v", test.name, f)
			}
		}
		if got := strings.Join(noted, " "); got != test.notes {
			t.Errorf("%s: noted %q, want %q", test.name, got, test.notes)
		}
		if want := Check([]byte(`{"keys":[` + test.right + `]}`)).Sent; test.right != "" && !bytes.Equal(r.Canonical, want) {
			t.Errorf("%s: got %s, want %s", test.name, r.Canonical, want)
		}
		requireSameKeys(t, Keys(r.Sent), Keys(r.Canonical))
	}
}

// FuzzCanonicalForm writes any text as the octets of a key: what is stored for it is a fixed point,
// and has the thumbprint that the key had.
func FuzzCanonicalForm(f *testing.F) {
	x, y := point(f, ecdh.P256(), 32, 5)
	f.Add(byte(0), b64(x), b64(y))
	f.Add(byte(0), b64(append([]byte{0}, x...))+"==", base64.StdEncoding.EncodeToString(y))
	f.Add(byte(1), b64(odd(2048).Bytes()), "AAEAAQ")
	f.Add(byte(2), base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, 32)), "")
	f.Add(byte(3), "A A\n=", "ML-DSA-44")
	f.Add(byte(4), "MII=", "+/+/")
	f.Fuzz(func(t *testing.T, kind byte, first, second string) {
		members := [][2]string{{"x", "y"}, {"n", "e"}, {"x", "kid"}, {"pub", "alg"}, {"x5t", "x5t#S256"}}[kind%5]
		base := []string{`"kty":"EC","crv":"P-256"`, `"kty":"RSA"`, `"kty":"OKP","crv":"Ed25519"`, `"kty":"AKP"`, okpKey}[kind%5]
		key := "{" + base
		for i, text := range []string{first, second} {
			key += `,"` + members[i] + `":` + string(strictjson.AppendText(nil, text))
		}
		key += "}"
		r := Check([]byte(`{"keys":[` + key + `]}`))
		if r.Canonical == nil {
			return
		}
		again := Check(r.Canonical)
		if !bytes.Equal(again.Canonical, r.Canonical) || len(again.Converted) > 0 {
			t.Fatalf("%s becomes %s, then %s", key, r.Canonical, again.Canonical)
		}
		requireSameKeys(t, Keys(r.Sent), Keys(r.Canonical))
		before, errBefore := Thumbprint([]byte(key))
		_, items, _ := storedSet(r.Canonical)
		after, errAfter := thumbprint(&items[0])
		if before != after || (errBefore == nil) != (errAfter == nil) {
			t.Fatalf("%s: thumbprint %s, then %s", key, before, after)
		}
	})
}
