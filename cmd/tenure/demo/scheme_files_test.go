package demo

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	ofdemo "tenure/handlers/openfinance/demo"
)

// TestDemoCertificatesAreRenewed: by what is left of them, and only what does
// not fit.
func TestDemoCertificatesAreRenewed(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { return now }
	open := func() (*ofdemo.Authority, *ofdemo.Pair) {
		t.Helper()
		a, c, err := openCertificates(dir, ofdemo.Subject{SoftwareID: softwareID, OrgID: orgID, CNPJ: cnpj, Organization: "x", CommonName: "x.example"}, clock)
		must(t, err)
		if !a.Fits(c, 0) {
			t.Fatal("the client certificate is not the authority's")
		}
		return a, c
	}
	a, c := open()
	check := func(what string, sameAuthority, sameClient bool) {
		t.Helper()
		b, d := open()
		if b.Certificate.Equal(a.Certificate) != sameAuthority || d.Certificate.Equal(c.Certificate) != sameClient {
			t.Errorf("%s: same authority %v, same client %v", what, !sameAuthority, !sameClient)
		}
		a, c = b, d
	}
	check("again", true, true)
	now = now.AddDate(0, 11, 15)
	check("a client certificate that ends soon", true, false)
	must(t, os.WriteFile(filepath.Join(dir, clientKeyFile), []byte("no key"), 0o600))
	check("a broken key", true, false)
	now = now.AddDate(8, 0, 0)
	check("an authority that ends before long", false, false)
	must(t, os.Remove(filepath.Join(dir, caKeyFile)))
	check("an authority without its key", false, false)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
