package x509view

import "encoding/base64"

// Most octets of JSON that one octet of a text (a control character), one octet of a name's hexadecimal
// form, and the 25 members' names with their times, numbers and punctuation take in a view.
const (
	octetsOfText    = 6
	octetsOfHex     = 2
	octetsOfMembers = 1200
)

// ViewBound is a length that AppendView's result does not exceed. It costs a small part of the view, and is
// close enough for nearly all certificates to show that they keep a bound.
func (c *Certificate) ViewBound() int {
	size := octetsOfMembers + decimalBound(len(c.serialNumber.Bytes())) +
		c.issuer.viewBound() + c.subject.viewBound() +
		c.publicKey.viewBound() +
		bitsBound(c.issuerUniqueID.size()*8) + bitsBound(c.subjectUniqueID.size()*8) +
		len(c.algorithm.name()) + len(c.algorithm.oid) + quoted(len(c.algorithm.params)) +
		quoted(len(c.signature)) + quoted(len(c.tbs)) + quoted(len(c.encoded))
	if x := c.extensions; x != nil {
		size += bitsBound(len(x.keyUsage)) + namesBound(x.subjectAltNames) + namesBound(x.issuerAltNames)
		for _, list := range [][]string{x.critical, x.nonCritical, x.extKeyUsage} {
			for _, oid := range list {
				size += len(oid) + 3
			}
		}
	}
	return size
}

// quoted is the length of a string in base64 with its quotes and brackets.
func quoted(octets int) int { return base64.StdEncoding.EncodedLen(octets) + 4 }

// decimalBound bounds the length of a whole number of so many octets: log10(256) < 2.5, a sign, a comma.
func decimalBound(octets int) int { return octets*5/2 + 3 }

// bitsBound is for a list of so many words, "false" the longest.
func bitsBound(bits int) int { return len("false,") * bits }

// viewBound is for a name in its two text forms and its encoding.
func (n distinguishedName) viewBound() int {
	size, encoded := 0, 8
	for _, relative := range n {
		for _, attr := range relative {
			value := len(attr.value.body)
			const keywords, separators, header = 16, 16, 8
			size += 2 * (max(octetsOfText*value, octetsOfHex*(value+header)) + keywords + len(attr.oid) + separators)
			encoded += 3*header + len(attr.rawOID) + value
		}
	}
	return size + quoted(encoded)
}

func namesBound(names []generalName) (size int) {
	for _, name := range names {
		const punctuation = 16
		size += punctuation + 2*octetsOfText*len(name.text) + quoted(len(name.encoded)) + len(name.typeID) + quoted(len(name.value))
	}
	return size
}

func (k *publicKey) viewBound() int {
	const members, header = 512, 8
	size := members + len(k.algorithm) + octetsOfText*len(k.paramsName) +
		quoted(4*header+len(k.id.rawOID)+len(k.id.params)+len(k.bits.octets))
	if c := k.curve; c != nil {
		size += len(c.field) + len(c.a) + len(c.b) + len(c.x) + len(c.y) + len(c.order) + len(c.cofactor)
	}
	for _, number := range k.numbers {
		size += decimalBound(len(number.Bytes()))
	}
	return size
}
