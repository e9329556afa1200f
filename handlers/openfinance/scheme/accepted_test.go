package scheme_test

import (
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
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
