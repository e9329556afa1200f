// Package demotest makes, from the demonstration authority, what a verifier must
// refuse. Only tests import it. It may import handlers/openfinance/demo.
package demotest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"time"

	"tenure/handlers/openfinance/demo"
)

// Impostor is another authority with the name and the key identifier of a.
func Impostor(a *demo.Authority, now func() time.Time) (*demo.Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c := a.Certificate
	template := &x509.Certificate{SerialNumber: c.SerialNumber, RawSubject: c.RawSubject, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: c.KeyUsage, SubjectKeyId: c.SubjectKeyId}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return demo.OpenAuthority(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), now)
}

// Imitate issues a certificate of a that equals another one except for its key: in
// subject, issuer's name, serial number, validity and extensions.
func Imitate(a *demo.Authority, p *demo.Pair) (*demo.Pair, error) {
	signer, err := signerOf(a)
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	c := p.Certificate
	template := &x509.Certificate{RawSubject: c.RawSubject, SerialNumber: c.SerialNumber, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		DNSNames: c.DNSNames, KeyUsage: c.KeyUsage, ExtKeyUsage: c.ExtKeyUsage}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &demo.Pair{Certificate: cert, Key: key}, err
}

// Revoke makes a revocation list of a with a number, in DER, that revokes
// certificates and is valid for a day from now.
func Revoke(a *demo.Authority, now time.Time, number int64, revoked ...*x509.Certificate) ([]byte, error) {
	signer, err := signerOf(a)
	if err != nil {
		return nil, err
	}
	list := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: now, NextUpdate: now.AddDate(0, 0, 1)}
	for _, c := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: now})
	}
	return x509.CreateRevocationList(rand.Reader, list, a.Certificate, signer)
}

func signerOf(a *demo.Authority) (crypto.Signer, error) {
	key, err := a.KeyPEM()
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(a.PEM(), key)
	if err != nil {
		return nil, err
	}
	return pair.PrivateKey.(crypto.Signer), nil
}
