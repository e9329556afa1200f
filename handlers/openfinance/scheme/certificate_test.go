package scheme_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

func chain(p *demo.Pair) []*x509.Certificate { return []*x509.Certificate{p.Certificate} }

func issued(change func(*demo.Subject)) *demo.Pair {
	s := subject()
	change(&s)
	return must(authority().Client(s))
}

func trust() scheme.Trust { return scheme.Trust{Roots: authority().Pool()} }

func TestB1CertificateOfTheScheme(t *testing.T) {
	for tag, about := range map[int]string{asn1.TagUTF8String: "UTF8String", asn1.TagPrintableString: "PrintableString"} {
		p := issued(func(s *demo.Subject) { s.Tag = tag })
		h, err := trust().Verify(chain(p), noon)
		if err != nil || h.SoftwareID != softwareID || h.OrgID != orgID || !h.Holds(softwareID, orgID) {
			t.Errorf("%s: %+v, %v", about, h, err)
		}
	}
}

// TestA11OtherCertificatesAreRefused: none, forged with equal names, expired,
// of another authority, revoked, for servers.
func TestA11OtherCertificatesAreRefused(t *testing.T) {
	alien := must(demotest.Impostor(authority(), clock))
	forged := must(demotest.Imitate(alien, good()))
	if forged.Certificate.Subject.String() != good().Certificate.Subject.String() || forged.Certificate.Issuer.String() != good().Certificate.Issuer.String() ||
		forged.Certificate.SerialNumber.Cmp(good().Certificate.SerialNumber) != 0 || !forged.Certificate.NotAfter.Equal(good().Certificate.NotAfter) ||
		string(forged.Certificate.AuthorityKeyId) != string(good().Certificate.AuthorityKeyId) || forged.Key.Equal(good().Key) {
		t.Fatal("the forged certificate differs in more than the key")
	}
	for about, c := range map[string]struct {
		certs []*x509.Certificate
		at    time.Time
	}{
		"none": {nil, noon}, "forged": {chain(forged), noon},
		"forged with its authority": {append(chain(forged), alien.Certificate), noon},
		"forged beside a good one":  {append(chain(forged), good().Certificate), noon},
		"for servers":               {chain(must(authority().Server())), noon},
		"expired":                   {chain(good()), good().Certificate.NotAfter.Add(time.Second)},
		"not yet":                   {chain(good()), good().Certificate.NotBefore.Add(-time.Second)},
		"expired long ago":          {chain(issued(func(s *demo.Subject) { s.From = noon.AddDate(-2, 0, 0) })), noon},
		"the authority itself":      {[]*x509.Certificate{authority().Certificate}, noon},
	} {
		h, err := trust().Verify(c.certs, c.at)
		refusedWith(t, about, err, fault.Unauthenticated, scheme.CodeCertificate)
		if h.SoftwareID != "" {
			t.Errorf("%s: the names count", about)
		}
		refusedWith(t, about+" at registration", scheme.Unapproved(err), fault.Invalid, scheme.CodeUnapproved)
	}
	if _, err := trust().Verify(chain(good()), good().Certificate.NotAfter); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	revoking := trust()
	revoking.Revoked = func(c *x509.Certificate) bool { return c.SerialNumber.Cmp(good().Certificate.SerialNumber) == 0 }
	_, err := revoking.Verify(chain(good()), noon)
	refusedWith(t, "revoked", err, fault.Unauthenticated, scheme.CodeCertificate)
	if _, err := revoking.Verify(chain(issued(func(*demo.Subject) {})), noon); err != nil {
		t.Errorf("another than the revoked one: %v", err)
	}
}

