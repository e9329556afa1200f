package node

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestSchemeLeavesItsCallersTLS: what asks for client certificates is a copy.
func TestSchemeLeavesItsCallersTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	must(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))

	own := &tls.Config{MinVersion: tls.VersionTLS12}
	s, served, err := OpenFinance{ClientCA: file}.Scheme(context.Background(), own, zerolog.Nop())
	must(t, err)
	if own.ClientAuth != tls.NoClientCert {
		t.Error("the caller's own configuration asks for client certificates")
	}
	if s.Trust == nil || served.ClientAuth != tls.RequestClientCert || served.MinVersion != own.MinVersion {
		t.Errorf("trust %v, and TLS with %v", s.Trust, served)
	}
	if _, served, err = (OpenFinance{}).Scheme(context.Background(), own, zerolog.Nop()); err != nil || served != own {
		t.Errorf("without --client-ca: %v, %v", served, err)
	}
}
