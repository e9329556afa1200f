package nevismeta_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// publicKey is the public half of RFC 7517 appendix A.1's EC key, privateKey
// appendix A.2's whole one.
const (
	publicKey = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",` +
		`"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}`
	privateKey = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",` +
		`"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}`
	symmetricKey = `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}`
)

func keySet(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// chainKey is a public key with a chain of n certificates, the key's first,
// that together use every part of a certificate which the view shows.
func chainKey(t testing.TB, n int) string {
	t.Helper()
	ders := make([]string, n)
	var parent *x509.Certificate
	var signer, leaf *ecdsa.PrivateKey
	for i := n - 1; i >= 0; i-- {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		template := &x509.Certificate{
			SerialNumber: new(big.Int).Lsh(big.NewInt(int64(i)+3), 150), // wider than a double holds exactly
			Subject:      pkix.Name{Country: []string{"CH"}, Organization: []string{"Läden AG"}, CommonName: fmt.Sprintf("certificate %d", i)},
			NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
			KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: i > 0, SubjectKeyId: make([]byte, 20),
		}
		template.SerialNumber.Add(template.SerialNumber, big.NewInt(12345))
		if i == 0 {
			template.DNSNames, template.IPAddresses = []string{"client.example"}, []net.IP{net.IPv4(192, 0, 2, 1)}
			template.URIs = []*url.URL{{Scheme: "urn", Opaque: "client"}}
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		must(t, err)
		ders[i] = `"` + base64.StdEncoding.EncodeToString(der) + `"`
		parent, signer, leaf = template, key, key
	}
	point, err := leaf.PublicKey.Bytes()
	must(t, err)
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":"%s","y":"%s","use":"sig","alg":"ES256","kid":"leaf","x5c":[%s]}`,
		base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:]), strings.Join(ders, ","))
}
