package x509view

import (
	"errors"
	"math/big"
)

var (
	errKeyBits    = errors.New("an invalid public key")
	errRSASize    = errors.New("an RSA modulus or exponent of unsupported size")
	errECPoint    = errors.New("an elliptic curve point that is not uncompressed or not of the field's size")
	errKeyParams  = errors.New("public key parameters missing or not allowed")
	three         = big.NewInt(3)
	keyOctetSizes = map[string]int{oidX25519: 32, oidX448: 56, oidEd25519: 32, oidEd448: 57}
)

// Limits of the reference's RSA keys, in bits.
const (
	minModulusBits       = 512
	maxModulusBits       = 16384
	maxLongExponentBits  = 3072 // above this modulus size the exponent is limited
	maxShortExponentBits = 64
)

// publicKey is a SubjectPublicKeyInfo (RFC 5280 section 4.1). algorithm is the family name the view
// shows; of the fields after it at most one group is set.
type publicKey struct {
	id        algorithm
	bits      bitString
	algorithm string

	first, second *big.Int // RSA modulus and exponent, EC coordinates
	curve         *namedCurve
	pss           *pssParams
	numbers       []*big.Int // DSA p q g, DH p g l
	paramsName    string     // of keys whose parameters are just a name
}

// parsePublicKey reads a SubjectPublicKeyInfo. A key of a kind the reference knows must be well
// formed; whether an EC point lies on its curve is not asked.
func parsePublicKey(e element) (publicKey, error) {
	if e.tag != tagSequence {
		return publicKey{}, errTag
	}
	r := reader(e.body)
	idElement, err := r.next()
	if err != nil {
		return publicKey{}, err
	}
	key := publicKey{}
	if key.id, err = parseAlgorithm(idElement); err != nil {
		return key, err
	}
	bits, err := r.expect(tagBitString)
	if err != nil {
		return key, err
	}
	if key.bits, err = bits.bits(); err != nil {
		return key, err
	}
	if len(r) != 0 {
		return key, errTrailing
	}
	key.algorithm = key.id.name()
	return key, key.interpret()
}

// interpret decodes the key by its algorithm.
func (k *publicKey) interpret() (err error) {
	switch k.id.oid {
	case oidRSA, oidRSAX500:
		return k.interpretRSA()
	case oidPSS:
		if k.id.params != nil {
			if k.pss, err = parsePSSParams(k.id.params); err != nil {
				return err
			}
		}
		return k.interpretRSA()
	case oidEC:
		return k.interpretEC()
	case oidDSA, oidDSAOIW:
		if k.id.params != nil {
			if k.numbers, err = parseDSAParams(k.id.params); err != nil {
				return err
			}
		}
		return k.checkInteger()
	case oidDH:
		if k.id.params == nil {
			return errKeyParams
		}
		if k.numbers, err = parseDHParams(k.id.params); err != nil {
			return err
		}
		return k.checkInteger()
	case oidX25519, oidX448, oidEd25519, oidEd448:
		k.paramsName, k.algorithm = k.algorithm, "XDH"
		if k.id.oid == oidEd25519 || k.id.oid == oidEd448 {
			k.algorithm = "EdDSA"
		}
		if len(k.bits.octets) != keyOctetSizes[k.id.oid] {
			return errKeyBits
		}
		return k.checkNoParams()
	}
	if family := k.algorithm[:min(6, len(k.algorithm))]; family == "ML-DSA" || family == "ML-KEM" {
		k.paramsName, k.algorithm = k.algorithm, family
		return k.checkNoParams()
	}
	return nil
}

func (k *publicKey) checkNoParams() error {
	if k.id.params != nil {
		return errKeyParams
	}
	return nil
}

// checkInteger checks a key that is one INTEGER (RFC 3279 sections 2.3.2 and 2.3.3).
func (k *publicKey) checkInteger() error {
	r := reader(k.bits.octets)
	e, err := r.next()
	if err != nil {
		return err
	}
	_, err = e.integer()
	return err
}

// interpretRSA reads modulus and exponent (RFC 8017 appendix A.1.1), both as unsigned, and keeps
// the size limits of the reference.
func (k *publicKey) interpretRSA() error {
	r := reader(k.bits.octets)
	e, err := r.expect(tagSequence)
	if err != nil {
		return err
	}
	r = reader(e.body)
	modulus, err := r.expect(tagInteger)
	if err != nil {
		return err
	}
	exponent, err := r.expect(tagInteger)
	if err != nil {
		return err
	}
	if len(r) != 0 || len(modulus.body) == 0 || len(exponent.body) == 0 {
		return errKeyBits
	}
	k.first, k.second = new(big.Int).SetBytes(modulus.body), new(big.Int).SetBytes(exponent.body)
	size := (k.first.BitLen() + 7) &^ 7
	switch {
	case size < minModulusBits, size > maxModulusBits,
		size > maxLongExponentBits && k.second.BitLen() > maxShortExponentBits,
		k.second.Cmp(three) < 0, k.second.Cmp(k.first) >= 0:
		return errRSASize
	}
	return nil
}

// interpretEC reads an uncompressed point (SEC 1 section 2.3.4) of the curve's field size. One
// octet too many is overlooked, as the reference halves the length.
func (k *publicKey) interpretEC() (err error) {
	if k.id.params == nil {
		return errKeyParams
	}
	if k.curve, err = parseCurve(k.id.params); err != nil {
		return err
	}
	point := k.bits.octets
	size := (k.curve.fieldSize + 7) / 8
	if len(point) == 0 || point[0] != 4 || (len(point)-1)/2 != size {
		return errECPoint
	}
	k.first = new(big.Int).SetBytes(point[1 : 1+size])
	k.second = new(big.Int).SetBytes(point[1+size : 1+2*size])
	return nil
}

// encoded is the SubjectPublicKeyInfo encoded anew, its NULL parameters normalized.
func (k *publicKey) encoded() []byte {
	body := appendElement(k.id.encoded(), tagBitString, k.bits.encoded())
	return appendElement(nil, tagSequence, body)
}
