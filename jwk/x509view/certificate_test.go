package x509view

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

func TestAppendViewGolden(t *testing.T) {
	jwktest.Golden(t, "x509", func(t *testing.T, folder string) {
		for _, entry := range jwktest.Manifest(t, folder) {
			t.Run(entry.Name, func(t *testing.T) {
				text := jwktest.ReadFile(t, folder, entry.Name+".pem")
				want := jwktest.Decode(t, jwktest.ReadFile(t, folder, entry.Name+".json"))
				block, _ := pem.Decode(text)
				if block == nil {
					t.Fatal("no PEM block")
				}
				for form, data := range map[string][]byte{"PEM": text, "DER": block.Bytes} {
					certificate, err := Parse(data)
					if (err == nil) != (entry.JDK == "ok") {
						t.Errorf("%s: %v, reference: %s, %v", form, err, entry.JDK, want)
					}
					if err != nil {
						continue
					}
					output := certificate.AppendView([]byte("x"))
					if output[0] != 'x' {
						t.Fatal("the prefix is gone")
					}
					got := jwktest.Decode(t, output[1:])
					if d := jwktest.Difference("", got, want); d != "" {
						t.Errorf("%s: %s", form, d)
					}
					if count := len(got.(map[string]any)); count != 25 {
						t.Errorf("%s: %d members", form, count)
					}
					compareFacts(t, certificate.Facts(), want.(map[string]any))
				}
			})
		}
	})
}

// compareFacts compares the facts with the view of the same certificate.
func compareFacts(t *testing.T, c *Facts, view map[string]any) {
	t.Helper()
	name := func(member string) any { return view[member].(map[string]any)["name"] }
	if c.Subject != name("subjectX500Principal") || c.Issuer != name("issuerX500Principal") {
		t.Errorf("names %q, %q", c.Subject, c.Issuer)
	}
	if c.SerialNumber.String() != view["serialNumber"].(json.Number).String() {
		t.Errorf("serial number %v", c.SerialNumber)
	}
	const layout = "2006-01-02T15:04:05.000Z"
	if c.NotBefore.Format(layout) != view["notBefore"] || c.NotAfter.Format(layout) != view["notAfter"] {
		t.Errorf("validity %v to %v", c.NotBefore, c.NotAfter)
	}
}

// render is the decoded view of a certificate, nil if it cannot be read.
func render(t *testing.T, data []byte) map[string]any {
	t.Helper()
	c, err := Parse(data)
	if err != nil {
		return nil
	}
	view := c.AppendView(nil)
	if len(view) > c.ViewBound() {
		t.Fatalf("a view of %d octets is beyond its bound, %d", len(view), c.ViewBound())
	}
	object, ok := jwktest.Decode(t, view).(map[string]any)
	if !ok || len(object) != 25 {
		t.Fatalf("a view with %d members", len(object))
	}
	return object
}

func TestTruncatedCertificate(t *testing.T) {
	der := jwktest.Certificate(t, "151-made-san-all-types")
	for length := range len(der) {
		if render(t, der[:length]) != nil {
			t.Fatalf("%d of %d octets rendered", length, len(der))
		}
	}
	if render(t, der) == nil {
		t.Fatal("the whole certificate does not render")
	}
}

// TestFlippedCertificate changes each octet in turn: whatever is readable renders.
func TestFlippedCertificate(t *testing.T) {
	for _, name := range []string{"151-made-san-all-types", "161-made-sig-pss-sha384"} {
		der := jwktest.Certificate(t, name)
		for i := range der {
			for _, mask := range []byte{0x01, 0x20, 0x80, 0xff} {
				flipped := slices.Clone(der)
				flipped[i] ^= mask
				render(t, flipped)
			}
		}
	}
}

// indefinite encodes e and everything constructed in it with indefinite lengths.
func indefinite(t *testing.T, dst []byte, e element) []byte {
	t.Helper()
	if e.tag&bitConstructed == 0 {
		return append(dst, e.raw...)
	}
	dst = append(dst, e.tag, 0x80)
	for r := reader(e.body); len(r) > 0; {
		inner, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		dst = indefinite(t, dst, inner)
	}
	return append(dst, 0, 0)
}

func TestIndefiniteLengths(t *testing.T) {
	der := jwktest.Certificate(t, "151-made-san-all-types")
	outer, err := single(der)
	if err != nil {
		t.Fatal(err)
	}
	rewritten := append(indefinite(t, nil, outer), "trailing"...)
	if d := jwktest.Difference("", render(t, rewritten), render(t, der)); d != "" {
		t.Error(d)
	}
	for _, depth := range []int{maxIndefiniteDepth - 1, 100_000} {
		nested := append(bytes.Repeat([]byte{0x30, 0x80}, depth), make([]byte, 2*depth)...)
		if render(t, nested) != nil {
			t.Errorf("nesting of %d rendered", depth)
		}
	}
	if render(t, bytes.Repeat([]byte{0x30, 0x80}, 100_000)) != nil {
		t.Error("unended nesting rendered")
	}
}

func TestHugeCertificate(t *testing.T) {
	huge := make([]byte, 10<<20)
	for i, data := range [][]byte{
		huge,
		appendElement(nil, tagSequence, huge),
		bytes.Repeat([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, len(huge)/6),
		bytes.Repeat([]byte("-----BEGIN CERTIFICATE-----\n"), len(huge)/28),
	} {
		if render(t, data) != nil {
			t.Errorf("case %d rendered", i)
		}
	}
}

func TestPEMForms(t *testing.T) {
	der := jwktest.Certificate(t, "164-made-v1-absent-version")
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for name, test := range map[string]struct {
		data string
		want bool
	}{
		"plain":              {text, true},
		"after text":         {"Subject: x\n" + text, true},
		"carriage returns":   {strings.ReplaceAll(text, "\n", "\r\n"), true},
		"another label":      {strings.ReplaceAll(text, "CERTIFICATE", "TRUST"), true},
		"without last line":  {strings.TrimSuffix(text, "\n"), true},
		"two blocks":         {text + text, true},
		"labels differ":      {strings.Replace(text, "END CERTIFICATE", "END X", 1), false},
		"no end":             {text[:len(text)/2], false},
		"not base64":         {strings.Replace(text, "MI", "M*", 1), false},
		"inside a line":      {"x" + text, false},
		"empty":              {"", false},
		"header only":        {"-----BEGIN CERTIFICATE-----", false},
		"PEM inside of PEM":  {string(pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte(text)})), false},
		"der after one zero": {"\x00" + string(der), false},
	} {
		if _, err := Parse([]byte(test.data)); (err == nil) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCertificate(f *testing.F) {
	for _, name := range []string{"151-made-san-all-types", "161-made-sig-pss-sha384", "159-made-sig-ecdsa-specified",
		"136-made-dn-string-types", "166-made-v2-unique-ids", "147-made-key-sect233k1"} {
		f.Add(jwktest.Certificate(f, name))
	}
	f.Add([]byte{0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0})
	f.Add([]byte("-----BEGIN X-----\nMAA=\n-----END X-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if view := render(t, data); view != nil {
			c, _ := Parse(data)
			compareFacts(t, c.Facts(), view)
		}
	})
}
