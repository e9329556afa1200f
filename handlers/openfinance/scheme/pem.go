package scheme

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Certificates reads the certificates in a PEM text. There must be at least one,
// and no block of another type.
func Certificates(text []byte) ([]*x509.Certificate, error) {
	ders, _, err := pemBlocks(text, "CERTIFICATE")
	if err == nil && len(ders) == 0 {
		err = errors.New("it contains no certificate in PEM")
	}
	if err != nil {
		return nil, err
	}
	return parseCertificates(ders)
}

func parseCertificates(ders [][]byte) ([]*x509.Certificate, error) {
	certs := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		var err error
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return certs, nil
}

// pemBlocks are the blocks of a PEM text, which must all have one type, and what
// follows the last of them.
func pemBlocks(text []byte, kind string) (ders [][]byte, rest []byte, err error) {
	for {
		block, after := pem.Decode(text)
		if block == nil {
			return ders, text, nil
		}
		if block.Type != kind {
			return nil, nil, fmt.Errorf("it contains a %q, where only %q is allowed", block.Type, kind)
		}
		ders, text = append(ders, block.Bytes), after
	}
}
