package jwk

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/tenancy/text"
)

var b64 = base64.RawURLEncoding.EncodeToString

// odd is the smallest odd number of so many bits.
func odd(bits uint) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return n.SetBit(n, 0, 1)
}

func rsaKey(n, e *big.Int, others string) string {
	return rsaText(b64(n.Bytes()), b64(e.Bytes()), others)
}

func rsaText(n, e, others string) string {
	return `{"kty":"RSA","n":"` + n + `","e":"` + e + `"` + others + `}`
}

var f4 = big.NewInt(65537)

// point is the public key of a small scalar on a curve of crypto/ecdh: x and y.
func point(t testing.TB, c ecdh.Curve, size, scalar int) (x, y []byte) {
	t.Helper()
	key, err := c.NewPrivateKey(big.NewInt(int64(scalar)).FillBytes(make([]byte, size)))
	if err != nil {
		t.Fatal(err)
	}
	raw := key.PublicKey().Bytes()
	return raw[1 : 1+size], raw[1+size:]
}

func ecText(crv, x, y, others string) string {
	return `{"kty":"EC","crv":"` + crv + `","x":"` + x + `","y":"` + y + `"` + others + `}`
}

func okpText(crv string, octets int, others string) string {
	return `{"kty":"OKP","crv":"` + crv + `","x":"` + b64(bytes.Repeat([]byte{7}, octets)) + `"` + others + `}`
}

func akpText(alg string, octets int) string {
	return `{"kty":"AKP","alg":"` + alg + `","pub":"` + b64(bytes.Repeat([]byte{7}, octets)) + `"}`
}

// certified is an Ed25519 key, its members without braces, and the certificate that it signed itself.
func certified(t testing.TB) (members string, der []byte) {
	return certifiedWith(t, &x509.Certificate{Subject: pkix.Name{CommonName: "a"}})
}

func certifiedWith(t testing.TB, template *x509.Certificate) (members string, der []byte) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	template.SerialNumber = big.NewInt(1)
	template.NotBefore, template.NotAfter = time.Unix(1_700_000_000, 0), time.Unix(2_000_000_000, 0)
	der, err := x509.CreateCertificate(nil, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	return `"kty":"OKP","crv":"Ed25519","x":"` + b64(private.Public().(ed25519.PublicKey)) + `"`, der
}

