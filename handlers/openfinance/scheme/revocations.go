package scheme

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"tenure/handlers/web"
)

const (
	revocationsLook  = time.Minute
	revocationsBytes = 64 << 20
)

// Revocations are the revocation lists in a file, in PEM (any number) or DER
// (one), for Trust.Revoked. It is safe for concurrent use. Revoked looks at the
// file once a minute at most, and reads it again if it changed. A file that
// cannot be used is reported, and the last good one stays in use.
//
// Each list must be signed by one of the authorities. A list past its
// nextUpdate still counts: a revoked certificate stays revoked. Delta and
// indirect lists are refused, as they are incomplete by themselves.
type Revocations struct {
	path        string
	authorities []*x509.Certificate
	now         func() time.Time
	report      func(error)

	mu      sync.Mutex // guards all below
	looked  time.Time
	changed time.Time // modification time of the file in use
	size    int64
	revoked map[string]bool // by issuer and serial number
}

// OpenRevocations reads the file for the first time, and returns an error if that
// fails. report gets later failures.
func OpenRevocations(path string, authorities []*x509.Certificate, now func() time.Time, report func(error)) (*Revocations, error) {
	r := &Revocations{path: path, authorities: authorities, now: now, report: report, looked: now()}
	return r, r.read()
}

// Revoked reports whether a certificate is revoked.
func (r *Revocations) Revoked(c *x509.Certificate) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); !within(now, r.looked, revocationsLook) {
		r.looked = now
		if err := r.read(); err != nil {
			r.report(err)
		}
	}
	return r.revoked[revokedKey(c.RawIssuer, c.SerialNumber.Bytes())]
}

func revokedKey(issuer, serial []byte) string { return string(serial) + "\x00" + string(issuer) }

// read reads the file if it differs from the last good one.
func (r *Revocations) read() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if r.revoked != nil && info.ModTime().Equal(r.changed) && info.Size() == r.size {
		return nil
	}
	file, err := os.Open(r.path)
	if err != nil {
		return err
	}
	defer file.Close()
	raw, err := web.ReadBounded(file, revocationsBytes)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	revoked, err := readLists(raw, r.authorities)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	r.revoked, r.changed, r.size = revoked, info.ModTime(), info.Size()
	return nil
}

func readLists(raw []byte, authorities []*x509.Certificate) (map[string]bool, error) {
	revoked := map[string]bool{}
	ders := [][]byte{raw}
	if bytes.Contains(raw, []byte("-----BEGIN")) {
		var err error
		if ders, _, err = pemBlocks(raw, "X509 CRL"); err != nil {
			return nil, err
		}
	}
	if len(ders) == 0 {
		return nil, errors.New("it contains no revocation list")
	}
	for _, der := range ders {
		if err := readList(revoked, der, authorities); err != nil {
			return nil, err
		}
	}
	return revoked, nil
}

// oidDistributionPoint is the critical extension that limits what a list covers.
// A list that covers less does no harm.
var oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

func readList(revoked map[string]bool, der []byte, authorities []*x509.Certificate) error {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return errors.New("it is not a revocation list")
	}
	signed := func(a *x509.Certificate) bool {
		return bytes.Equal(a.RawSubject, list.RawIssuer) && list.CheckSignatureFrom(a) == nil
	}
	if !slices.ContainsFunc(authorities, signed) {
		return errors.New("a revocation list is not signed by any of the authorities")
	}
	for _, e := range list.Extensions {
		if e.Critical && !e.Id.Equal(oidDistributionPoint) {
			return fmt.Errorf("a revocation list has the critical extension %s", e.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical {
				return fmt.Errorf("an entry of a revocation list has the critical extension %s", e.Id)
			}
		}
		revoked[revokedKey(list.RawIssuer, entry.SerialNumber.Bytes())] = true
	}
	return nil
}
