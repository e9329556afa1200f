package jwk

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"math/big"
	"slices"
	"strconv"

	"tenure/jwk/x509view"
)

// Sizes of RSA keys: bits of the modulus (RFC 7518 section 3.3; above, one check takes seconds), the
// greatest exponent, and the bits that no exponent may exceed.
const (
	minModulusBits   = 2048
	maxModulusBits   = 16384
	maxExponentBits  = 64
	maxExponentPower = 33
)

// judge holds a readable key to the rules about what its values are, and puts each value that is
// written in another form into its one right form. Of a key of an unknown type it asks only how kty
// and alg are written. Nothing of this is asked of stored keys when they are read.
func (r *keyReader) judge(k *key) (converted []Fault) {
	j := judging{keyReader: r, key: k}
	if k.unknown {
		j.spelling()
		j.algorithm()
		return nil
	}
	j.algorithm()
	j.duplicateOperations()
	j.material()
	j.chain()
	j.thumbprints()
	return j.converted
}

type judging struct {
	*keyReader
	key       *key
	converted []Fault
}

// convert stores right in the place of what was written.
func (j *judging) convert(v *value, right string, f form, path ...string) {
	if v.text != right {
		v.text = right
		j.converted = append(j.converted, Fault{j.pointer + pointer(path...), noteRule, notes[f]})
	}
}

func (j *judging) algorithm() {
	if j.key.alg == nil {
		if j.key.kty == "AKP" {
			j.fault("akp-alg", "alg")
		}
		return
	}
	plain := bare(*j.key.alg, longestValue)
	name, listed := names[plain]
	known := algorithms[name]
	curves, goes := known.keys[j.key.kty]
	switch {
	case plain == "":
		j.fault("alg-spelling", "alg")
	case !listed && !printable(*j.key.alg):
		j.say("alg-spelling", "The alg must have printable ASCII characters only (RFC 7517 section 4.4).", "alg")
	case !listed:
	case name == algNone:
		j.fault("alg-none", "alg")
	case known.keys == nil:
		j.fault("alg-symmetric", "alg")
	case name != *j.key.alg:
		j.fault("alg-spelling", "alg")
	case j.key.unknown: // which keys it goes with is not known here
	case !goes:
		j.fault("alg-kty", "alg")
	case len(curves) > 0 && !slices.Contains(curves, j.key.crv):
		j.fault("alg-curve", "alg")
	}
}

func (j *judging) duplicateOperations() {
	v := j.object.get("key_ops")
	if v == nil {
		return
	}
	seen := map[string]bool{}
	for i, item := range v.items {
		if item.kind == kindText && seen[item.text] {
			j.fault("duplicate-operation", "key_ops", strconv.Itoa(i))
		}
		seen[item.text] = true
	}
}

// material checks the octets of the public members.
func (j *judging) material() {
	size := curves[j.key.crv].octets
	numbers := map[string]*big.Int{}
	for _, m := range j.key.keyType.material {
		v := j.object.get(m.name)
		if v == nil { // the others are required when a key is read
			j.fault("akp-pub", m.name)
			continue
		}
		right, fitted, broken := m.form.canonical(v.text, size)
		if broken != "" {
			j.fault(broken, m.name)
			continue
		}
		switch {
		case m.form == coordinate && !x509view.InField(curves[j.key.crv].oid, new(big.Int).SetBytes(fitted)):
			j.fault("ec-coordinate", m.name)
			continue
		case j.key.kty == "OKP" && len(fitted) != size:
			j.fault("okp-length", m.name)
		case j.key.kty == "AKP" && j.key.alg != nil && algorithms[*j.key.alg].octets != 0 && len(fitted) != algorithms[*j.key.alg].octets:
			j.fault("akp-length", m.name)
		case m.form == unsigned:
			numbers[m.name] = new(big.Int).SetBytes(fitted)
		}
		j.convert(v, right, m.form, m.name)
	}
	j.rsa(numbers["n"], numbers["e"])
}

