package main

import (
	"os"
	"path/filepath"
	"time"

	"tenure/handlers/openfinance/demo"
)

// Files of the demonstration's certificates, in PEM; only the owner reads them.
const (
	demoCA        = "ca.pem"
	demoCAKey     = "ca.key"
	demoClient    = "client.pem"
	demoClientKey = "client.key"
)

// Certificates of an earlier start are renewed when they end within these: an
// authority outlives what it issues.
const (
	clientYet    = 30 * 24 * time.Hour
	authorityYet = 2 * 365 * 24 * time.Hour
)

// demoCertificates takes authority and client certificate over from an earlier
// start in dir; what is not there, does not open or ends soon is made anew.
func demoCertificates(dir string, subject demo.Subject, now func() time.Time) (*demo.Authority, *demo.Pair, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	authority, err := demo.OpenAuthority(readOr(dir, demoCA), readOr(dir, demoCAKey), now)
	if err != nil || authority.Certificate.NotAfter.Before(now().Add(authorityYet)) {
		if authority, err = newDemoAuthority(dir, now); err != nil {
			return nil, nil, err
		}
	}
	client, err := demo.OpenPair(readOr(dir, demoClient), readOr(dir, demoClientKey))
	if err == nil && authority.Fits(client, clientYet) {
		return authority, client, nil
	}
	if client, err = authority.Client(subject); err == nil {
		err = writePair(dir, demoClient, client.CertPEM(), demoClientKey, client.KeyPEM())
	}
	return authority, client, err
}

func newDemoAuthority(dir string, now func() time.Time) (*demo.Authority, error) {
	authority, err := demo.NewAuthority(now)
	if err != nil {
		return nil, err
	}
	key, err := authority.KeyPEM()
	if err == nil {
		err = writePair(dir, demoCA, authority.PEM(), demoCAKey, key)
	}
	return authority, err
}

// readOr is a file's content, or nothing, which opens as no certificate.
func readOr(dir, name string) []byte {
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil
	}
	return raw
}

func writePair(dir, certName string, cert []byte, keyName string, key []byte) error {
	if err := os.WriteFile(filepath.Join(dir, keyName), key, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, certName), cert, 0o600)
}
