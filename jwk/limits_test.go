package jwk

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

// TestLimits tries every row of docs/limits.md's table of keys from both sides.
func TestLimits(t *testing.T) {
	own, der := certified(t)
	chain := func(ders ...[]byte) string {
		var texts []string
		for _, der := range ders {
			texts = append(texts, `"`+base64.StdEncoding.EncodeToString(der)+`"`)
		}
		return `{` + own + `,"x5c":[` + strings.Join(texts, ",") + `]}`
	}
	set := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	many := func(count int, key string) string { return set(slices.Repeat([]string{key}, count)...) }
	with := func(size int, template func(size int) *x509.Certificate) string {
		_, der := certifiedWith(t, template(size))
		return set(chain(der))
	}
	exponent := func(e *big.Int) string { return set(rsaKey(odd(2048), e, "")) }
	power := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits)
		return n.Sub(n, big.NewInt(1))
	}
	added := len(parsed(t, &x509.Certificate{Subject: pkix.Name{CommonName: "a"}}).Extensions) // by the library
	extensions := func(size int) *x509.Certificate {
		c := &x509.Certificate{Subject: pkix.Name{CommonName: "a"}}
		for i := range size - added {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 2, 3, i + 1}, Value: []byte{5, 0}})
		}
		return c
	}
	usage := func(bits int) *x509.Certificate {
		value, err := asn1.Marshal(asn1.BitString{Bytes: bytes.Repeat([]byte{0xff}, (bits+7)/8), BitLength: bits})
		if err != nil {
			t.Fatal(err)
		}
		return &x509.Certificate{Subject: pkix.Name{CommonName: "a"}, ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 15}, Value: value}}}
	}
	// The name has so many octets in all: some are around its one text.
	name := func(size int) *x509.Certificate {
		around := len(parsed(t, &x509.Certificate{Subject: pkix.Name{CommonName: strings.Repeat("a", size-100)}}).RawSubject) - (size - 100)
		return &x509.Certificate{Subject: pkix.Name{CommonName: strings.Repeat("a", size-around)}}
	}
	deep := func(levels int) string {
		return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `,"keys":[]}`
	}
	// Names of control characters are shown six times as long, four times.
	shown := func(size int) string {
		_, der := certifiedWith(t, &x509.Certificate{Subject: pkix.Name{CommonName: strings.Repeat("\x01", size)}})
		return chain(der)
	}
	both := func(fine, excessive string) func(*testing.T, string) {
		return func(t *testing.T, answer string) {
			if _, faults := strict([]byte(fine)); len(faults) > 0 {
				t.Errorf("what is just allowed is refused: %v", faults)
			}
			_, faults := strict([]byte(excessive))
			if len(faults) == 0 {
				t.Fatal("what is too much is taken")
			}
			if !strings.Contains(answer, "`"+faults[0].Rule+"`") {
				t.Errorf("the rule is %s, the page says %s", faults[0].Rule, answer)
			}
		}
	}
	// Of this key the view is 5 times as long, so that the factor is no bound.
	_, widely := certifiedWith(t, extensions(64))
	wide := chain(slices.Repeat([][]byte{widely}, 10)...)
	one, two := len(AppendView(nil, []byte(many(1, wide)))), len(AppendView(nil, []byte(many(2, wide))))
	most := (1<<20-one)/(two-one) + 1
	spaces := func(size int) string { return `{"keys":[]` + strings.Repeat(" ", size-len(`{"keys":[]}`)) + `}` }
	jwktest.Limits(t, "Keys and certificates", map[string]func(*testing.T, string){
		"key set, as sent":                                 both(spaces(256<<10), spaces(256<<10+1)),
		"keys of a set":                                    both(many(64, `{`+okpKey+`}`), many(65, `{`+okpKey+`}`)),
		"nesting of a key set":                             both(deep(64), deep(65)),
		"certificates of a chain":                          both(set(chain(slices.Repeat([][]byte{der}, 10)...)), set(chain(slices.Repeat([][]byte{der}, 11)...))),
		"RSA modulus, least":                               both(set(rsaKey(odd(2048), big.NewInt(65537), "")), set(rsaKey(odd(2047), big.NewInt(65537), ""))),
		"RSA modulus, most":                                both(set(rsaKey(odd(16384), big.NewInt(65537), "")), set(rsaKey(odd(16385), big.NewInt(65537), ""))),
		"RSA exponent":                                     both(exponent(power(33)), exponent(new(big.Int).Add(power(33), big.NewInt(2)))),
		"extensions of a certificate":                      both(with(64, extensions), with(65, extensions)),
		"keyUsage of a certificate":                        both(with(16, usage), with(17, usage)),
		"issuer, subject of a certificate":                 both(with(4096, name), with(4097, name)),
		"issuerUniqueID, subjectUniqueID of a certificate": both(set(chain(withUniqueID(t, 64))), set(chain(withUniqueID(t, 65)))),
		"RSA exponent, whatever the policy": func(t *testing.T, answer string) {
			fine, excessive := Check([]byte(exponent(power(64)))), Check([]byte(exponent(power(65))))
			if len(fine.Faults) > 0 || len(excessive.Faults) != 1 || !strings.Contains(answer, "`"+excessive.Faults[0].Rule+"`") {
				t.Errorf("%v, %v", fine.Faults, excessive.Faults)
			}
		},
		"nevisMeta's view of a key set":                    both(set(shown(500)), set(shown(4000))),
		"nevisMeta's view of a key set, whatever its size": both(many(most, wide), many(most+1, wide)),
	})
}

// parsed is the certificate that certifiedWith makes of a template.
func parsed(t *testing.T, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	_, der := certifiedWith(t, template)
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
