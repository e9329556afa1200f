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
// Each list must be signed by one of the authorities. A list past its nextUpdate still
// revokes what it lists, and Expired says of every other certificate of its authority
// that nobody knows. Delta and indirect lists are refused, as they are incomplete by
// themselves.
type Revocations struct {
	path        string
	authorities []*x509.Certificate
	now         func() time.Time
	report      func(error)

	mu      sync.Mutex // guards all below
	looked  time.Time
	changed time.Time // modification time of the file in use
	size    int64
	inUse   lists
	told    bool // that one of them has expired
}

// lists is what the lists of a file say.
type lists struct {
	revoked map[string]bool                 // by issuer and serial number
	expires map[string]map[string]time.Time // nextUpdate by issuer, then by what the list is limited to
}

// ErrExpired is reported once for a file of which a list has expired.
var ErrExpired = errors.New("a revocation list is past its nextUpdate")

// expired reports whether a list of an issuer has expired, and no newer one for the same
// certificates is there.
func (l lists) expired(issuer string, now time.Time) bool {
	for _, next := range l.expires[issuer] {
		if !now.Before(next) {
			return true
		}
	}
	return false
}

// OpenRevocations reads the file for the first time, and returns an error if that
// fails. report gets later failures.
func OpenRevocations(path string, authorities []*x509.Certificate, now func() time.Time, report func(error)) (*Revocations, error) {
	r := &Revocations{path: path, authorities: authorities, now: now, report: report, looked: now()}
	err := r.read()
	if err == nil {
		r.tellExpired(r.looked)
	}
	return r, err
}

// Revoked reports whether a certificate is revoked.
func (r *Revocations) Revoked(c *x509.Certificate) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	return r.inUse.revoked[revokedKey(c.RawIssuer, c.SerialNumber.Bytes())]
}

// Expired reports whether the list that would revoke a certificate has expired.
func (r *Revocations) Expired(c *x509.Certificate) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	return r.inUse.expired(string(c.RawIssuer), r.now())
}

// look reads the file again if it is time to, and reports what is wrong with it.
func (r *Revocations) look() {
	now := r.now()
	if within(now, r.looked, revocationsLook) {
		return
	}
	r.looked = now
	if err := r.read(); err != nil {
		r.report(err)
	}
	r.tellExpired(now)
}

func (r *Revocations) tellExpired(now time.Time) {
	if r.told {
		return
	}
	for issuer := range r.inUse.expires {
		if r.inUse.expired(issuer, now) {
			r.told = true
			r.report(ErrExpired)
			return
		}
	}
}

func revokedKey(issuer, serial []byte) string { return string(serial) + "\x00" + string(issuer) }

// read reads the file if it differs from the last good one.
func (r *Revocations) read() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if r.inUse.revoked != nil && info.ModTime().Equal(r.changed) && info.Size() == r.size {
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
	read, err := readLists(raw, r.authorities)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	r.inUse, r.changed, r.size, r.told = read, info.ModTime(), info.Size(), false
	return nil
}

func readLists(raw []byte, authorities []*x509.Certificate) (lists, error) {
	all := lists{map[string]bool{}, map[string]map[string]time.Time{}}
	ders := [][]byte{raw}
	if bytes.Contains(raw, []byte("-----BEGIN")) {
		var err error
		if ders, _, err = pemBlocks(raw, "X509 CRL"); err != nil {
			return lists{}, err
		}
	}
	if len(ders) == 0 {
		return lists{}, errors.New("it contains no revocation list")
	}
	for _, der := range ders {
		if err := all.read(der, authorities); err != nil {
			return lists{}, err
		}
	}
	return all, nil
}

// oidDistributionPoint is the critical extension that limits what a list covers.
// A list that covers less does no harm.
var oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

func (l lists) read(der []byte, authorities []*x509.Certificate) error {
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
	limitedTo := ""
	for _, e := range list.Extensions {
		if e.Id.Equal(oidDistributionPoint) {
			limitedTo = string(e.Value)
		}
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
		l.revoked[revokedKey(list.RawIssuer, entry.SerialNumber.Bytes())] = true
	}
	issuer := string(list.RawIssuer)
	if l.expires[issuer] == nil {
		l.expires[issuer] = map[string]time.Time{}
	}
	if known, there := l.expires[issuer][limitedTo]; !list.NextUpdate.IsZero() && (!there || known.Before(list.NextUpdate)) {
		l.expires[issuer][limitedTo] = list.NextUpdate
	}
	return nil
}
