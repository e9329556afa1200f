package x509view

// The checks below read the extensions the view does not show, as far as the reference does, so as
// to tell which critical ones make a certificate unreadable. Each gets the one element that an
// extension's value holds.

// each calls check with every element of a SEQUENCE.
func each(e element, check func(element) error) error {
	if e.tag != tagSequence {
		return errTag
	}
	for r := reader(e.body); len(r) > 0; {
		item, err := r.next()
		if err != nil {
			return err
		}
		if err := check(item); err != nil {
			return err
		}
	}
	return nil
}

func checkOctets(e element) error {
	_, err := e.octets()
	return err
}

func checkBits(e element) error {
	if e.tag != tagBitString {
		return errTag
	}
	_, err := e.bits()
	return err
}

func checkNumber(e element) error {
	_, err := e.integer()
	return err
}

func checkReason(e element) error {
	if e.tag != tagEnumerated {
		return errTag
	}
	_, err := e.as(tagInteger).int32()
	return err
}

// as is e under another tag, for implicitly tagged values.
func (e element) as(tag byte) element {
	e.tag = tag
	return e
}

func checkGeneralNames(e element) error {
	if e.tag != tagSequence {
		return errTag
	}
	_, err := parseGeneralNames(e.body)
	return err
}

// checkPrivateKeyUsage reads RFC 3280 section 4.2.1.4.
func checkPrivateKeyUsage(e element) error {
	var seen [2]bool
	return each(e, func(bound element) error {
		number := bound.tag & 0x1f
		if number > 1 || !bound.context(number, false) || seen[number] {
			return errExtension
		}
		seen[number] = true
		_, err := bound.as(tagGeneralizedTime).time()
		return err
	})
}

// checkNameConstraints reads RFC 5280 section 4.2.1.10.
func checkNameConstraints(e element) error {
	var seen [2]bool
	return each(e, func(trees element) error {
		number := trees.tag & 0x1f
		if number > 1 || !trees.context(number, true) || seen[number] {
			return errExtension
		}
		seen[number] = true
		return each(trees.as(tagSequence), checkSubtree)
	})
}

func checkSubtree(e element) error {
	if e.tag != tagSequence {
		return errTag
	}
	r := reader(e.body)
	base, err := r.next()
	if err != nil {
		return err
	}
	if _, err := parseGeneralName(base, true); err != nil {
		return err
	}
	return each(element{tag: tagSequence, body: r}, func(distance element) error {
		if !distance.context(0, false) && !distance.context(1, false) {
			return errExtension
		}
		_, err := distance.as(tagInteger).int32()
		return err
	})
}

// checkPolicies reads RFC 5280 section 4.2.1.4.
func checkPolicies(e element) error {
	return each(e, func(policy element) error {
		if policy.tag != tagSequence {
			return errTag
		}
		r := reader(policy.body)
		id, err := r.next()
		if err != nil {
			return err
		}
		if _, err := id.oid(); err != nil || len(r) == 0 {
			return err
		}
		qualifiers, err := r.next()
		if err != nil {
			return err
		}
		if len(qualifiers.body) == 0 {
			return errExtension
		}
		return each(qualifiers, checkQualifier)
	})
}

func checkQualifier(e element) error {
	if e.tag != tagSequence {
		return errTag
	}
	r := reader(e.body)
	id, err := r.next()
	if err != nil {
		return err
	}
	_, err = id.oid()
	return err
}

// checkPolicyMappings reads RFC 5280 section 4.2.1.5.
func checkPolicyMappings(e element) error {
	return each(e, func(mapping element) error {
		if mapping.tag != tagSequence {
			return errTag
		}
		r := reader(mapping.body)
		for range 2 {
			id, err := r.next()
			if err != nil {
				return err
			}
			if _, err := id.oid(); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkAuthorityKey reads RFC 5280 section 4.2.1.1.
func checkAuthorityKey(e element) error {
	var seen [3]bool
	return each(e, func(part element) (err error) {
		number := part.tag & 0x1f
		if number > 2 || !part.context(number, number == 1) || seen[number] {
			return errExtension
		}
		seen[number] = true
		switch number {
		case 1:
			_, err = parseGeneralNames(part.body)
		case 2:
			_, err = part.as(tagInteger).integer()
		}
		return err
	})
}

// checkPolicyConstraints reads RFC 5280 section 4.2.1.11.
func checkPolicyConstraints(e element) error {
	var seen [2]bool
	return each(e, func(skip element) error {
		number := skip.tag & 0x1f
		if number > 1 || !skip.context(number, false) || seen[number] {
			return errExtension
		}
		seen[number] = true
		_, err := skip.as(tagInteger).int32()
		return err
	})
}

// checkInhibitAnyPolicy reads RFC 5280 section 4.2.1.14; -1 stands for no limit.
func checkInhibitAnyPolicy(e element) error {
	skip, err := e.int32()
	if err == nil && skip < -1 {
		err = errExtension
	}
	return err
}

// checkAccess reads RFC 5280 section 4.2.2.1.
func checkAccess(e element) error {
	return each(e, func(description element) error {
		if description.tag != tagSequence {
			return errTag
		}
		r := reader(description.body)
		method, err := r.next()
		if err != nil {
			return err
		}
		if _, err := method.oid(); err != nil {
			return err
		}
		location, err := r.next()
		if err != nil {
			return err
		}
		_, err = parseGeneralName(location, false)
		return err
	})
}

// checkDistributionPoints reads RFC 5280 section 4.2.1.13.
func checkDistributionPoints(e element) error {
	return each(e, func(point element) error {
		var seen [3]bool
		err := each(point, func(part element) (err error) {
			number := part.tag & 0x1f
			if number > 2 || !part.context(number, number != 1) || seen[number] {
				return errExtension
			}
			seen[number] = true
			switch number {
			case 0:
				err = checkPointName(part.body)
			case 1:
				_, err = part.bits()
			case 2:
				_, err = parseGeneralNames(part.body)
			}
			return err
		})
		if err == nil && !seen[0] && !seen[2] {
			err = errExtension
		}
		return err
	})
}

// checkPointName reads the content of a DistributionPointName field.
func checkPointName(content []byte) error {
	r := reader(content)
	e, err := r.next()
	switch {
	case err != nil:
		return err
	case e.context(0, true):
		_, err = parseGeneralNames(e.body)
	case e.context(1, true):
		_, err = parseRelativeName(e.body)
	default:
		err = errExtension
	}
	return err
}

// checkIssuingPoint reads RFC 5280 section 5.2.5.
func checkIssuingPoint(e element) error {
	return each(e, func(part element) (err error) {
		switch number := part.tag & 0x1f; {
		case part.context(0, true):
			err = checkPointName(part.body)
		case number == 3 && part.context(3, false):
			_, err = part.bits()
		case (number == 1 || number == 2 || number == 4 || number == 5) && part.context(number, false):
			_, err = part.as(tagBoolean).boolean()
		default:
			err = errExtension
		}
		return err
	})
}