// TestRules tries each rule from both sides: just broken, and just kept.
func TestRules(t *testing.T) {
	x, y := point(t, ecdh.P256(), 32, 1)
	p256 := func(others string) string { return ecText("P-256", b64(x), b64(y), others) }
	x3, y3 := point(t, ecdh.P384(), 48, 1)
	x5, y5 := point(t, ecdh.P521(), 66, 1)
	kx, _ := new(big.Int).SetString("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", 16)
	ky, _ := new(big.Int).SetString("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8", 16)
	k256 := func(others string) string { return ecText("secp256k1", b64(kx.Bytes()), b64(ky.Bytes()), others) }
	rsa := func(others string) string { return rsaKey(odd(2048), f4, others) }
	prime, _ := new(big.Int).SetString("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16)
	above := new(big.Int).Add(new(big.Int).SetBytes(x), prime) // the same point, counted modulo the prime
	own, der := certified(t)
	std := base64.StdEncoding.EncodeToString
	chained := func(item string, others string) string {
		return `{` + own + `,"x5c":["` + item + `"]` + others + `}`
	}
	s1, s2 := sha1.Sum(der), sha256.Sum256(der)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	alg := func(name string) string { return `,"alg":"` + name + `"` }
	uses := func(use, list string) string { return `,"use":"` + use + `","key_ops":[` + list + `]` }
	ops := func(list string) string { return uses("sig", list) }
	two33 := new(big.Int).Lsh(big.NewInt(1), 33)

	for _, test := range []struct {
		name, key string
		want      []string // pointer within the key, space, rule
	}{
		{"RSA of 2,048 bits", rsa(""), nil},
		{"RSA of 2,047 bits", rsaKey(odd(2047), f4, ""), []string{"n rsa-modulus-small"}},
		{"RSA of 1,024 bits", rsaKey(odd(1024), f4, ""), []string{"n rsa-modulus-small"}},
		{"RSA of one bit", rsaText("AQ", "AQAB", ""), []string{"n rsa-modulus-small"}},
		{"RSA of nothing", rsaText("", "AQAB", ""), []string{"n rsa-modulus-small"}},
		{"RSA of zero", rsaText("AA", "AQAB", ""), []string{"n rsa-modulus-small"}},
		{"RSA of 2,048 bits behind zeros", rsaText(b64(append([]byte{0, 0}, odd(2048).Bytes()...)), "AQAB", ""), nil},
		{"RSA of 2,047 bits behind zeros", rsaText(b64(append([]byte{0, 0}, odd(2047).Bytes()...)), "AQAB", ""), []string{"n rsa-modulus-small"}},
		{"RSA of 16,384 bits", rsaKey(odd(16384), f4, ""), nil},
		{"RSA of 16,385 bits", rsaKey(odd(16385), f4, ""), []string{"n rsa-modulus-large"}},
		{"RSA, even", rsaKey(new(big.Int).Add(odd(2048), big.NewInt(1)), f4, ""), []string{"n rsa-modulus-even"}},
		{"RSA, e nothing", rsaText(b64(odd(2048).Bytes()), "", ""), []string{"e rsa-exponent"}},
		{"RSA, e 0", rsaText(b64(odd(2048).Bytes()), "AA", ""), []string{"e rsa-exponent"}},
		{"RSA, e 1", rsaKey(odd(2048), big.NewInt(1), ""), []string{"e rsa-exponent"}},
		{"RSA, e 2", rsaKey(odd(2048), big.NewInt(2), ""), []string{"e rsa-exponent"}},
		{"RSA, e 3", rsaKey(odd(2048), big.NewInt(3), ""), nil},
		{"RSA, e 4", rsaKey(odd(2048), big.NewInt(4), ""), []string{"e rsa-exponent"}},
		{"RSA, e 2^33-1", rsaKey(odd(2048), new(big.Int).Sub(two33, big.NewInt(1)), ""), nil},
		{"RSA, e 2^33", rsaKey(odd(2048), two33, ""), []string{"e rsa-exponent"}},
		{"RSA, e 2^33+1", rsaKey(odd(2048), new(big.Int).Add(two33, big.NewInt(1)), ""), []string{"e rsa-exponent"}},
		{"RSA, e of 64 bits", rsaKey(odd(2048), odd(64), ""), []string{"e rsa-exponent"}},
		{"RSA, e of 65 bits", rsaKey(odd(2048), odd(65), ""), []string{"e rsa-exponent-large"}},
		{"RSA, n not base64url", rsaText("*"+b64(odd(2048).Bytes()), "AQAB", ""), []string{"n not-base64url"}},
		{"RSA, a digit of e left over", rsaText(b64(odd(2048).Bytes()), "AQABA", ""), []string{"e not-base64url"}},

		{"P-256", p256(""), nil},
		{"P-384", ecText("P-384", b64(x3), b64(y3), ""), nil},
		{"P-521", ecText("P-521", b64(x5), b64(y5), ""), nil},
		{"secp256k1", k256(""), nil},
		{"P-256 off the curve", ecText("P-256", b64(x), b64(x), ""), []string{"x not-on-curve"}},
		{"P-256 at infinity", ecText("P-256", "AA", "AA", ""), []string{"x not-on-curve"}},
		{"P-256 of nothing", ecText("P-256", "", "", ""), []string{"x not-on-curve"}},
		{"P-256 named P-384", ecText("P-384", b64(x), b64(y), ""), []string{"x not-on-curve"}},
		{"P-256 with 40 octets", ecText("P-256", b64(above.FillBytes(make([]byte, 40))), b64(y), ""), []string{"x ec-coordinate"}},
		{"P-256 with x above the prime", ecText("P-256", b64(above.Bytes()), b64(y), ""), []string{"x ec-coordinate"}},
		{"P-256 with zeros before x", ecText("P-256", b64(append([]byte{0, 0, 0}, x...)), b64(y), ""), nil},
		{"EC on Ed25519", ecText("Ed25519", b64(x), b64(y), ""), []string{"crv unknown-curve"}},
		{"EC on P-224", ecText("P-224", b64(x), b64(y), ""), []string{"crv unknown-curve"}},

		{"Ed25519 of 32", okpText("Ed25519", 32, ""), nil},
		{"Ed25519 of 31", okpText("Ed25519", 31, ""), []string{"x okp-length"}},
		{"Ed25519 of 33", okpText("Ed25519", 33, ""), []string{"x okp-length"}},
		{"Ed25519 of 3", okpText("Ed25519", 3, ""), []string{"x okp-length"}},
		{"Ed25519 of none", okpText("Ed25519", 0, ""), []string{"x okp-length"}},
		{"Ed448 of 57", okpText("Ed448", 57, ""), nil},
		{"Ed448 of 56", okpText("Ed448", 56, ""), []string{"x okp-length"}},
		{"Ed448 of 58", okpText("Ed448", 58, ""), []string{"x okp-length"}},
		{"X25519 of 32", okpText("X25519", 32, ""), nil},
		{"X25519 of 33", okpText("X25519", 33, ""), []string{"x okp-length"}},
		{"X448 of 56", okpText("X448", 56, ""), nil},
		{"X448 of 57", okpText("X448", 57, ""), []string{"x okp-length"}},
		{"OKP on P-256", okpText("P-256", 32, ""), []string{"crv unknown-curve"}},

		{"ML-DSA-44", akpText("ML-DSA-44", 1312), nil},
		{"ML-DSA-44, one less", akpText("ML-DSA-44", 1311), []string{"pub akp-length"}},
		{"ML-DSA-65", akpText("ML-DSA-65", 1952), nil},
		{"ML-DSA-65, one more", akpText("ML-DSA-65", 1953), []string{"pub akp-length"}},
		{"ML-DSA-87", akpText("ML-DSA-87", 2592), nil},
		{"ML-DSA-87 of ML-DSA-65", akpText("ML-DSA-87", 1952), []string{"pub akp-length"}},
		{"AKP of another algorithm", akpText("SLH-DSA-SHA2-128s", 32), nil},
		{"AKP without alg", `{"kty":"AKP","pub":"AQID"}`, []string{"alg akp-alg"}},
		{"AKP without pub", `{"kty":"AKP","alg":"ML-DSA-44"}`, []string{"pub akp-pub"}},
		{"AKP with ES256", akpText("ES256", 32), []string{"alg alg-kty"}},
		{"AKP with priv", `{"kty":"AKP","alg":"ML-DSA-44","pub":"AQ","priv":"AQ"}`, []string{"priv private-key"}},

		{"RS256 of RSA", rsa(alg("RS256")), nil},
		{"RS256 of EC", p256(alg("RS256")), []string{"alg alg-kty"}},
		{"RS256 of OKP", okpText("Ed25519", 32, alg("RS256")), []string{"alg alg-kty"}},
		{"PS512 of RSA", rsa(alg("PS512")), nil},
		{"PS512 of EC", p256(alg("PS512")), []string{"alg alg-kty"}},
		{"ES256 of P-256", p256(alg("ES256")), nil},
		{"ES256 of P-384", ecText("P-384", b64(x3), b64(y3), alg("ES256")), []string{"alg alg-curve"}},
		{"ES384 of P-384", ecText("P-384", b64(x3), b64(y3), alg("ES384")), nil},
		{"ES512 of P-521", ecText("P-521", b64(x5), b64(y5), alg("ES512")), nil},
		{"ES512 of P-256", p256(alg("ES512")), []string{"alg alg-curve"}},
		{"ES256 of secp256k1", k256(alg("ES256")), []string{"alg alg-curve"}},
		{"ES256K of secp256k1", k256(alg("ES256K")), nil},
		{"ES256K of P-256", p256(alg("ES256K")), []string{"alg alg-curve"}},
		{"ES256 of RSA", rsa(alg("ES256")), []string{"alg alg-kty"}},
		{"EdDSA of Ed25519", okpText("Ed25519", 32, alg("EdDSA")), nil},
		{"EdDSA of Ed448", okpText("Ed448", 57, alg("EdDSA")), nil},
		{"EdDSA of X25519", okpText("X25519", 32, alg("EdDSA")), []string{"alg alg-curve"}},
		{"Ed25519 of Ed448", okpText("Ed448", 57, alg("Ed25519")), []string{"alg alg-curve"}},
		{"Ed448 of Ed448", okpText("Ed448", 57, alg("Ed448")), nil},
		{"ML-DSA-44 of OKP", okpText("Ed25519", 32, alg("ML-DSA-44")), []string{"alg alg-kty"}},
		{"RSA-OAEP-256 of RSA", rsa(alg("RSA-OAEP-256")), nil},
		{"RSA-OAEP of EC", p256(alg("RSA-OAEP")), []string{"alg alg-kty"}},
		{"ECDH-ES of P-256", p256(alg("ECDH-ES")), nil},
		{"ECDH-ES+A256KW of X448", okpText("X448", 56, alg("ECDH-ES+A256KW")), nil},
		{"ECDH-ES of Ed25519", okpText("Ed25519", 32, alg("ECDH-ES")), []string{"alg alg-curve"}},
		{"ECDH-ES of RSA", rsa(alg("ECDH-ES")), []string{"alg alg-kty"}},
		{"none", rsa(alg("none")), []string{"alg alg-none"}},
		{"HS256", rsa(alg("HS256")), []string{"alg alg-symmetric"}},
		{"dir", p256(alg("dir")), []string{"alg alg-symmetric"}},
		{"A256GCM", p256(alg("A256GCM")), []string{"alg alg-symmetric"}},
		{"an alg that is not registered", rsa(alg("https://example.com/alg")), nil},
		{"no alg", rsa(`,"alg":null`), nil},

		{"operations", rsa(ops(`"sign","verify"`)), nil},
		{"an operation twice", rsa(ops(`"verify","sign","verify"`)), []string{"key_ops/2 duplicate-operation"}},
		{"an operation against the use", rsa(ops(`"encrypt"`)), []string{"key_ops/0 use-conflict"}},
		{"an operation beside another use", rsa(`,"use":"tls","key_ops":["encrypt"]`), nil},
		{"P-256 to encrypt", p256(uses("enc", `"deriveKey"`)), nil},
		{"P-384 to encrypt", ecText("P-384", b64(x3), b64(y3), uses("enc", `"deriveBits","deriveKey"`)), nil},
		{"P-256 to encrypt, with its alg", p256(uses("enc", `"deriveBits"`) + alg("ECDH-ES+A256KW")), nil},
		{"X25519 to encrypt", okpText("X25519", 32, uses("enc", `"deriveKey","deriveBits"`)), nil},
		{"X448 to encrypt", okpText("X448", 56, uses("enc", `"deriveBits"`)), nil},
		{"P-256 to derive and sign", p256(uses("enc", `"deriveKey","sign"`)), []string{"key_ops/1 use-conflict"}},
		{"P-256 to sign, and derives", p256(uses("sig", `"deriveKey"`)), []string{"key_ops/0 use-conflict"}},
		{"X25519 to sign, and derives", okpText("X25519", 32, uses("sig", `"deriveBits"`)), []string{"key_ops/0 use-conflict"}},
		{"Ed25519 to encrypt, and derives", okpText("Ed25519", 32, uses("enc", `"deriveKey"`)), []string{"key_ops/0 use-conflict"}},
		{"RSA to encrypt, and derives", rsa(uses("enc", `"wrapKey","deriveKey"`)), []string{"key_ops/1 use-conflict"}},
		{"P-256 that only derives", p256(`,"key_ops":["deriveKey","deriveBits"]`), nil},
		{"RSA to encrypt", rsa(uses("enc", `"encrypt","decrypt","wrapKey","unwrapKey"`)), nil},
		{"RSA to encrypt, and verifies", rsa(uses("enc", `"wrapKey","verify"`)), []string{"key_ops/1 use-conflict"}},
		{"RSA to sign, and unwraps", rsa(uses("sig", `"sign","unwrapKey"`)), []string{"key_ops/1 use-conflict"}},

		{"a certificate", chained(std(der), ""), nil},
		{"a certificate with its digests", chained(std(der), `,"x5t":"`+b64(s1[:])+`","x5t#S256":"`+b64(s2[:])+`"`), nil},
		{"digests without a certificate", rsa(`,"x5t":"` + b64(s1[:]) + `","x5t#S256":"` + b64(s2[:]) + `"`), nil},
		{"x5t of another", chained(std(der), `,"x5t":"`+b64(s2[:20])+`"`), []string{"x5t x5t-mismatch"}},
		{"x5t#S256 of another", chained(std(der), `,"x5t#S256":"`+b64(bytes.Repeat([]byte{9}, 32))+`"`), []string{"x5t#S256 x5t-s256-mismatch"}},
		{"x5t in hex", rsa(fmt.Sprintf(`,"x5t":"%x"`, s1)), []string{"x5t x5t-length"}},
		{"x5t of SHA-256", rsa(`,"x5t":"` + b64(s2[:]) + `"`), []string{"x5t x5t-length"}},
		{"x5t#S256 of hex", rsa(`,"x5t#S256":"` + b64(fmt.Appendf(nil, "%x", s2)) + `"`), []string{"x5t#S256 x5t-s256-length"}},
		{"a certificate of another key", `{` + okpKey + `,"x5c":["` + std(der) + `"]}`, []string{"x5c/0 x5c-other-key"}},
		{"a certificate of another kind of key", rsa(`,"x5c":["` + std(der) + `"]`), []string{"x5c/0 x5c-mismatch"}},
		{"a byte after the certificate", chained(std(append(bytes.Clone(der), 0)), ""), []string{"x5c/0 x5c-trailing"}},
		{"the certificate in PEM", chained(std(text), ""), []string{"x5c/0 x5c-form"}},
		{"a certificate with characters between", chained(std(der)[:40]+"*"+std(der)[40:], ""), []string{"x5c/0 x5c-base64"}},
		{"no certificate", chained("AAAA", ""), []string{"x5c/0 x5c-unreadable"}},

		{"none in capitals", rsa(alg("NONE")), []string{"alg alg-none"}},
		{"None", rsa(alg("None")), []string{"alg alg-none"}},
		{"none and a space", rsa(alg("none ")), []string{"alg alg-none"}},
		{"none and a character that cannot be seen", rsa(alg("no\u200bne")), []string{"alg alg-none"}},
		{"hs256", rsa(alg("hs256")), []string{"alg alg-symmetric"}},
		{"DIR", p256(alg("DIR")), []string{"alg alg-symmetric"}},
		{"RS256 and a space", rsa(alg("RS256 ")), []string{"alg alg-spelling"}},
		{"rs256", rsa(alg("rs256")), []string{"alg alg-spelling"}},
		{"an empty alg", rsa(alg("")), []string{"alg alg-spelling"}},
		{"a blank alg", rsa(alg(" ")), []string{"alg alg-spelling"}},
		{"rsa", `{"kty":"rsa","n":"AQ","e":"AQ","alg":"none"}`, []string{"kty kty-spelling", "alg alg-none"}},
		{"RSA and a space", `{"kty":"RSA "}`, []string{"kty kty-spelling"}},
		{"ec", `{"kty":"ec"}`, []string{"kty kty-spelling"}},
		{"Oct", `{"kty":"Oct"}`, []string{"kty symmetric-key"}},
		{"an empty kty", `{"kty":""}`, []string{"kty kty-spelling"}},
		{"an unknown kty with none", `{"kty":"FOO","alg":"none"}`, []string{"alg alg-none"}},
		{"an unknown kty with HS256", `{"kty":"FOO","alg":"HS256"}`, []string{"alg alg-symmetric"}},
		{"an unknown kty with rs256", `{"kty":"FOO","alg":"rs256"}`, []string{"alg alg-spelling"}},
		{"an unknown kty with RS256", `{"kty":"FOO","alg":"RS256"}`, nil},
		{"an unknown kty", `{"kty":"LMS","alg":"HSS","key_ops":["x","x"],"x5t":5,"pub":"*"}`, nil},
		{"an unknown kty with a private member", `{"kty":"LMS","d":"AA"}`, []string{"d private-key"}},
		{"oct", `{"kty":"oct","k":"AA"}`, []string{"kty symmetric-key", "k private-key"}},

		{"AES-CTR", rsa(alg("A256CTR")), []string{"alg alg-symmetric"}},
		{"AES-CTR of 192", p256(alg("A192CTR")), []string{"alg alg-symmetric"}},
		{"AES-CTR in lower case", rsa(alg("a128ctr")), []string{"alg alg-symmetric"}},
		{"AES-CBC", rsa(alg("A128CBC")), []string{"alg alg-symmetric"}},
		{"AES-CBC of 192", okpText("X25519", 32, alg("A192CBC")), []string{"alg alg-symmetric"}},
		{"AES-CBC of 256", rsa(alg("A256CBC")), []string{"alg alg-symmetric"}},
		{"HS1", rsa(alg("HS1")), []string{"alg alg-symmetric"}},
		{"HS1 of an unknown kty", `{"kty":"FOO","alg":"HS1"}`, []string{"alg alg-symmetric"}},
		{"RS1 of RSA", rsa(alg("RS1")), nil},
		{"RS1 of EC", p256(alg("RS1")), []string{"alg alg-kty"}},
		{"wide HS256", rsa(alg("ＨＳ256")), []string{"alg alg-symmetric"}},
		{"wide hs 512", rsa(alg("ｈｓ５１２")), []string{"alg alg-symmetric"}},
		{"wide none", rsa(alg("ｎｏｎｅ")), []string{"alg alg-none"}},
		{"none in mathematics", rsa(alg("𝓷𝓸𝓷𝓮")), []string{"alg alg-none"}},
		{"dir in circles", p256(alg("ⓓⓘⓡ")), []string{"alg alg-symmetric"}},
		{"HS256 with a long s", rsa(alg("Hſ256")), []string{"alg alg-symmetric"}},
		{"wide RS256", rsa(alg("ＲＳ256")), []string{"alg alg-spelling"}},
		{"none with a variation selector", rsa(alg("none\ufe0f")), []string{"alg alg-none"}},
		{"none in Cyrillic", rsa(alg("nоnе")), []string{"alg alg-spelling"}},
		{"another alg with an umlaut", `{"kty":"FOO","alg":"größe"}`, []string{"alg alg-spelling"}},
		{"another alg with a control character", rsa(alg(`foo\u007f`)), []string{"alg alg-spelling"}},
		{"wide RSA", `{"kty":"ＲＳＡ"}`, []string{"kty kty-spelling"}},
		{"wide oct", `{"kty":"ｏｃｔ"}`, []string{"kty symmetric-key"}},
		{"RSA in Cyrillic", `{"kty":"RSА"}`, []string{"kty kty-spelling"}},

		{"D of EC", p256(`,"D":"AA"`), []string{"D private-key"}},
		{"D of RSA", rsa(`,"D":"AA"`), []string{"D private-key"}},
		{"primes in capitals", rsa(`,"P":"AA","Q":"AA","DP":"AA","Dq":"AA","qI":"AA","Oth":[]`),
			[]string{"P private-key", "Q private-key", "DP private-key", "Dq private-key", "qI private-key", "Oth private-key"}},
		{"Priv of AKP", `{"kty":"AKP","alg":"ML-DSA-44","pub":"` + b64(bytes.Repeat([]byte{7}, 1312)) + `","Priv":"AA"}`, []string{"Priv private-key"}},
		{"K of an unknown kty", `{"kty":"LMS","K":"AA"}`, []string{"K private-key"}},
		{"wide d", rsa(`,"ｄ":"AA"`), []string{"ｄ private-key"}},
		{"the Kelvin sign", rsa(`,"\u212a":"AA"`), []string{"\u212a private-key"}},
		{"d and a character that cannot be seen", rsa(`,"d\u200b":"AA"`), []string{"d\u200b private-key"}},
		{"d behind many that cannot be seen", rsa(`,"` + strings.Repeat("\u200b\ufe0f\u0301", 3000) + `D":"AA"`), []string{strings.Repeat("\u200b\ufe0f\u0301", 3000) + "D private-key"}},
		{"none behind many that cannot be seen", rsa(alg(strings.Repeat("\u200b\ufe0f\u0301", 3000) + "none")), []string{"alg alg-none"}},
		{"an alg of many ligatures", rsa(alg(strings.Repeat("\ufdfa", 3000))), []string{"alg alg-spelling"}},
		{"D of null", rsa(`,"D":null`), nil},
		{"D of a key within a key", rsa(`,"was":{"Kty":"EC","D":"AA"}`), []string{"was/D private-key"}},
		{"D of another object", rsa(`,"grades":{"D":"4","k":"5"}`), nil},
		{"names like private ones", rsa(`,"id":"a","key":"b","di":"c","N":"d","E":"e","X":"f","Crv":"g","Pub":"h","X5C":"i"`), nil},
	} {
		r := Check([]byte(`{"keys":[` + test.key + `]}`))
		var got []string
		for _, f := range slices.Concat(r.Faults, r.Weak) {
			got = append(got, strings.TrimPrefix(f.Pointer, "/keys/0/")+" "+f.Rule)
			if kept, known := rules[f.Rule]; !known || kept.weak != slices.Contains(r.Weak, f) {
				t.Errorf("%s: %s is not of the table", test.name, f.Rule)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestLongestNames: bare reads no more than these of a name.
func TestLongestNames(t *testing.T) {
	for name := range algorithms {
		if len(name) > longestValue {
			t.Errorf("%s is longer than %d", name, longestValue)
		}
	}
	for _, name := range append([]string{"kty"}, privateMembers...) {
		if len(name) > longestMember {
			t.Errorf("%s is longer than %d", name, longestMember)
		}
	}
}

// TestBareIsTheTextsBare: whatever a character is read as elsewhere, it is here, if that is ASCII.
func TestBareIsTheTextsBare(t *testing.T) {
	for c := range rune(0x1f200) { // up to letters in squares
		// Halves of surrogate pairs; two letters that fold to ss, which no table has; two that fold to iota.
		if c >= 0xd800 && c < 0xe000 || slices.Contains([]rune{'\u00df', '\u1e9e', '\u0345', '\u037a'}, c) {
			continue
		}
		name, want := "a"+string(c), ""
		if want = text.Bare(name); strings.ContainsFunc(want, func(r rune) bool { return r > '~' }) || len(want) > longestMember {
			want = name
		}
		if got := bare(name, longestMember); got != want {
			t.Errorf("%U: %q, want %q", c, got, want)
		}
	}
	if got := bare("a\xffb", longestMember); got != "a\xffb" {
		t.Errorf("%q", got)
	}
}

// TestRulesAreDocumented holds the table of rules against the page for users: each name once, as a
// rule that a policy can relax or not.
func TestRulesAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "keys.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		told[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[len(cells)-2])
	}
	for name, r := range rules {
		want := "always"
		if r.weak {
			want = "policy"
		}
		if told[name] != want {
			t.Errorf("%s is told as %q, want %q", name, told[name], want)
		}
		delete(told, name)
	}
	if len(told) > 0 {
		t.Errorf("rules that do not exist: %v", told)
	}
}