// rsa checks modulus and exponent, nil for one that cannot be read.
func (j *judging) rsa(n, e *big.Int) {
	if n != nil {
		bits := n.BitLen()
		switch {
		case bits < minModulusBits:
			j.fault("rsa-modulus-small", "n")
		case bits > maxModulusBits:
			j.fault("rsa-modulus-large", "n")
		}
		if bits > 0 && n.Bit(0) == 0 {
			j.fault("rsa-modulus-even", "n")
		}
	}
	if e == nil {
		return
	}
	greatest := new(big.Int).Lsh(big.NewInt(1), maxExponentPower)
	switch {
	case e.BitLen() > maxExponentBits:
		j.fault("rsa-exponent-large", "e")
	case e.Cmp(big.NewInt(3)) < 0, e.Bit(0) == 0, e.Cmp(greatest) > 0:
		j.fault("rsa-exponent", "e")
	}
}

// chain checks how the certificates are written, and the key of the first.
func (j *judging) chain() {
	for i, element := range j.key.chain {
		at := strconv.Itoa(i)
		if element.certificate == nil || i >= MaxChain {
			continue
		}
		encoded := element.certificate.Encoded()
		if right, ok := standardBase64(element.text); ok && bytes.Equal(right, encoded) {
			continue // as nearly all are
		}
		decoded, ok := Octets(element.text)
		switch {
		case !ok:
			j.fault("x5c-base64", "x5c", at)
			continue
		case bytes.Equal(decoded, encoded):
		case bytes.HasPrefix(decoded, encoded):
			j.fault("x5c-trailing", "x5c", at)
		default:
			j.fault("x5c-form", "x5c", at)
		}
		j.convert(&j.object.get("x5c").items[i], certificate.encode(decoded), certificate, "x5c", at)
	}
	if c := j.certificate(); c != nil && !j.certifies(c) {
		j.fault("x5c-other-key", "x5c", "0")
	}
}

// certificate is the first, nil if there is none to read.
func (j *judging) certificate() *x509view.Certificate {
	if len(j.key.chain) == 0 {
		return nil
	}
	return j.key.chain[0].certificate
}

// certifies compares keys that are plain octets. Those with numbers were compared when they were read.
func (j *judging) certifies(c *x509view.Certificate) bool {
	var want string
	switch j.key.kty {
	case "OKP":
		want = curves[j.key.crv].oid
	case "AKP":
		if j.key.alg == nil || algorithms[*j.key.alg].oid == "" {
			return true // which key it must be is not known here
		}
		want = algorithms[*j.key.alg].oid
	default:
		return true
	}
	v := j.object.get(j.key.keyType.material[0].name)
	if v == nil {
		return true // a fault already
	}
	id, certified := c.PublicOctets()
	own, _ := Octets(v.text)
	return id == want && bytes.Equal(certified, own)
}

// digests are the members that follow from the first certificate (RFC 7517 sections 4.8 and 4.9).
var digests = []struct {
	name, length, mismatch string
	size                   int
	of                     func(der []byte) []byte
}{
	{"x5t", "x5t-length", "x5t-mismatch", sha1.Size, func(der []byte) []byte { d := sha1.Sum(der); return d[:] }},
	{"x5t#S256", "x5t-s256-length", "x5t-s256-mismatch", sha256.Size, func(der []byte) []byte { d := sha256.Sum256(der); return d[:] }},
}

func (j *judging) thumbprints() {
	for _, d := range digests {
		v := j.object.get(d.name)
		if v == nil {
			continue
		}
		right, digest, broken := octets.canonical(v.text, 0)
		c := j.certificate()
		switch {
		case broken != "" || len(digest) != d.size:
			j.fault(d.length, d.name)
			continue
		case c != nil && !bytes.Equal(digest, d.of(c.Encoded())):
			j.fault(d.mismatch, d.name)
		}
		j.convert(v, right, octets, d.name)
	}
}
