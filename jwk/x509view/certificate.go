package x509view

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// maxCertificateBytes bounds one certificate; its numbers are printed in decimal, whose cost grows
// faster than their length.
const maxCertificateBytes = 256 << 10

// Values of the version field that rules depend on (RFC 5280 section 4.1.2.1).
const (
	version1 = 0
	version3 = 2
)

var (
	errCertificateSize   = errors.New("larger than 256 KiB")
	errAlgorithmMismatch = errors.New("signature algorithm mismatch")
	errEmptyIssuer       = errors.New("an empty name")
	errEmptySubject      = errors.New("an empty name without a critical alternative name")
	errVersionContent    = errors.New("fields the version does not allow")
)

// Certificate is one that was read (RFC 5280 section 4.1).
type Certificate struct {
	encoded, tbs    []byte
	version         int32 // as encoded: one less than the version it names
	serialNumber    *big.Int
	algorithm       algorithm
	issuer, subject distinguishedName
	notBefore       time.Time
	notAfter        time.Time
	publicKey       publicKey
	issuerUniqueID  *bitString
	subjectUniqueID *bitString
	extensions      *extensions // nil without an extensions field
	signature       []byte
}

// Parse reads one certificate, DER or PEM (RFC 5280 section 4.1), of at most 256 KiB, and accepts
// what the reference accepts. The error says which field cannot be read.
func Parse(data []byte) (*Certificate, error) {
	if len(data) > maxCertificateBytes {
		return nil, errCertificateSize
	}
	outer, err := certificateElement(data)
	if err != nil {
		return nil, err
	}
	c := &Certificate{encoded: outer.encoded()}
	r := reader(outer.body)
	tbs, err := r.expect(tagSequence)
	if err != nil {
		return nil, err
	}
	algorithmElement, err := r.next()
	if err != nil {
		return nil, err
	}
	signature, err := r.expect(tagBitString)
	if err != nil {
		return nil, fmt.Errorf("signature value: %w", err)
	}
	if len(r) != 0 {
		return nil, errTrailing
	}
	outerAlgorithm, err := parseAlgorithm(algorithmElement)
	if err != nil {
		return nil, fmt.Errorf("signature algorithm: %w", err)
	}
	bits, err := signature.bits()
	if err != nil {
		return nil, fmt.Errorf("signature value: %w", err)
	}
	c.signature = bits.octets
	c.tbs = tbs.encoded()
	if err := c.parseTBS(tbs.body); err != nil {
		return nil, err
	}
	if !c.algorithm.equal(outerAlgorithm) {
		return nil, errAlgorithmMismatch
	}
	return c, nil
}

