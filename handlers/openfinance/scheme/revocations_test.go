package scheme_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
)

// write puts a file in place with a time of its own.
func write(t *testing.T, path string, raw []byte, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestRevocationsAreReadAgain(t *testing.T) {
	now, reported := noon, 0
	path, cert := filepath.Join(t.TempDir(), "list.crl"), good().Certificate
	write(t, path, must(demotest.Revoke(authority(), noon, 1)), now)
	r, err := scheme.OpenRevocations(path, []*x509.Certificate{authority().Certificate}, func() time.Time { return now },
		func(error) { reported++ })
	if err != nil || r.Revoked(cert) {
		t.Fatalf("an empty list withdraws: %v", err)
	}
	list := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: must(demotest.Revoke(authority(), noon, 2, cert))})
	write(t, path, list, now.Add(time.Second))
	if now = now.Add(time.Minute - time.Second); r.Revoked(cert) {
		t.Error("the file was looked at twice in a minute")
	}
	if now = now.Add(time.Second); !r.Revoked(cert) {
		t.Error("the new list was not read")
	}
	trust := scheme.Trust{Roots: authority().Pool(), Revoked: r.Revoked}
	if _, err := trust.Verify([]*x509.Certificate{cert}, noon); err == nil {
		t.Error("a revoked certificate holds")
	}
	other := must(demotest.Revoke(must(demotest.Impostor(authority(), clock)), noon, 3))
	for _, bad := range [][]byte{[]byte("nothing"), other, authority().PEM(), nil} {
		before := reported
		write(t, path, bad, now)
		if now = now.Add(time.Minute); !r.Revoked(cert) || reported != before+1 {
			t.Errorf("%.20q: the last good list did not stay, or nobody was told", bad)
		}
		if _, err := scheme.OpenRevocations(path, []*x509.Certificate{authority().Certificate}, clock, nil); err == nil {
			t.Errorf("%.20q was taken at start", bad)
		}
	}
	write(t, path, must(demotest.Revoke(authority(), noon, 4)), now.Add(time.Second))
	if now = now.Add(time.Minute); r.Revoked(cert) {
		t.Error("the good list after the bad ones was not read")
	}
}
