package x509view

import (
	"errors"
	"math/big"
)

var (
	errParameters    = errors.New("invalid algorithm parameters")
	errExplicitCurve = errors.New("explicit elliptic curve parameters")
	errUnknownCurve  = errors.New("an unknown elliptic curve")
)

// maxNestedParams bounds the parameters that hold further algorithm identifiers, and with them the
// depth to which hostile ones can be nested.
const maxNestedParams = 4096

// checkParams parses the parameters of the algorithms whose parameters the reference parses.
func (a algorithm) checkParams() error {
	var err error
	switch a.oid {
	case oidEC:
		_, err = parseCurve(a.params)
	case oidDSA, oidDSAOIW:
		_, err = parseDSAParams(a.params)
	case oidDH:
		_, err = parseDHParams(a.params)
	case oidPSS:
		_, err = parsePSSParams(a.params)
	case oidOAEP:
		err = checkOAEPParams(a.params)
	}
	return err
}

// parseCurve reads ECParameters (RFC 5480 section 2.1.1): a name only.
func parseCurve(params []byte) (*namedCurve, error) {
	e, err := single(params)
	if err != nil {
		return nil, err
	}
	if e.tag != tagOID {
		return nil, errExplicitCurve
	}
	id, err := e.oid()
	if err != nil {
		return nil, err
	}
	curve := curveOf(id)
	if curve == nil {
		return nil, errUnknownCurve
	}
	return curve, nil
}

// parseDSAParams reads p, q and g (RFC 3279 section 2.3.2), signed as they are encoded.
func parseDSAParams(params []byte) ([]*big.Int, error) {
	numbers, rest, err := parseIntegers(params, 3)
	if err == nil && len(rest) != 0 {
		err = errParameters
	}
	return numbers, err
}

// parseDHParams reads p, g and the optional private-value length l (PKCS #3 section 9); an absent
// l is 0.
func parseDHParams(params []byte) ([]*big.Int, error) {
	numbers, rest, err := parseIntegers(params, 2)
	if err != nil || len(rest) == 0 {
		return append(numbers, new(big.Int)), err
	}
	e, err := rest.next()
	if err != nil {
		return nil, err
	}
	l, err := e.int32()
	if err == nil && len(rest) != 0 {
		err = errParameters
	}
	return append(numbers, big.NewInt(int64(l))), err
}

// parseIntegers reads the first count integers of a SEQUENCE and returns what follows them.
func parseIntegers(params []byte, count int) ([]*big.Int, reader, error) {
	e, err := single(params)
	if err != nil {
		return nil, nil, err
	}
	if e.tag != tagSequence {
		return nil, nil, errTag
	}
	r := reader(e.body)
	numbers := make([]*big.Int, 0, count+1)
	for range count {
		e, err := r.next()
		if err != nil {
			return nil, nil, err
		}
		n, err := e.integer()
		if err != nil {
			return nil, nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, r, nil
}

// pssParams are the RSASSA-PSS parameters (RFC 4055 section 3.1), defaults filled in.
type pssParams struct {
	digest, maskDigest       string
	saltLength, trailerField int32
}

func parsePSSParams(params []byte) (*pssParams, error) {
	fields, err := taggedFields(params, 4)
	if err != nil {
		return nil, err
	}
	pss := &pssParams{digest: nameSHA1, maskDigest: nameSHA1, saltLength: 20, trailerField: 1}
	for _, field := range fields {
		inner := reader(field.body)
		value, err := inner.next()
		if err != nil {
			return nil, err
		}
		switch field.tag & 0x1f {
		case 0:
			var hash algorithm
			hash, err = parseAlgorithm(value)
			pss.digest = hash.name()
		case 1:
			pss.maskDigest, err = parseMask(value)
		case 2:
			if pss.saltLength, err = value.int32(); pss.saltLength < 0 {
				err = errParameters
			}
		case 3:
			if pss.trailerField, err = value.int32(); pss.trailerField != 1 {
				err = errParameters
			}
		default:
			err = errParameters
		}
		if err != nil {
			return nil, err
		}
	}
	return pss, nil
}

// checkOAEPParams parses RSAES-OAEP parameters (RFC 4055 section 4.1); no getter shows them.
func checkOAEPParams(params []byte) error {
	fields, err := taggedFields(params, 3)
	if err != nil {
		return err
	}
	for _, field := range fields {
		inner := reader(field.body)
		value, err := inner.next()
		if err != nil {
			return err
		}
		switch field.tag & 0x1f {
		case 0:
			_, err = parseAlgorithm(value)
		case 1:
			_, err = parseMask(value)
		case 2:
			err = checkPSource(value)
		default:
			err = errParameters
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkPSource(value element) error {
	source, err := parseAlgorithm(value)
	if err != nil {
		return err
	}
	label, err := single(source.params)
	if err != nil || source.oid != oidPSpecified || label.tag != tagOctetString {
		return errParameters
	}
	return nil
}

// taggedFields splits a SEQUENCE of context-specific elements.
func taggedFields(params []byte, most int) ([]element, error) {
	if len(params) > maxNestedParams {
		return nil, errParameters
	}
	e, err := single(params)
	if err != nil {
		return nil, err
	}
	if e.tag != tagSequence {
		return nil, errTag
	}
	var fields []element
	for r := reader(e.body); len(r) > 0; {
		field, err := r.next()
		if err != nil {
			return nil, err
		}
		if field.tag&classMask != classContext || len(fields) == most {
			return nil, errParameters
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// parseMask reads the AlgorithmIdentifier of a mask generation function and returns its hash.
func parseMask(e element) (string, error) {
	mask, err := parseAlgorithm(e)
	if err != nil {
		return "", err
	}
	if mask.oid != oidMGF1 || mask.params == nil {
		return "", errParameters
	}
	params, err := single(mask.params)
	if err != nil {
		return "", err
	}
	hash, err := parseAlgorithm(params)
	if err != nil {
		return "", err
	}
	digest := hash.name()
	if !maskDigests[digest] {
		return "", errParameters
	}
	return digest, nil
}
