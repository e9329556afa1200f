package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"time"
)

// Issuer is a certificate authority with an intermediate, for examples only.
type Issuer struct {
	root, middle []byte // DER
	parent       *x509.Certificate
	key          *ecdsa.PrivateKey
}

// NewIssuer makes the authority's keys and certificates.
func NewIssuer() (*Issuer, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	i := &Issuer{}
	if i.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	top := authority("Acme Example Root", 1, 1)
	if i.root, err = x509.CreateCertificate(rand.Reader, top, top, &rootKey.PublicKey, rootKey); err != nil {
		return nil, err
	}
	i.parent = authority("Acme Example Intermediate", 2, 0)
	i.middle, err = x509.CreateCertificate(rand.Reader, i.parent, top, &i.key.PublicKey, rootKey)
	return i, err
}

func authority(name string, serial int64, pathLen int) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"Acme"}, Country: []string{"CH"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true,
		MaxPathLen: pathLen, MaxPathLenZero: pathLen == 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
}

// KeySet is an RFC 7517 key set with one key and its chain of three certificates,
// of which the first is for name.example.
func (i *Issuer) KeySet(name string, key *rsa.PrivateKey) ([]byte, error) {
	page, err := url.Parse("https://" + name + ".example/")
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name + ".example", Organization: []string{"Acme"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: []string{name + ".example"}, URIs: []*url.URL{page}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, i.parent, &key.PublicKey, i.key)
	if err != nil {
		return nil, err
	}
	b64 := base64.StdEncoding.EncodeToString
	return json.Marshal(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name + "-1",
		"n":   base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e":   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		"x5c": []string{b64(der), b64(i.middle), b64(i.root)},
	}}})
}