// parseTBS reads the content of a TBSCertificate.
func (c *Certificate) parseTBS(content []byte) error {
	r := reader(content)
	e, err := r.next()
	if err == nil && e.tag&classMask == classContext && e.tag&0x1f == 0 {
		if err = c.parseVersion(e); err == nil {
			e, err = r.next()
		}
	}
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	if c.serialNumber, err = e.integer(); err != nil {
		return fmt.Errorf("serial number: %w", err)
	}
	fields := []struct {
		name  string
		parse func(element) error
	}{
		{"signature algorithm", func(e element) (err error) { c.algorithm, err = parseAlgorithm(e); return }},
		{"issuer", func(e element) (err error) {
			if c.issuer, err = parseName(e); err == nil && c.issuer.empty() {
				err = errEmptyIssuer
			}
			return
		}},
		{"validity", c.parseValidity},
		{"subject", func(e element) (err error) {
			if c.subject, err = parseName(e); err == nil && c.version == version1 && c.subject.empty() {
				err = errEmptySubject
			}
			return
		}},
		{"public key", func(e element) (err error) { c.publicKey, err = parsePublicKey(e); return }},
	}
	for _, field := range fields {
		e, err := r.next()
		if err == nil {
			err = field.parse(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return c.parseOptional(r)
}

// parseVersion reads the version field; one without the explicit tag's constructed bit counts as
// absent.
func (c *Certificate) parseVersion(e element) error {
	if e.tag&bitConstructed == 0 {
		return nil
	}
	r := reader(e.body)
	number, err := r.next()
	if err != nil {
		return err
	}
	c.version, err = number.int32()
	return err
}

func (c *Certificate) parseValidity(e element) error {
	if e.tag != tagSequence {
		return errTag
	}
	r := reader(e.body)
	for _, bound := range []*time.Time{&c.notBefore, &c.notAfter} {
		e, err := r.next()
		if err != nil {
			return err
		}
		if *bound, err = e.time(); err != nil {
			return err
		}
	}
	if len(r) != 0 {
		return errTrailing
	}
	return nil
}

// parseOptional reads what follows the public key. The reference stops early when a field is the
// last one, which spares such certificates the later rules.
func (c *Certificate) parseOptional(r reader) error {
	if len(r) == 0 {
		return nil
	}
	if c.version == version1 {
		return errVersionContent
	}
	e, err := r.next()
	if err != nil {
		return err
	}
	for number, field := range []**bitString{1: &c.issuerUniqueID, 2: &c.subjectUniqueID} {
		if field == nil || e.tag&classMask != classContext || int(e.tag&0x1f) != number {
			continue
		}
		bits, err := e.bits()
		if err != nil {
			return fmt.Errorf("unique identifier: %w", err)
		}
		*field = &bits
		if len(r) == 0 {
			return nil
		}
		if e, err = r.next(); err != nil {
			return err
		}
	}
	if c.version != version3 {
		return errVersionContent
	}
	if e.context(3, true) {
		if c.extensions, err = parseExtensions(e.body); err != nil {
			return fmt.Errorf("extensions: %w", err)
		}
	}
	return c.checkSubject()
}

// checkSubject demands a critical subjectAltName of an empty subject (RFC 5280 section 4.2.1.6).
func (c *Certificate) checkSubject() error {
	if !c.subject.empty() {
		return nil
	}
	if c.extensions == nil || c.extensions.subjectAltNames == nil || !c.extensions.subjectAltCritical {
		return fmt.Errorf("subject: %w", errEmptySubject)
	}
	return nil
}

// Facts are what other packages ask about a certificate.
type Facts struct {
	// Subject and Issuer are names in the text form of RFC 2253, "" for an empty name.
	Subject, Issuer string
	// SerialNumber may be zero or negative.
	SerialNumber *big.Int
	// NotBefore and NotAfter bound the validity, both included (RFC 5280 section 4.1.2.5).
	NotBefore, NotAfter time.Time
	// SHA256 is the digest of the certificate's encoding.
	SHA256 [32]byte
}

func (c *Certificate) Facts() *Facts {
	return &Facts{
		Subject:      c.subject.rfc2253Text(),
		Issuer:       c.issuer.rfc2253Text(),
		SerialNumber: c.serialNumber,
		NotBefore:    c.notBefore,
		NotAfter:     c.notAfter,
		SHA256:       sha256.Sum256(c.encoded),
	}
}

// Encoded is the certificate's encoding, without what may follow it in the data that was read.
func (c *Certificate) Encoded() []byte { return c.encoded }

// PublicOctets are the object identifier of the certified key's algorithm and the key's bits: for the
// algorithms of RFC 8410 and of ML-DSA the public key itself.
func (c *Certificate) PublicOctets() (oid string, octets []byte) {
	return c.publicKey.id.oid, c.publicKey.bits.octets
}

// PublicNumbers are the certified key's family ("RSA", "RSASSA-PSS", "EC", …) and, for those three,
// its two numbers: RSA modulus and exponent, EC coordinates x and y.
func (c *Certificate) PublicNumbers() (family string, first, second *big.Int) {
	return c.publicKey.algorithm, c.publicKey.first, c.publicKey.second
}
