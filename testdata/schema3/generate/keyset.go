package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"
)

// keySet is an RFC 7517 set with one key on P-256 and its chain of two
// certificates.
func keySet(name string) string {
	top, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Fixture Root", Country: []string{"CH"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(70, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name + ".example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(70, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		DNSNames: []string{name + ".example"}}
	rootDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &top.PublicKey, top)
	check(err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, top)
	check(err)
	point, err := key.PublicKey.Bytes() // 4, x, y
	check(err)
	b64, url := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	raw, err := json.Marshal(map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
		"kid": name + "-1", "x": url(point[1:33]), "y": url(point[33:]), "x5c": []string{b64(leafDER), b64(rootDER)}}}})
	check(err)
	return string(raw)
}
