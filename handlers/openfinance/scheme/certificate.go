package scheme

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"tenure/tenancy/fault"
)

// Holder is the software and organization that a client certificate of the scheme
// names.
type Holder struct {
	Subject    DN
	SoftwareID string // UID: the software statement's software_id
	OrgID      string // organizationIdentifier without OFBBR-; in old certificates the OU
}

const orgPrefix = "OFBBR-"

// organizationUnitUntil is the day from which certificates must have an
// organizationIdentifier. A certificate that starts earlier may name the
// organization in its OU.
var organizationUnitUntil = time.Date(2022, time.August, 31, 0, 0, 0, 0, time.UTC)

// Trust decides which client certificates are accepted.
type Trust struct {
	Roots *x509.CertPool // of the scheme's authorities; never the system's
	// Revoked reports whether a certificate of a chain is revoked; nil if none is.
	Revoked func(*x509.Certificate) bool
	// Expired reports whether nobody knows if a certificate of a chain is revoked, as
	// the list that would say so has expired; nil to go by expired lists.
	Expired func(*x509.Certificate) bool
}

// Verify verifies a chain, leaf first, at an instant, and returns the holder that
// the leaf names (B-1, B-7, B-11, B-14). The leaf must be for client
// authentication and digital signatures, and its key must be strong enough.
// Faults are Unauthenticated with CodeCertificate; see Unapproved.
func (t Trust) Verify(certs []*x509.Certificate, now time.Time) (Holder, error) {
	_, h, err := t.verify(certs, now)
	return h, err
}

// verify is Verify, and returns the chains up to the roots, with those that are revoked.
func (t Trust) verify(certs []*x509.Certificate, now time.Time) ([][]*x509.Certificate, Holder, error) {
	if len(certs) == 0 {
		return nil, Holder{}, noCertificate(nil, "a client certificate is required")
	}
	if t.Roots == nil || now.IsZero() { // either would fall back to the system's own
		return nil, Holder{}, errors.New("scheme: no roots or no clock to verify a certificate with")
	}
	leaf, intermediates := certs[0], x509.NewCertPool()
	for _, c := range certs[1:] {
		intermediates.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: t.Roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return nil, Holder{}, noCertificate(err, "the client certificate was not issued by an authority of the scheme, or is not valid now")
	}
	all := slices.Clone(chains)
	without := func(bad func(*x509.Certificate) bool) bool {
		if bad != nil {
			chains = slices.DeleteFunc(chains, func(chain []*x509.Certificate) bool { return slices.ContainsFunc(chain, bad) })
		}
		return len(chains) > 0
	}
	switch {
	case !without(t.Revoked):
		return nil, Holder{}, noCertificate(nil, "the client certificate is revoked")
	case !without(t.Expired):
		return nil, Holder{}, noCertificate(nil, "whether the client certificate is revoked is not known: the revocation list of its authority has expired")
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 || weak(leaf.PublicKey) {
		return nil, Holder{}, noCertificate(nil, "the key of the client certificate is too weak, or not for signatures")
	}
	h, err := readHolder(leaf)
	return all, h, err
}

// weak reports whether a key is RSA below 2048 bits, or on a curve below 256 bits.
func weak(public any) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() < minRSABits
	case *ecdsa.PublicKey:
		return key.Curve.Params().BitSize < 256
	}
	return public == nil
}

func noCertificate(err error, message string) error {
	return fault.Wrap(err, fault.Unauthenticated, CodeCertificate, "%s", message)
}

// readHolder reads the subject of a verified certificate.
func readHolder(cert *x509.Certificate) (Holder, error) {
	subject, err := ParseDER(cert.RawSubject)
	if err != nil {
		return Holder{}, noCertificate(err, "the subject of the client certificate cannot be read")
	}
	h := Holder{Subject: subject}
	software := subject.Values(oidUID)
	if len(software) != 1 || software[0] == "" {
		return Holder{}, noCertificate(nil, "the client certificate must have one UID, which names the software")
	}
	h.SoftwareID = software[0]
	switch ids := subject.Values(oidOrganizationIdentifier); {
	case len(ids) == 1:
		id, prefixed := strings.CutPrefix(ids[0], orgPrefix)
		if !prefixed || id == "" {
			return Holder{}, noCertificate(nil, "organizationIdentifier of the client certificate must be OFBBR- followed by the id of the organisation")
		}
		h.OrgID = id
		return h, nil
	case len(ids) > 1 || !cert.NotBefore.Before(organizationUnitUntil):
		return Holder{}, noCertificate(nil, "the client certificate must have one organizationIdentifier")
	}
	units := subject.Values(oidOrganizationalUnit)
	if len(units) != 1 || units[0] == "" {
		return Holder{}, noCertificate(nil, "the client certificate must have one OU, which names the organisation")
	}
	h.OrgID = units[0]
	return h, nil
}

// Holds reports whether a certificate belongs to a software and its organization.
// A renewed certificate does, and one with the other form of organization too
//
func (h Holder) Holds(softwareID, orgID string) bool {
	return softwareID != "" && orgID != "" && h.SoftwareID == softwareID && h.OrgID == orgID
}

// CheckHolder checks that statement and certificate name the same software and
// institution (B-13, B-14, B-21). Faults are Invalid with CodeUnapproved.
func CheckHolder(s *Statement, h Holder) error {
	switch {
	case h.SoftwareID == "" || h.SoftwareID != s.SoftwareID:
		return unapproved("certificate-software", "the UID of the client certificate must equal software_id of the software statement")
	case h.OrgID == "" || h.OrgID != s.OrgID:
		return unapproved("certificate-organisation", "client certificate and software statement must name the same organisation")
	}
	return nil
}
