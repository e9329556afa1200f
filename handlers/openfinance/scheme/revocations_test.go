package scheme_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
	"tenure/jwk/jwktest"
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

// TestExpiredLists: past its nextUpdate a list revokes what it lists, and nobody else of
// its authority is accepted, until a newer list is there.
func TestExpiredLists(t *testing.T) {
	jwktest.Limit(t, "Callers without an API key", "age of a revocation list of client certificates")
	now, reported := noon, []error(nil)
	path, cert := filepath.Join(t.TempDir(), "list.crl"), good().Certificate
	old, next := must(demotest.Revoke(authority(), noon, 1)), must(demotest.Revoke(authority(), noon.AddDate(0, 0, 1), 2))
	block := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}) }
	write(t, path, old, now)
	r, err := scheme.OpenRevocations(path, []*x509.Certificate{authority().Certificate}, func() time.Time { return now },
		func(err error) { reported = append(reported, err) })
	if err != nil {
		t.Fatal(err)
	}
	trust := scheme.Trust{Roots: authority().Pool(), Revoked: r.Revoked, Expired: r.Expired}
	lax := scheme.Trust{Roots: authority().Pool(), Revoked: r.Revoked}
	verify := func(when string, says, laxSays string, times int) {
		t.Helper()
		for of, want := range map[*scheme.Trust]string{&trust: says, &lax: laxSays} {
			_, err := of.Verify([]*x509.Certificate{cert}, noon)
			if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", when, err, want)
			}
		}
		if len(reported) != times {
			t.Errorf("%s: reported %v", when, reported)
		}
	}
	const expired, revoked = "the revocation list of its authority has expired", "is revoked"
	now = noon.AddDate(0, 0, 1).Add(-time.Second)
	verify("a second before nextUpdate", "", "", 0)
	now = noon.AddDate(0, 0, 1)
	verify("at nextUpdate", expired, "", 0)
	now = now.Add(time.Minute)
	verify("later", expired, "", 1)
	now = now.Add(time.Hour)
	verify("later still", expired, "", 1)
	if !errors.Is(reported[0], scheme.ErrExpired) {
		t.Error(reported)
	}
	write(t, path, append(block(old), block(next)...), now)
	now = now.Add(time.Minute)
	verify("the old list beside a new one", "", "", 1)
	write(t, path, append(block(next), block(old)...), now.Add(time.Second))
	now = now.Add(time.Minute)
	verify("in the other order", "", "", 1)
	write(t, path, must(demotest.Revoke(authority(), noon, 3, cert)), now.Add(2*time.Second))
	now = now.Add(time.Minute)
	verify("an expired list that revokes", revoked, revoked, 2)
	if _, err := scheme.OpenRevocations(path, []*x509.Certificate{authority().Certificate}, func() time.Time { return now },
		func(err error) { reported = append(reported, err) }); err != nil || len(reported) != 3 {
		t.Error("opened when expired:", err, reported)
	}
}
