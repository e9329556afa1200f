package x509view

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"tenure/jwk/jwktest"
	"tenure/jwk/strictjson"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOID(t *testing.T) {
	for content, want := range map[string]string{
		"00":                        "0.0",
		"27":                        "0.39",
		"28":                        "1.0",
		"4f":                        "1.39",
		"50":                        "2.0",
		"550403":                    "2.5.4.3",
		"883703":                    "2.999.3",
		"2a864886":                  "", // not ended
		"2a8001":                    "", // padded
		"8001":                      "",
		"":                          "",
		"2a ffffffffffffffff7f":     "1.2.9223372036854775807",
		"2a 83ffffffffffffffffff7f": "1.2.4722366482869645213695",
		"83ffffffffffffffffff7f":    "2.4722366482869645213615",
	} {
		got, err := element{tag: tagOID, body: unhex(t, content)}.oid()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", content, got, err)
		}
	}
	longest := bytes.Repeat([]byte{1}, maxOIDOctets)
	if _, err := (element{tag: tagOID, body: longest}).oid(); err != nil {
		t.Error(err)
	}
	if _, err := (element{tag: tagOID, body: append(longest, 1)}).oid(); err == nil {
		t.Error("an overlong identifier is read")
	}
}

func TestInteger(t *testing.T) {
	for content, want := range map[string]int64{"00": 0, "7f": 127, "80": -128, "ff": -1, "00ff": 255, "ffffff": -1, "8000": -32768} {
		n, err := element{tag: tagInteger, body: unhex(t, content)}.integer()
		if err != nil || n.Cmp(big.NewInt(want)) != 0 {
			t.Errorf("%s: %v, %v", content, n, err)
		}
	}
	for content, ok := range map[string]bool{"": false, "7fffffff": true, "0080000000": false, "80000000": true, "ff7fffffff": false, "010000000000000000": false} {
		if n, err := (element{tag: tagInteger, body: unhex(t, content)}).int32(); (err == nil) != ok {
			t.Errorf("%s: %d, %v", content, n, err)
		}
	}
}

