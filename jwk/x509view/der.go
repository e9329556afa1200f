package x509view

import (
	"errors"
	"math"
	"math/big"
	"slices"
)

// Tags of X.690 section 8 that certificates use.
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagNull            = 0x05
	tagOID             = 0x06
	tagEnumerated      = 0x0a
	tagUTF8String      = 0x0c
	tagPrintableString = 0x13
	tagT61String       = 0x14
	tagIA5String       = 0x16
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagGeneralString   = 0x1b
	tagUniversalString = 0x1c
	tagBMPString       = 0x1e
	tagSequence        = 0x30
	tagSet             = 0x31

	bitConstructed = 0x20
	classMask      = 0xc0
	classContext   = 0x80
)

var (
	errTooShort    = errors.New("too short for an ASN.1 element")
	errTruncated   = errors.New("an ASN.1 element runs past its end")
	errTrailing    = errors.New("extra data after an ASN.1 element")
	errHighTag     = errors.New("an ASN.1 tag number above 30")
	errLength      = errors.New("an unreadable ASN.1 length")
	errTag         = errors.New("an unexpected ASN.1 type")
	errPadding     = errors.New("a BIT STRING with invalid padding")
	errEmptyNumber = errors.New("an INTEGER without content")
	errNumberRange = errors.New("an INTEGER beyond 32 bits")
)

// element is one tag-length-value of X.690. raw is the whole of it, body its content; both alias
// the input unless the input used an indefinite length.
type element struct {
	tag  byte
	raw  []byte
	body []byte
}

// reader walks the elements of one constructed value. It takes the lengths BER allows (longer than
// needed, indefinite), because the reference does.
type reader []byte

// next returns the first element and moves past it.
func (r *reader) next() (element, error) {
	b := *r
	if len(b) < 2 {
		return element{}, errTooShort
	}
	tag := b[0]
	if tag&0x1f == 0x1f {
		return element{}, errHighTag
	}
	if b[1] == 0x80 {
		raw, rest, err := rewriteDefinite(nil, b, 0)
		if err != nil {
			return element{}, err
		}
		*r = rest
		return single(raw)
	}
	header, length, err := definiteLength(b)
	if err != nil {
		return element{}, err
	}
	end := header + length
	*r = b[end:]
	return element{tag: tag, raw: b[:end], body: b[header:end]}, nil
}

// expect is next for an element whose tag is known.
func (r *reader) expect(tag byte) (element, error) {
	e, err := r.next()
	if err == nil && e.tag != tag {
		err = errTag
	}
	return e, err
}

// single reads data as exactly one element.
func single(data []byte) (element, error) {
	r := reader(data)
	e, err := r.next()
	if err == nil && len(r) != 0 {
		err = errTrailing
	}
	return e, err
}

// definiteLength returns the sizes of header and content of the element b starts with; both lie
// within b.
func definiteLength(b []byte) (header, length int, err error) {
	header, length = 2, int(b[1])
	if length >= 0x80 {
		count := length & 0x7f
		if count == 0 || count > 4 {
			return 0, 0, errLength
		}
		if len(b) < 2+count {
			return 0, 0, errTruncated
		}
		var wide uint64
		for _, octet := range b[2 : 2+count] {
			wide = wide<<8 | uint64(octet)
		}
		if wide > math.MaxInt32 {
			return 0, 0, errLength
		}
		header, length = 2+count, int(wide)
	}
	if len(b)-header < length {
		return 0, 0, errTruncated
	}
	return header, length, nil
}

// context reports whether e is the context-specific element number, constructed or not.
func (e element) context(number byte, constructed bool) bool {
	return e.tag&classMask == classContext && e.tag&0x1f == number &&
		(e.tag&bitConstructed != 0) == constructed
}

// encoded is e with its own length in the shortest form.
func (e element) encoded() []byte {
	if len(e.raw)-len(e.body) == 1+lengthSize(len(e.body)) {
		return e.raw
	}
	return appendElement(nil, e.tag, e.body)
}

func lengthSize(n int) int {
	size := 1
	if n >= 0x80 {
		for ; n > 0; n >>= 8 {
			size++
		}
	}
	return size
}

// appendElement appends tag, shortest length and body.
func appendElement(dst []byte, tag byte, body []byte) []byte {
	n := len(body)
	size := lengthSize(n)
	dst = append(slices.Grow(dst, 1+size+n), tag)
	if size == 1 {
		dst = append(dst, byte(n))
	} else {
		dst = append(dst, 0x80|byte(size-1))
		for shift := 8 * (size - 2); shift >= 0; shift -= 8 {
			dst = append(dst, byte(n>>shift))
		}
	}
	return append(dst, body...)
}

// integer is the value of an INTEGER: signed, of any length, minimal or not.
func (e element) integer() (*big.Int, error) {
	if e.tag != tagInteger {
		return nil, errTag
	}
	if len(e.body) == 0 {
		return nil, errEmptyNumber
	}
	n := new(big.Int).SetBytes(e.body)
	if e.body[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(e.body))))
	}
	return n, nil
}

// int32 is integer for values that must fit 32 bits.
func (e element) int32() (int32, error) {
	n, err := e.integer()
	if err != nil {
		return 0, err
	}
	if !n.IsInt64() || n.Int64() < math.MinInt32 || n.Int64() > math.MaxInt32 {
		return 0, errNumberRange
	}
	return int32(n.Int64()), nil
}

// boolean is the value of a BOOLEAN: any non-zero octet is true.
func (e element) boolean() (bool, error) {
	if e.tag != tagBoolean || len(e.body) != 1 {
		return false, errTag
	}
	return e.body[0] != 0, nil
}

// bitString is a BIT STRING: unused bits cleared, the number of used ones in length.
type bitString struct {
	octets []byte
	length int
}

// bits reads e's content as that of a BIT STRING, whatever its tag (it may be implicit).
func (e element) bits() (bitString, error) {
	if len(e.body) == 0 {
		return bitString{}, errPadding
	}
	unused, octets := int(e.body[0]), e.body[1:]
	if unused > 7 || unused > 0 && len(octets) == 0 {
		return bitString{}, errPadding
	}
	if mask := byte(0xff) << unused; unused > 0 && octets[len(octets)-1]&^mask != 0 {
		octets = slices.Clone(octets)
		octets[len(octets)-1] &= mask
	}
	return bitString{octets: octets, length: 8*len(octets) - unused}, nil
}

func (b bitString) at(i int) bool { return b.octets[i/8]&(0x80>>(i%8)) != 0 }

// encoded is b as the content of a BIT STRING element.
func (b bitString) encoded() []byte {
	body := make([]byte, 1, 1+len(b.octets))
	body[0] = byte(8*len(b.octets) - b.length)
	return append(body, b.octets...)
}

// octets is the content of an OCTET STRING, its pieces joined if it is constructed.
func (e element) octets() ([]byte, error) {
	if e.tag == tagOctetString {
		return e.body, nil
	}
	if e.tag != tagOctetString|bitConstructed {
		return nil, errTag
	}
	var joined []byte
	for r := reader(e.body); len(r) > 0; {
		piece, err := r.expect(tagOctetString)
		if err != nil {
			return nil, err
		}
		joined = append(joined, piece.body...)
	}
	return joined, nil
}
