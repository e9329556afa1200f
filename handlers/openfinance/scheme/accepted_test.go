package scheme_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

// TestAcceptedAnswersAsTrust: at whichever instant, and whatever is revoked or not known
// to be, what an Accepted answers about certificates that it has seen is what a Trust
// answers that sees them for the first time.
func TestAcceptedAnswersAsTrust(t *testing.T) {
	late := issued(func(s *demo.Subject) { s.From = noon.Add(time.Hour) })
	forged := must(demotest.Imitate(must(demotest.Impostor(authority(), clock)), good()))
	presented := map[string][]*x509.Certificate{"none": nil, "good": chain(good()), "late": chain(late), "forged": chain(forged),
		"good with its authority": append(chain(good()), authority().Certificate), "good with a forged one": append(chain(good()), forged.Certificate),
		"forged beside good": append(chain(forged), good().Certificate), "for servers": chain(must(authority().Server()))}
	var revoked, unknown *x509.Certificate
	own := trust()
	own.Revoked = func(c *x509.Certificate) bool { return revoked != nil && c.Equal(revoked) }
	own.Expired = func(c *x509.Certificate) bool { return unknown != nil && c.Equal(unknown) }
	var accepted scheme.Accepted
	answers := map[string]int{}
	for _, at := range []time.Time{noon, noon, noon.Add(2 * time.Hour), good().Certificate.NotAfter, good().Certificate.NotAfter.Add(time.Second), good().Certificate.NotBefore.Add(-time.Second),
		authority().Certificate.NotAfter.Add(time.Second), noon} {
		for _, state := range []struct{ revoked, unknown *x509.Certificate }{{}, {revoked: good().Certificate}, {unknown: good().Certificate},
			{revoked: authority().Certificate}, {revoked: late.Certificate, unknown: authority().Certificate}, {}} {
			revoked, unknown = state.revoked, state.unknown
			for about, certs := range presented {
				got, gotErr := accepted.Verify(&own, certs, at)
				want, wantErr := own.Verify(certs, at)
				if fmt.Sprint(got, gotErr) != fmt.Sprint(want, wantErr) {
					t.Errorf("%s at %s: remembered %+v, %v; seen first %+v, %v", about, at, got, gotErr, want, wantErr)
				}
				answers[fmt.Sprint(wantErr == nil)]++
			}
		}
	}
	if answers["true"] < 20 || answers["false"] < 20 {
		t.Error(answers)
	}
}

// TestAcceptedTellsPresentedCertificatesApart: a leaf that was accepted with the
// certificate of its issuer is not accepted without it, and its holder is nobody else's.
func TestAcceptedTellsPresentedCertificatesApart(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := func(serial int64, name pkix.Name, authority bool, parent *x509.Certificate) *x509.Certificate {
		template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: name, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
			BasicConstraintsValid: true, IsCA: authority}
		if !authority {
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		if parent == nil {
			parent = template
		}
		return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, parent, public, private))))
	}
	holder := func(software string) pkix.Name {
		return pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: software},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "OFBBR-o"}}}
	}
	root := made(1, pkix.Name{CommonName: "root"}, true, nil)
	issuer := made(2, pkix.Name{CommonName: "issuer"}, true, root)
	one, two := made(3, holder("one"), false, issuer), made(3, holder("two"), false, issuer)
	own := scheme.Trust{Roots: x509.NewCertPool()}
	own.Roots.AddCert(root)
	var accepted scheme.Accepted
	for range 2 {
		for software, leaf := range map[string]*x509.Certificate{"one": one, "two": two} {
			if h, err := accepted.Verify(&own, []*x509.Certificate{leaf, issuer}, noon); err != nil || h.SoftwareID != software {
				t.Errorf("%s: %+v, %v", software, h, err)
			}
			_, err := accepted.Verify(&own, []*x509.Certificate{leaf}, noon)
			refusedWith(t, "without its issuer", err, fault.Unauthenticated, scheme.CodeCertificate)
		}
	}
}
