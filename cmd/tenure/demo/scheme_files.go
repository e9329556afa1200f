package demo

import (
	"os"
	"path/filepath"
	"time"

	ofdemo "tenure/handlers/openfinance/demo"
)

// Files of the certificates, in PEM; only their owner can read them.
const (
	caFile        = "ca.pem"
	caKeyFile     = "ca.key"
	clientFile    = "client.pem"
	clientKeyFile = "client.key"
)

// Certificates of an earlier start are renewed if less than this is left of
// them. An authority must outlive the certificates that it issues.
const (
	clientLeft    = 30 * 24 * time.Hour
	authorityLeft = 2 * 365 * 24 * time.Hour
)

// openCertificates reads the authority and the client certificate that an
// earlier start left in dir. It makes new ones for those that are missing, cannot
// be read, or end soon.
func openCertificates(dir string, subject ofdemo.Subject, now func() time.Time) (*ofdemo.Authority, *ofdemo.Pair, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	authority, err := ofdemo.OpenAuthority(readOrNothing(dir, caFile), readOrNothing(dir, caKeyFile), now)
	if err != nil || authority.Certificate.NotAfter.Before(now().Add(authorityLeft)) {
		if authority, err = newAuthority(dir, now); err != nil {
			return nil, nil, err
		}
	}
	client, err := ofdemo.OpenPair(readOrNothing(dir, clientFile), readOrNothing(dir, clientKeyFile))
	if err == nil && authority.Fits(client, clientLeft) {
		return authority, client, nil
	}
	if client, err = authority.Client(subject); err == nil {
		err = writePair(dir, clientFile, client.CertPEM(), clientKeyFile, client.KeyPEM())
	}
	return authority, client, err
}

func newAuthority(dir string, now func() time.Time) (*ofdemo.Authority, error) {
	authority, err := ofdemo.NewAuthority(now)
	if err != nil {
		return nil, err
	}
	key, err := authority.KeyPEM()
	if err == nil {
		err = writePair(dir, caFile, authority.PEM(), caKeyFile, key)
	}
	return authority, err
}

// readOrNothing is a file's content; empty if it cannot be read.
func readOrNothing(dir, name string) []byte {
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
