package x509view

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Identifiers of the extensions whose content the view shows.
const (
	oidKeyUsage         = "2.5.29.15"
	oidSubjectAltName   = "2.5.29.17"
	oidIssuerAltName    = "2.5.29.18"
	oidBasicConstraints = "2.5.29.19"
	oidExtKeyUsage      = "2.5.29.37"
)

// keyUsageBits is the number of bits RFC 5280 section 4.2.1.3 defines.
const keyUsageBits = 9

var (
	errDuplicateExtension = errors.New("duplicate extensions")
	errExtension          = errors.New("a critical extension that cannot be read")
)

// extensions is the Extensions of a certificate (RFC 5280 section 4.2), what the view shows of them.
// A list is nil when its extension is absent or unreadable.
type extensions struct {
	critical, nonCritical []string // sorted as text
	subjectAltNames       []generalName
	issuerAltNames        []generalName
	keyUsage              []bool
	extKeyUsage           []string
	pathLength            int32 // -1 unless a certification authority
	subjectAltCritical    bool
}

// extensionParsers read the kinds of extension the reference knows; the ones without a field in
// extensions matter because a critical one that does not parse makes the certificate unreadable.
var extensionParsers = map[string]func(x *extensions, value []byte) error{
	oidKeyUsage:         (*extensions).parseKeyUsage,
	oidSubjectAltName:   (*extensions).parseSubjectAltName,
	oidIssuerAltName:    (*extensions).parseIssuerAltName,
	oidBasicConstraints: (*extensions).parseBasicConstraints,
	oidExtKeyUsage:      (*extensions).parseExtKeyUsage,

	"2.5.29.14":             checked(checkOctets),             // subjectKeyIdentifier
	"2.5.29.16":             checked(checkPrivateKeyUsage),    // privateKeyUsagePeriod
	"2.5.29.20":             checked(checkNumber),             // cRLNumber
	"2.5.29.21":             checked(checkReason),             // reasonCode
	"2.5.29.27":             checked(checkNumber),             // deltaCRLIndicator
	"2.5.29.28":             checked(checkIssuingPoint),       // issuingDistributionPoint
	"2.5.29.29":             checked(checkGeneralNames),       // certificateIssuer
	"2.5.29.30":             checked(checkNameConstraints),    // nameConstraints
	"2.5.29.31":             checked(checkDistributionPoints), // cRLDistributionPoints
	"2.5.29.32":             checked(checkPolicies),           // certificatePolicies
	"2.5.29.33":             checked(checkPolicyMappings),     // policyMappings
	"2.5.29.35":             checked(checkAuthorityKey),       // authorityKeyIdentifier
	"2.5.29.36":             checked(checkPolicyConstraints),  // policyConstraints
	"2.5.29.46":             checked(checkDistributionPoints), // freshestCRL
	"2.5.29.54":             checked(checkInhibitAnyPolicy),   // inhibitAnyPolicy
	"2.16.840.1.113730.1.1": checked(checkBits),               // netscape-cert-type
	"1.3.6.1.5.5.7.1.1":     checked(checkAccess),             // authorityInfoAccess
	"1.3.6.1.5.5.7.1.11":    checked(checkAccess),             // subjectInfoAccess
}

// checked adapts a check of one element to the shape of a parser: the value is exactly one element.
func checked(check func(element) error) func(*extensions, []byte) error {
	return func(_ *extensions, value []byte) error {
		e, err := single(value)
		if err != nil {
			return err
		}
		return check(e)
	}
}