func TestElement(t *testing.T) {
	for encoded, want := range map[string]string{ // content, "-" when unreadable
		"0400": "", "040101": "01", "048101ff": "ff", "04840000000 1ff": "ff",
		"04": "-", "": "-", "0402ff": "-", "0481": "-", "0485000000000 1ff": "-", "0484ffffffff": "-",
		"1f2001ff": "-", "0480ff0000": "-", "04010102": "-", "3080040101": "-", "30800401010000": "040101",
		"308030800000 0000": "3000", "3080308104040201020000": "30 04 04020102",
	} {
		e, err := single(unhex(t, encoded))
		if want == "-" {
			if err == nil {
				t.Errorf("%s: read as %x", encoded, e.body)
			}
			continue
		}
		if err != nil || !bytes.Equal(e.body, unhex(t, want)) {
			t.Errorf("%s: %x, %v", encoded, e.body, err)
		}
	}
	for _, size := range []int{0, 1, 127, 128, 255, 256, 65535, 65536} {
		encoded := appendElement(nil, tagOctetString, make([]byte, size))
		if e, err := single(encoded); err != nil || len(e.body) != size || !bytes.Equal(e.encoded(), encoded) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestTime(t *testing.T) {
	for text, want := range map[string]string{ // UTCTime, or GeneralizedTime after "G"; "" when invalid
		"500101000000Z":          "1950-01-01T00:00:00Z",
		"491231235959Z":          "2049-12-31T23:59:59Z",
		"2001020304Z":            "2020-01-02T03:04:00Z",
		"200102030405+0130":      "2020-01-02T01:34:05Z",
		"200102030405-0130":      "2020-01-02T04:34:05Z",
		"200230000000Z":          "2020-03-01T00:00:00Z",
		"2001020304+0100":        "",
		"200102030405":           "",
		"200102030405z":          "",
		"200100030405Z":          "",
		"201302030405Z":          "",
		"200132030405Z":          "",
		"200102240405Z":          "",
		"200102036005Z":          "",
		"200102030460Z":          "",
		"2001020304 5Z":          "",
		"200102030405+2400":      "",
		"200102030405.5Z":        "",
		"200102030405+01300":     "",
		"G20200102030405Z":       "2020-01-02T03:04:05Z",
		"G202001020304Z":         "2020-01-02T03:04:00Z",
		"G20200102030405.1Z":     "2020-01-02T03:04:05.1Z",
		"G20200102030405,1239Z":  "2020-01-02T03:04:05.123Z",
		"G20200102030405.5+0100": "2020-01-02T02:04:05.5Z",
		"G99991231235959-0001":   "10000-01-01T00:00:59Z",
		"G20200102030405.Z":      "",
		"G20200102030405.5":      "",
		"G20200102030405.":       "",
		"G202001020304":          "",
	} {
		content, generalized := strings.CutPrefix(text, "G")
		e := element{tag: tagUTCTime, body: []byte(content)}
		if generalized {
			e.tag = tagGeneralizedTime
		}
		got, err := e.time()
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestURI(t *testing.T) {
	for text, want := range map[string]string{ // scheme, space, host; "-" when invalid
		"":                            " ",
		"a/b":                         " ",
		"//h/p":                       " h",
		"http://x.example:8443/p?q#f": "http x.example",
		"http://u:p@x.example":        "http x.example",
		"http://1.2.3.4":              "http 1.2.3.4",
		"http://1.2.3.256":            "http ",
		"http://[2001:db8::1]:1/":     "http [2001:db8::1]",
		"http://[fe80::1%eth0]/":      "http [fe80::1%eth0]",
		"http://x_y.example/":         "http ",
		"http://x.example./":          "http x.example.",
		"http://x.1/":                 "http ",
		"http://-x/":                  "http ",
		"http://x:port/":              "http ",
		"http://x:/":                  "http x",
		"urn:a:b":                     "urn ",
		"mailto:é@x":                  "mailto ",
		"ldap:///cn=a":                "ldap ",
		"file:/a":                     "file ",
		"http://%41/":                 "http ",
		"http://":                     "-",
		"http:":                       "-",
		":a":                          "-",
		"1a:b":                        "-",
		"a b":                         "-",
		"http://x/a b":                "-",
		"http://x/%4":                 "-",
		"http://x/%zz":                "-",
		"http://x/?<":                 "-",
		"http://x/#a#b":               "-",
		"http://[::1/":                "-",
		"http://[::g]/":               "-",
		"http://x/\u00a0":             "-",
		"http://x/\u0085":             "-",
		"a:b^":                        "-",
	} {
		u, err := parseURI(text)
		if want == "-" {
			if err == nil {
				t.Errorf("%q: read as %+v", text, u)
			}
		} else if err != nil || u.scheme+" "+u.host != want {
			t.Errorf("%q: %+v, %v", text, u, err)
		}
	}
}

func TestGeneralName(t *testing.T) {
	for encoded, want := range map[string]string{ // "-" when unreadable
		"8100": "-", "8101 40": "-", "8102 402e": "-", "8104 61402e62": "a@.b", "8200": "", "8202 c3a9": "\ufffd\ufffd",
		"8704 c0000207":                          "192.0.2.7",
		"8708 c0000200 ffffff00":                 "192.0.2.0/255.255.255.0",
		"8710 00000000000000000000ffff c0000207": "192.0.2.7",
		"8720 20010db8000000000000000000000000 ffffffff000000000000000000000000": "2001:db8:0:0:0:0:0:0/32",
		"8700": "-", "8705 0000000000": "-", "8803 2a0304": "1.2.3.4", "8801 80": "-",
		"8606 613a2f2f622e": "-", "8605 613a2f2f62": "a://b", "8601 61": "-", "8900": "-", "a200": "-", "0200": "-",
		"a40f 310d300b0603550403 0c0461626364":     "CN=abcd",
		"a411 300f310d300b0603550403 0c0461626364": "CN=abcd",
		"a402 3000": "", "a400": "", "a403 040100": "-", "8402 3000": "-",
		"a009 0603550403 a0020500": "", "a007 0603550403 0500": "-", "a000": "-",
	} {
		e, err := single(unhex(t, encoded))
		if err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		name, err := parseGeneralName(e, false)
		if (err == nil) == (want == "-") || err == nil && name.text != want {
			t.Errorf("%s: %q, %v", encoded, name.text, err)
		}
	}
	gap := generalName{}
	if err := gap.parseIPAddress(append(make([]byte, 31), 1)); err != nil || !gap.unshown {
		t.Errorf("mask with a gap: %+v, %v", gap, err)
	}
	for host, ok := range map[string]bool{"x.example": true, ".example": true, "": false, ".": false, "http://x": false, "x..y": false, "-x": false, "a b": false} {
		if err := checkURIConstraint(host); (err == nil) != ok {
			t.Errorf("constraint %q: %v", host, err)
		}
	}
}

// TestExtensionChecks holds good and bad bodies of each known extension, both as a critical one.
func TestExtensionChecks(t *testing.T) {
	name := "8201 61"    // dNSName a
	oid := "0603 550403" // 2.5.4.3
	dated := "800f 32303230303130323033303430355a"
	for id, bodies := range map[string]struct{ good, bad []string }{
		"2.5.29.14":             {[]string{"0401 00", "2403 040100"}, []string{"0301 00", "", "040100 00", "2403 030100"}},
		"2.5.29.15":             {[]string{"0302 0780"}, []string{"0300", "0302 0880", "0301 07", "0401 00"}},
		"2.5.29.16":             {[]string{"3000", "3011" + dated}, []string{"3022" + dated + dated, "3002 8000", "3002 8200", "0500"}},
		"2.5.29.17":             {[]string{"3003" + name}, []string{"3000", "3103" + name, ""}},
		"2.5.29.18":             {[]string{"3003" + name}, []string{"3000"}},
		"2.5.29.19":             {[]string{"3000", "3003 0101ff", "3006 0101ff 020103", "3003 020103"}, []string{"3005 0101ff 0500", "3002 0100", "0500"}},
		"2.5.29.20":             {[]string{"0201 01"}, []string{"0200", "0401 00"}},
		"2.5.29.21":             {[]string{"0a01 01"}, []string{"0201 01"}},
		"2.5.29.27":             {[]string{"0201 01"}, []string{"0500"}},
		"2.5.29.28":             {[]string{"3000", "3007 a005 a003" + name, "3003 8101ff", "3004 8302 0780"}, []string{"3002 8100", "3002 8600", "3002 a000", "0500"}},
		"2.5.29.29":             {[]string{"3003" + name}, []string{"3000", "0500"}},
		"2.5.29.30":             {[]string{"3000", "3007 a005 3003" + name, "300a a108 3006" + name + "800100", "300c a00a 3008 8606 2e612e622e63"}, []string{"3002 8000", "3004 a000a000", "3007 a005 3103" + name, "300a a008 3006" + name + "820100", "3009 a007 3005 8603 613a62"}},
		"2.5.29.31":             {[]string{"3000", "3009 3007 a005 a003" + name, "3007 3005 a203" + name, "3015 3013 a011 a10f 300d 0603550403 0c0661626364 6566", "300d 300b a203" + name + "8104 03000000"}, []string{"3002 3000", "3004 3002 a000", "3006 3004 a002 8000", "3006 3004 8102 0780"}},
		"2.5.29.32":             {[]string{"3000", "3007 3005" + oid, "300f 300d" + oid + "3006 3004 0602 2a03"}, []string{"3002 3000", "3009 3007" + oid + "3000", "3002 3100", "300b 3009" + oid + "3002 3000"}},
		"2.5.29.33":             {[]string{"3000", "300c 300a" + oid + oid}, []string{"3007 3005" + oid, "3002 0500"}},
		"2.5.29.35":             {[]string{"3000", "3003 8001 00", "3008 a103" + name + "820101"}, []string{"3002 a000", "3006 800100 800100", "3002 a100", "3002 8200", "3002 8300"}},
		"2.5.29.36":             {[]string{"3000", "3003 800100", "3006 800100 810100"}, []string{"3006 800100 800100", "3002 8000", "3002 8200", "0500"}},
		"2.5.29.37":             {[]string{"3000", "3005" + oid}, []string{"", "3002 0600", "0500"}},
		"2.5.29.46":             {[]string{"3000"}, []string{""}},
		"2.5.29.54":             {[]string{"0201 00", "0201 ff"}, []string{"0201 fe", "0500"}},
		"2.16.840.1.113730.1.1": {[]string{"0302 0780"}, []string{"0401 00", "0300"}},
		"1.3.6.1.5.5.7.1.1":     {[]string{"3000", "300a 3008" + oid + name}, []string{"3007 3005" + oid, "3002 3000", "3002 0500"}},
		"1.3.6.1.5.5.7.1.11":    {[]string{"3000"}, []string{"0500"}},
	} {
		parse := extensionParsers[id]
		for _, body := range bodies.good {
			if err := parse(&extensions{}, unhex(t, body)); err != nil {
				t.Errorf("%s %s: %v", id, body, err)
			}
		}
		for _, body := range bodies.bad {
			if err := parse(&extensions{}, unhex(t, body)); err == nil {
				t.Errorf("%s %s: accepted", id, body)
			}
		}
	}
}

func TestPublicKey(t *testing.T) {
	integer := func(bits int) []byte { // a positive INTEGER of so many bits
		return appendElement(nil, tagInteger, new(big.Int).SetBit(big.NewInt(1), bits-1, 1).FillBytes(make([]byte, bits/8+1)))
	}
	rsa := func(modulus int, exponent []byte) []byte {
		return appendElement(nil, tagSequence, append(integer(modulus), exponent...))
	}
	three := []byte{tagInteger, 1, 3}
	p256 := unhex(t, "0608 2a8648ce3d030107")
	const rsaOID, ecOID, dhOID = "2a864886f70d010101", "2a8648ce3d0201", "2a864886f70d010301"
	for i, test := range []struct {
		oid    string
		params []byte
		key    []byte
		want   string // algorithm, or "" when unreadable
	}{
		{rsaOID, nil, rsa(512, three), "RSA"},
		{rsaOID, nil, rsa(504, three), ""},
		{rsaOID, nil, rsa(16384, three), "RSA"},
		{rsaOID, nil, rsa(16392, three), ""},
		{rsaOID, nil, rsa(3072, integer(128)), "RSA"},
		{rsaOID, nil, rsa(3080, integer(128)), ""},
		{rsaOID, nil, rsa(512, []byte{tagInteger, 1, 1}), ""},
		{rsaOID, nil, rsa(512, integer(520)), ""},
		{rsaOID, nil, rsa(512, append([]byte{tagInteger, 1, 3}, 5, 0)), ""},
		{rsaOID, nil, nil, ""},
		{ecOID, p256, append([]byte{4}, make([]byte, 64)...), "EC"},
		{ecOID, p256, append([]byte{4}, make([]byte, 65)...), "EC"},
		{ecOID, p256, append([]byte{4}, make([]byte, 66)...), ""},
		{ecOID, p256, append([]byte{3}, make([]byte, 64)...), ""},
		{ecOID, p256, nil, ""},
		{ecOID, nil, append([]byte{4}, make([]byte, 64)...), ""},
		{ecOID, unhex(t, "0603 550403"), append([]byte{4}, make([]byte, 64)...), ""},
		{ecOID, unhex(t, "3000"), append([]byte{4}, make([]byte, 64)...), ""},
		{dhOID, unhex(t, "3006 020117 020105"), three, "DH"},
		{dhOID, unhex(t, "3009 020117 020105 020104"), three, "DH"},
		{dhOID, unhex(t, "300c 020117 020105 020104 020101"), three, ""},
		{dhOID, unhex(t, "3003 020117"), three, ""},
		{dhOID, nil, three, ""},
		{"2b656e", nil, make([]byte, 32), "XDH"},
		{"2b656e", nil, make([]byte, 31), ""},
		{"2b6570", nil, make([]byte, 32), "EdDSA"},
		{"2b6570", unhex(t, "3000"), make([]byte, 32), ""},
		{"2a03", unhex(t, "3000"), nil, "1.2.3"},
	} {
		id := append(appendElement(nil, tagOID, unhex(t, test.oid)), test.params...)
		body := appendElement(nil, tagSequence, id)
		body = appendElement(body, tagBitString, append([]byte{0}, test.key...))
		e, err := single(appendElement(nil, tagSequence, body))
		if err != nil {
			t.Fatal(err)
		}
		key, err := parsePublicKey(e)
		if (err == nil) != (test.want != "") || err == nil && key.algorithm != test.want {
			t.Errorf("case %d (%s): %q, %v", i, test.oid, key.algorithm, err)
		}
		if err == nil {
			w := strictjson.NewWriter(nil)
			key.write(w)
			jwktest.Decode(t, w.Bytes())
		}
	}
}

// TestNestedParameters nests algorithm identifiers in the parameters of others.
func TestNestedParameters(t *testing.T) {
	id := unhex(t, "3004 0602 2a03")
	pss, ecdsa := unhex(t, "0609 2a864886f70d01010a"), unhex(t, "0607 2a8648ce3d0403")
	for range 20_000 {
		params := appendElement(nil, tagSequence, appendElement(nil, 0xa0, id))
		id = appendElement(nil, tagSequence, append(bytes.Clone(pss), params...))
		if len(id) > maxNestedParams {
			id = appendElement(nil, tagSequence, append(bytes.Clone(ecdsa), id...))
			break
		}
	}
	e, err := single(id)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := parseAlgorithm(e)
	if err != nil || alg.name() != nameECDSASHA2 {
		t.Errorf("%v, %s", err, alg.name())
	}
}

// TestNamedCurves checks that every generator of a prime field lies on its curve, and the sizes of
// all fields.
func TestNamedCurves(t *testing.T) {
	all := maps.Clone(primeCurves)
	maps.Copy(all, binaryCurves)
	for id, curve := range all {
		field := decimal(curve.field)
		size := field.BitLen()
		if curve.binary {
			size--
		}
		if size != curve.fieldSize || decimal(curve.order).Sign() <= 0 || decimal(curve.cofactor).Sign() <= 0 {
			t.Errorf("%s: field of %d bits", id, size)
		}
		if curve.binary {
			continue
		}
		x, y := decimal(curve.x), decimal(curve.y)
		right := new(big.Int).Exp(x, big.NewInt(3), field)
		right.Add(right, new(big.Int).Mul(x, decimal(curve.a))).Add(right, decimal(curve.b)).Mod(right, field)
		if y.Exp(y, big.NewInt(2), field).Cmp(right) != 0 {
			t.Errorf("%s: the generator is not on the curve", id)
		}
	}
	if len(all) != 53 {
		t.Errorf("%d curves", len(all))
	}
	for oid, curve := range primeCurves {
		x, y := decimal(curve.x), decimal(curve.y)
		if !OnCurve(oid, x, y) || OnCurve(oid, y, x) || OnCurve("1.2.3", x, y) {
			t.Error(oid)
		}
	}
}

func TestQuotedValues(t *testing.T) {
	for value, want := range map[string][2]string{
		``:         {``, ``},
		`"`:        {`"\""`, `\"`},
		`""`:       {`""`, `\"\"`},
		`"a"b"`:    {`"a\"b"`, `\"a\"b\"`},
		` `:        {`" "`, `\ `},
		`a  b`:     {`"a  b"`, `a  b`},
		"a\r":      {"a\r", "a\\\r"},
		`a'(b)/?:`: {`a'(b)/?:`, `a'(b)/?:`},
		"é\x00":    {"é\x00", `é\00`},
	} {
		attr := attribute{oid: "2.5.4.3", value: element{tag: tagUTF8String, body: []byte(value)}}
		plain, short := string(attr.appendPlain(nil)), string(attr.appendRFC2253(nil))
		if plain != "CN="+want[0] || short != "CN="+want[1] {
			t.Errorf("%q: %s and %s", value, plain, short)
		}
	}
	if got := fmt.Sprint(distinguishedName{}.plainText(), distinguishedName{}.rfc2253Text()); got != "" {
		t.Errorf("empty name: %q", got)
	}
}
