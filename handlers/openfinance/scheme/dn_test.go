package scheme_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
)

func hexOf(tag byte, text string) string {
	return hex.EncodeToString(append([]byte{tag, byte(len(text))}, text...))
}

// TestB11SubjectInTheFormOfID3: reversed, short names of RFC 4514 readable, the
// scheme's four attributes as OID and DER with the string type of the
// certificate.
func TestB11SubjectInTheFormOfID3(t *testing.T) {
	for tag, s := range map[byte]demo.Subject{0x13: subject(), 0x0c: func() demo.Subject { s := subject(); s.Tag = 0; return s }()} {
		cert := must(authority().Client(s)).Certificate
		want := `CN=*.software.example,UID=` + softwareID + `,2.5.4.97=#` + hexOf(tag, "OFBBR-"+orgID) + `,L=São Paulo,ST=SP,O=Itaú\, Cia \+ Filhos,C=BR,` +
			`2.5.4.5=#` + hexOf(tag, "43142666000197") + `,1.3.6.1.4.1.311.60.2.1.3=#` + hexOf(tag, "BR") + `,2.5.4.15=#` + hexOf(tag, "Private Organization")
		name := must(scheme.ParseDER(cert.RawSubject))
		if got := name.String(); got != want {
			t.Errorf("\n%s, want\n%s", got, want)
		}
		again, err := scheme.ParseDN(want)
		if err != nil || !again.Match(name) || !name.Match(again) || again.String() != want {
			t.Errorf("read back: %v, %v", again, err)
		}
	}
}

// TestA14B15NamesAreComparedByValue: OID or short name, hexadecimal or text,
// whatever the case and the string type (RFC 4517 4.2.15).
func TestA14B15NamesAreComparedByValue(t *testing.T) {
	name := must(scheme.ParseDER(good().Certificate.RawSubject))
	full := name.String()
	org := "2.5.4.97=#" + hexOf(0x13, "OFBBR-"+orgID)
	swap := func(old, next string) string {
		if !strings.Contains(full, old) {
			t.Fatalf("%s is not in %s", old, full)
		}
		return strings.Replace(full, old, next, 1)
	}
	for about, text := range map[string]string{
		"itself": full, "other case of hexadecimal": swap(org, strings.ToUpper(org)),
		"UTF8String":         swap(org, "2.5.4.97=#"+hexOf(0x0c, "OFBBR-"+orgID)),
		"other case":         swap("UID="+softwareID, "uid="+strings.ToUpper(softwareID)),
		"case in hex":        swap(org, "2.5.4.97=#"+hexOf(0x13, "ofbbr-"+strings.ToUpper(orgID))),
		"text for hex":       swap(org, "2.5.4.97=OFBBR-"+orgID),
		"long name":          swap(org, "organizationIdentifier=OFBBR-"+orgID),
		"Java's OID":         swap(org, "OID."+org),
		"serial number":      swap("2.5.4.5=#"+hexOf(0x13, "43142666000197"), "SERIALNUMBER=43142666000197"),
		"jurisdiction":       swap("1.3.6.1.4.1.311.60.2.1.3=#"+hexOf(0x13, "BR"), "jurisdictionCountryName=BR"),
		"category":           swap("2.5.4.15=#"+hexOf(0x13, "Private Organization"), "businessCategory=private  organization "),
		"OID for short name": swap("CN=", "2.5.4.3="), "hex for short name": swap("C=BR", "C=#"+hexOf(0x13, "BR")),
		"spaces of RFC 2253": strings.ReplaceAll(strings.ReplaceAll(full, ",2.5", " , 2.5"), "ST=", "ST = "),
		"space in a value":   swap("São Paulo", "  são \u00a0  PAULO"),
		"decomposed":         swap("São", "Sa\u0303o"), "escaped bytes": swap("São", `S\C3\A3o`), "escaped letter": swap("Itaú\\, Cia", `ITA\c3\9a\2c cia`),
		"soft hyphen": swap("Paulo", "Pau\u00adlo"),
	} {
		other, err := scheme.ParseDN(text)
		if err != nil || !other.Match(name) || !name.Match(other) {
			t.Errorf("%s: %v, %s", about, err, text)
		}
	}
	for about, text := range map[string]string{
		"another value": swap(softwareID, orgID), "fewer": swap("C=BR,", ""), "more": full + ",C=BR", "another type": swap("CN=", "OU="),
		"another order": swap("ST=SP,O=Itaú\\, Cia \\+ Filhos", "O=Itaú\\, Cia \\+ Filhos,ST=SP"), "one relative name": swap("ST=SP,O", "ST=SP+O"),
		"not text": swap("C=BR", "C=#0203123456"), "accent": swap("São", "Sao"),
	} {
		other, err := scheme.ParseDN(text)
		if err != nil || other.Match(name) || name.Match(other) {
			t.Errorf("%s: %v, %s", about, err, text)
		}
	}
	for _, pair := range []struct {
		a, b string
		same bool
	}{
		{"CN=a+UID=b,C=BR", "UID=B+CN=A,C=br", true}, {"CN=a+CN=b", "CN=b+CN=a", true}, {"CN=a+CN=a", "CN=a+CN=b", false}, {"CN=a+CN=b", "CN=a+CN=a", false},
		{"2.5.4.45=#030200ff", "2.5.4.45=#030200FF", true}, {"2.5.4.45=#030200ff", "2.5.4.45=#030200fe", false},
		{"CN=ß", "CN=SS", true}, {"CN=Ⅳ", "CN=iv", true}, {"CN=\\ a", "CN=a", true}, {"CN=", "CN=\\ ", true}, {"CN=\\", "CN=a", false},
	} {
		a, errA := scheme.ParseDN(pair.a)
		b, errB := scheme.ParseDN(pair.b)
		if got := errA == nil && errB == nil && a.Match(b); got != pair.same {
			t.Errorf("%s and %s: %t, %v, %v", pair.a, pair.b, got, errA, errB)
		}
	}
	if (scheme.DN{}).Match(scheme.DN{}) {
		t.Error("nobody is somebody")
	}
}