// parseExtensions reads the content of the extensions field. An extension of a known kind that does
// not parse is set aside unless it is critical; two readable ones of one kind are a fault.
func parseExtensions(content []byte) (*extensions, error) {
	x := &extensions{critical: []string{}, nonCritical: []string{}, pathLength: -1}
	outer := reader(content)
	list, err := outer.expect(tagSequence)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for r := reader(list.body); len(r) > 0; {
		e, err := r.expect(tagSequence)
		if err != nil {
			return nil, err
		}
		id, critical, value, err := parseExtension(e.body)
		if err != nil {
			return nil, err
		}
		if parse := extensionParsers[id]; parse != nil {
			if err := parse(x, value); err != nil {
				if critical {
					return nil, fmt.Errorf("%w: %w", errExtension, err)
				}
				x.nonCritical = append(x.nonCritical, id)
				continue
			}
		}
		if seen[id] {
			return nil, errDuplicateExtension
		}
		seen[id] = true
		if critical {
			x.critical = append(x.critical, id)
		} else {
			x.nonCritical = append(x.nonCritical, id)
		}
		x.subjectAltCritical = x.subjectAltCritical || critical && id == oidSubjectAltName
	}
	slices.Sort(x.critical)
	slices.Sort(x.nonCritical)
	x.nonCritical = slices.Compact(x.nonCritical)
	return x, nil
}

// parseExtension reads the content of one Extension; anything after the value is overlooked.
func parseExtension(content []byte) (id string, critical bool, value []byte, err error) {
	r := reader(content)
	idElement, err := r.next()
	if err != nil {
		return "", false, nil, err
	}
	if id, err = idElement.oid(); err != nil {
		return "", false, nil, err
	}
	e, err := r.next()
	if err == nil && e.tag == tagBoolean {
		if critical, err = e.boolean(); err == nil {
			e, err = r.next()
		}
	}
	if err != nil {
		return "", false, nil, err
	}
	value, err = e.octets()
	return id, critical, value, err
}

func (x *extensions) parseSubjectAltName(value []byte) error {
	names, err := parseAltNames(value)
	if err == nil {
		x.subjectAltNames = names
	}
	return err
}

func (x *extensions) parseIssuerAltName(value []byte) error {
	names, err := parseAltNames(value)
	if err == nil {
		x.issuerAltNames = names
	}
	return err
}

func parseAltNames(value []byte) ([]generalName, error) {
	e, err := single(value)
	if err != nil {
		return nil, err
	}
	if e.tag != tagSequence {
		return nil, errTag
	}
	return parseGeneralNames(e.body)
}

// parseKeyUsage reads the bits in order, at least the nine defined ones.
func (x *extensions) parseKeyUsage(value []byte) error {
	e, err := single(value)
	if err != nil {
		return err
	}
	if e.tag != tagBitString {
		return errTag
	}
	bits, err := e.bits()
	if err != nil {
		return err
	}
	x.keyUsage = make([]bool, max(bits.length, keyUsageBits))
	for i := range bits.length {
		x.keyUsage[i] = bits.at(i)
	}
	return nil
}

// parseBasicConstraints reads cA and the path length. What starts with anything but a BOOLEAN is
// not that of an authority, and what follows the path length is overlooked.
func (x *extensions) parseBasicConstraints(value []byte) error {
	e, err := single(value)
	if err != nil {
		return err
	}
	if e.tag != tagSequence {
		return errTag
	}
	r := reader(e.body)
	if len(r) == 0 {
		return nil
	}
	first, err := r.next()
	if err != nil || first.tag != tagBoolean {
		return err
	}
	authority, err := first.boolean()
	if err != nil {
		return err
	}
	length := int32(math.MaxInt32)
	if len(r) > 0 {
		second, err := r.next()
		if err != nil {
			return err
		}
		if length, err = second.int32(); err != nil {
			return err
		}
	}
	if authority {
		x.pathLength = length
	}
	return nil
}

func (x *extensions) parseExtKeyUsage(value []byte) error {
	e, err := single(value)
	if err != nil {
		return err
	}
	if e.tag != tagSequence {
		return errTag
	}
	usages := []string{}
	for r := reader(e.body); len(r) > 0; {
		usage, err := r.next()
		if err != nil {
			return err
		}
		id, err := usage.oid()
		if err != nil {
			return err
		}
		usages = append(usages, id)
	}
	x.extKeyUsage = usages
	return nil
}
