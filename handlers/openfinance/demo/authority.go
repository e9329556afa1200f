package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Authority issues certificates. All authorities have the same name.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
	now         func() time.Time
}

// NewAuthority makes an authority whose certificates begin an hour before now.
func NewAuthority(now func() time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"BR"}, CommonName: "Demonstration Authority"},
		NotBefore: now().AddDate(-10, 0, 0), NotAfter: now().AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	cert, err := issue(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Authority{cert, key, now}, nil
}

func issue(template, parent *x509.Certificate, public any, signer crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Pool trusts this authority and no other.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// PEM is the authority's own certificate.
func (a *Authority) PEM() []byte { return certificatePEM(a.Certificate) }

// Pair is a certificate with its key.
type Pair struct {
	Certificate *x509.Certificate
	Key         *rsa.PrivateKey
}

// Client issues a client certificate for a subject.
func (a *Authority) Client(s Subject) (*Pair, error) {
	raw, err := s.encode()
	if err != nil {
		return nil, err
	}
	from, until := s.From, s.Until
	if from.IsZero() {
		from = a.now().Add(-time.Hour)
	}
	if until.IsZero() {
		until = from.AddDate(1, 0, 0)
	}
	return a.pair(&x509.Certificate{RawSubject: raw, NotBefore: from, NotAfter: until, DNSNames: []string{s.CommonName},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// Server issues a certificate for a server at 127.0.0.1, ::1 and localhost.
func (a *Authority) Server() (*Pair, error) {
	return a.pair(&x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   a.now().Add(-time.Hour), NotAfter: a.now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// pair makes a key, and a serial number where the template has none.
func (a *Authority) pair(template *x509.Certificate) (*Pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber == nil {
		if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100)); err != nil {
			return nil, err
		}
	}
	cert, err := issue(template, a.Certificate, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return &Pair{cert, key}, nil
}

// TLS is the pair as crypto/tls takes it.
func (p *Pair) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.Certificate.Raw}, PrivateKey: p.Key, Leaf: p.Certificate}
}

// CertPEM is the certificate.
func (p *Pair) CertPEM() []byte { return certificatePEM(p.Certificate) }

// KeyPEM is the private key in PKCS #1.
func (p *Pair) KeyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(p.Key)})
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
