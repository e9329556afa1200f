package x509view

import (
	"errors"
	"math/big"
	"strconv"
)

// maxOIDOctets is the longest object identifier the reference reads; it also bounds the cost of
// printing one whose arcs are huge.
const maxOIDOctets = 4096

var errOID = errors.New("an invalid OBJECT IDENTIFIER")

// oid is the dotted text of an OBJECT IDENTIFIER, arcs of any size (X.690 section 8.19).
func (e element) oid() (string, error) {
	if e.tag != tagOID {
		return "", errTag
	}
	b := e.body
	if len(b) == 0 || len(b) > maxOIDOctets || b[len(b)-1]&0x80 != 0 {
		return "", errOID
	}
	dotted := make([]byte, 0, 32)
	for first := true; len(b) > 0; first = false {
		if b[0] == 0x80 {
			return "", errOID
		}
		size := 1
		for b[size-1]&0x80 != 0 {
			size++
		}
		dotted = appendArc(dotted, b[:size], first)
		b = b[size:]
	}
	return string(dotted), nil
}

// appendArc appends one base-128 number. The first one holds two arcs: 40 times the root plus the
// second, with root 2 taking all that is left.
func appendArc(dst, digits []byte, first bool) []byte {
	if !first {
		dst = append(dst, '.')
	}
	if len(digits) > 9 {
		n := new(big.Int).SetBytes(pack(digits))
		if first {
			dst = append(dst, "2."...)
			n.Sub(n, big.NewInt(80))
		}
		return n.Append(dst, 10)
	}
	var n uint64
	for _, digit := range digits {
		n = n<<7 | uint64(digit&0x7f)
	}
	if first {
		root := min(n/40, 2)
		dst = append(dst, byte('0'+root), '.')
		n -= 40 * root
	}
	return strconv.AppendUint(dst, n, 10)
}

// pack turns base-128 digits into big-endian octets.
func pack(digits []byte) []byte {
	octets := make([]byte, (7*len(digits)+7)/8)
	pending, bits := uint(0), 0
	end := len(octets)
	for i := len(digits) - 1; i >= 0; i-- {
		pending |= uint(digits[i]&0x7f) << bits
		for bits += 7; bits >= 8; bits -= 8 {
			end--
			octets[end] = byte(pending)
			pending >>= 8
		}
	}
	if bits > 0 {
		octets[end-1] = byte(pending)
	}
	return octets
}