// TestTrustNeedsRootsAndClock: nil roots would mean the system's.
func TestTrustNeedsRootsAndClock(t *testing.T) {
	for about, err := range map[string]error{
		"no roots": second(scheme.Trust{}.Verify(chain(good()), noon)), "no clock": second(trust().Verify(chain(good()), time.Time{})),
	} {
		if err == nil || !fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestUnapprovedLeavesOtherErrors(t *testing.T) {
	err := error(fault.New(fault.Timeout, "", "late"))
	if scheme.Unapproved(err) != err || scheme.Unapproved(nil) != nil {
		t.Error("another error changes")
	}
}

func TestB14OldCertificatesNameTheOrganisationInTheOU(t *testing.T) {
	limit := time.Date(2022, 8, 31, 0, 0, 0, 0, time.UTC)
	old := issued(func(s *demo.Subject) {
		s.OldForm, s.From, s.Until = true, limit.Add(-time.Second), noon.AddDate(1, 0, 0)
	})
	if h, err := trust().Verify(chain(old), noon); err != nil || h.OrgID != orgID || h.SoftwareID != softwareID {
		t.Errorf("%+v, %v", h, err)
	}
	late := issued(func(s *demo.Subject) { s.OldForm, s.From, s.Until = true, limit, noon.AddDate(1, 0, 0) })
	_, err := trust().Verify(chain(late), noon)
	refusedWith(t, "an OU after the limit", err, fault.Unauthenticated, scheme.CodeCertificate)
}

// certified is a certificate with a subject made of pairs.
func certified(t *testing.T, authorityKey *ecdsa.PrivateKey, root *x509.Certificate, from time.Time, names ...pkix.AttributeTypeAndValue) []*x509.Certificate {
	t.Helper()
	der := must(x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{ExtraNames: names},
		NotBefore: from, NotAfter: noon.AddDate(1, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		root, authorityKey.Public(), authorityKey))
	return []*x509.Certificate{must(x509.ParseCertificate(der))}
}

// TestB13B14AmbiguousNamesAreRefused: two of a kind, none, another prefix.
func TestB13B14AmbiguousNamesAreRefused(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: noon.AddDate(-9, 0, 0),
		NotAfter: noon.AddDate(9, 0, 0), IsCA: true, BasicConstraintsValid: true}
	root := must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))
	own := scheme.Trust{Roots: x509.NewCertPool()}
	own.Roots.AddCert(root)
	uid, org, unit := asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, asn1.ObjectIdentifier{2, 5, 4, 97}, asn1.ObjectIdentifier{2, 5, 4, 11}
	type names = []pkix.AttributeTypeAndValue
	old := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	for about, c := range map[string]struct {
		from  time.Time
		names names
		ok    bool
	}{
		"one of each":            {noon, names{{Type: uid, Value: "s"}, {Type: org, Value: "OFBBR-o"}}, true},
		"organization over OU":   {old, names{{Type: uid, Value: "s"}, {Type: org, Value: "OFBBR-o"}, {Type: unit, Value: "x"}}, true},
		"old":                    {old, names{{Type: uid, Value: "s"}, {Type: unit, Value: "o"}}, true},
		"no UID":                 {noon, names{{Type: org, Value: "OFBBR-o"}}, false},
		"empty UID":              {noon, names{{Type: uid, Value: ""}, {Type: org, Value: "OFBBR-o"}}, false},
		"two UIDs":               {noon, names{{Type: uid, Value: "s"}, {Type: uid, Value: "t"}, {Type: org, Value: "OFBBR-o"}}, false},
		"two organizations":      {noon, names{{Type: uid, Value: "s"}, {Type: org, Value: "OFBBR-o"}, {Type: org, Value: "OFBBR-p"}}, false},
		"two organizations, old": {old, names{{Type: uid, Value: "s"}, {Type: org, Value: "OFBBR-o"}, {Type: org, Value: "OFBBR-p"}, {Type: unit, Value: "o"}}, false},
		"no prefix":              {noon, names{{Type: uid, Value: "s"}, {Type: org, Value: "o"}}, false},
		"prefix alone":           {noon, names{{Type: uid, Value: "s"}, {Type: org, Value: "OFBBR-"}}, false},
		"prefix in lower case":   {noon, names{{Type: uid, Value: "s"}, {Type: org, Value: "ofbbr-o"}}, false},
		"two OUs":                {old, names{{Type: uid, Value: "s"}, {Type: unit, Value: "o"}, {Type: unit, Value: "p"}}, false},
		"no organization":        {old, names{{Type: uid, Value: "s"}}, false},
	} {
		h, err := own.Verify(certified(t, key, root, c.from, c.names...), noon.Add(time.Hour))
		if c.ok && (err != nil || h.SoftwareID != "s" || h.OrgID != "o") {
			t.Errorf("%s: %+v, %v", about, h, err)
		} else if !c.ok {
			refusedWith(t, about, err, fault.Unauthenticated, scheme.CodeCertificate)
		}
	}
}

func TestB13B21CertificateAndStatementAreOfOne(t *testing.T) {
	s := statement(t)
	if err := scheme.CheckHolder(s, scheme.Holder{SoftwareID: softwareID, OrgID: orgID}); err != nil {
		t.Error(err)
	}
	for about, h := range map[string]scheme.Holder{
		"another software": {SoftwareID: orgID, OrgID: orgID}, "another organisation": {SoftwareID: softwareID, OrgID: softwareID},
		"no software": {OrgID: orgID}, "no organisation": {SoftwareID: softwareID}, "nobody": {},
	} {
		refusedWith(t, about, scheme.CheckHolder(s, h), fault.Invalid, scheme.CodeUnapproved)
		if h.Holds(softwareID, orgID) {
			t.Errorf("%s holds", about)
		}
	}
	if (scheme.Holder{}).Holds("", "") {
		t.Error("a client without software is held by nobody's certificate")
	}
}

// TestB1ForgedCertificateFailsTheHandshake: a listener that verifies lets the
// right certificate in and nobody else.
func TestB1ForgedCertificateFailsTheHandshake(t *testing.T) {
	server := must(authority().Server())
	config := &tls.Config{Certificates: []tls.Certificate{server.TLS()}, ClientCAs: authority().Pool(), ClientAuth: tls.VerifyClientCertIfGiven, Time: clock}
	alien := must(demotest.Impostor(authority(), clock))
	for about, c := range map[string]struct {
		pair *demo.Pair
		ok   bool
	}{"right": {good(), true}, "forged": {must(demotest.Imitate(alien, good())), false}} {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() {
			ended <- tls.Server(far, config).Handshake()
			far.Close()
		}()
		client := tls.Client(near, &tls.Config{RootCAs: authority().Pool(), ServerName: "localhost", Certificates: []tls.Certificate{c.pair.TLS()}, Time: clock})
		err := client.Handshake()
		if err == nil {
			go client.Read(make([]byte, 1))
		}
		if err := <-ended; (err == nil) != c.ok {
			t.Errorf("%s: %v", about, err)
		}
		near.Close()
	}
}