func TestNameTextThatIsRefused(t *testing.T) {
	for _, text := range []string{"", "CN", "=a", "CN=a,", "CN=a+", ",CN=a", "CN=a,,C=b", "CN=a;C=b", `CN="a"`, "CN=<a>", `CN=a\`, `CN=a\x`, `CN=a\1`, `CN=\ff`,
		`CN=a\00`, "CN=a\x00", "CN=\xff", "1=a", "3.1=a", "1.40=a", "2.5.04=a", "2..5=a", "2.5.4.99999999999999999999=a", "OID.=a", "whoever=a", "CN=#", "CN=#1",
		"CN=#zz", "CN=#1302", "CN=#13024252ff", "CN=#0c01ff", "CN=#1e0141", "CN=#1c0400110000", "CN=#130180", "#13024252", "CN=" + strings.Repeat("a", 4096), "2" + strings.Repeat(".1", 70) + "=a"} {
		if name, err := scheme.ParseDN(text); err == nil {
			t.Errorf("%q gives %v", text, name)
		}
	}
	for text, want := range map[string]string{`CN=\20a\20`: `CN=\ a\ `, "CN=a=b": `CN=a\=b`, `CN=\#a#`: `CN=\#a#`, `CN=a\0ab`: `CN=a\0ab`, "2.5.4.5=7": "2.5.4.5=#0c0137",
		"CN=#1e040041042f": "CN=AЯ", "CN=#1c0400000041": "CN=A", "CN=#1401e9": "CN=é", "cn=#0203010203": "2.5.4.3=#0203010203", "2.999.1=a": "2.999.1=#0c0161"} {
		name, err := scheme.ParseDN(text)
		if err != nil || name.String() != want {
			t.Errorf("%s: %s, %v", text, name, err)
		}
	}
}

func TestDERThatIsNoNameIsRefused(t *testing.T) {
	for _, text := range []string{"", "30", "3100", "3002310000", "30023100", "300b3109300706035504030c01ff", "3000ff", "300e310c300a06035504030c03614180"} {
		if name, err := scheme.ParseDER(must(hex.DecodeString(text))); err == nil {
			t.Errorf("%s gives %v", text, name)
		}
	}
	if _, err := scheme.ParseDER(make([]byte, 16<<10+1)); err == nil {
		t.Error("an endless name is read")
	}
	if name, err := scheme.ParseDER([]byte{0x30, 0}); err != nil || len(name) != 0 || name.String() != "" {
		t.Errorf("an empty name: %v, %v", name, err)
	}
}
