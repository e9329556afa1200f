package jwk

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// chainSet is a set of one RSA key with a chain of three certificates of common size and content.
func chainSet(b *testing.B) []byte {
	b.Helper()
	var parent *x509.Certificate
	var signer *rsa.PrivateKey
	chain := ""
	var leaf *rsa.PrivateKey
	for i, name := range []string{"Example Root", "Example Issuing CA 1", "client.example"} {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			b.Fatal(err)
		}
		authority := i < 2
		template := &x509.Certificate{
			SerialNumber:          big.NewInt(1 << 60),
			Subject:               pkix.Name{Country: []string{"CH"}, Organization: []string{"Example AG"}, CommonName: name},
			NotBefore:             time.Unix(1700000000, 0),
			NotAfter:              time.Unix(1800000000, 0),
			KeyUsage:              x509.KeyUsageDigitalSignature,
			BasicConstraintsValid: true,
			IsCA:                  authority,
			SubjectKeyId:          make([]byte, 20),
			CRLDistributionPoints: []string{"http://crl.example/ca.crl"},
			OCSPServer:            []string{"http://ocsp.example/"},
		}
		if !authority {
			template.DNSNames = []string{"client.example", "www.client.example"}
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		}
		if parent == nil {
			parent, signer = template, private
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &private.PublicKey, signer)
		if err != nil {
			b.Fatal(err)
		}
		if chain != "" {
			chain = `","` + chain
		}
		chain = base64.StdEncoding.EncodeToString(der) + chain
		parent, signer, leaf = template, private, private
	}
	return fmt.Appendf(nil, `{"keys":[{"kty":"RSA","kid":"1","use":"sig","alg":"RS256","n":"%s","e":"AQAB","x5c":["%s"]}]}`,
		base64.RawURLEncoding.EncodeToString(leaf.N.Bytes()), chain)
}

func BenchmarkView3Chain(b *testing.B) {
	set := chainSet(b)
	view := AppendView(nil, set)
	b.SetBytes(int64(len(view)))
	b.ReportAllocs()
	for b.Loop() {
		view = AppendView(view[:0], set)
	}
}

func BenchmarkCheck3Chain(b *testing.B) {
	set := chainSet(b)
	b.SetBytes(int64(len(set)))
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := strict(set); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}
