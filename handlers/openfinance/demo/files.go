package demo

import (
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"
)

// KeyPEM is the authority's private key in PKCS #8.
func (a *Authority) KeyPEM() ([]byte, error) { return keyPEM(a.key) }

// OpenAuthority reads an authority from its certificate and key.
func OpenAuthority(cert, key []byte, now func() time.Time) (*Authority, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !pair.Leaf.IsCA {
		return nil, errors.New("the certificate is not an authority's")
	}
	return &Authority{pair.Leaf, signer, now}, nil
}

// OpenPair reads a certificate with its RSA key.
func OpenPair(cert, key []byte) (*Pair, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	private, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key is not an RSA key")
	}
	return &Pair{pair.Leaf, private}, nil
}

// Fits reports whether this authority issued a certificate that will still be
// valid after the duration yet.
func (a *Authority) Fits(p *Pair, yet time.Duration) bool {
	_, err := p.Certificate.Verify(x509.VerifyOptions{Roots: a.Pool(), CurrentTime: a.now().Add(yet), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

func keyPEM(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
