package jwk

import (
	"encoding/base64"
	"math/big"
)

// standardBase64 decodes text that is base64 with padding and nothing else (RFC 4648 section 4), in its
// one form.
func standardBase64(text string) ([]byte, bool) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	return decoded, err == nil && len(text) == base64.StdEncoding.EncodedLen(len(decoded))
}

// decodeBase64 decodes as the reference does: both alphabets of RFC 4648 at once, every other
// character skipped, padding included, and a single left-over digit dropped.
func decodeBase64(text string) []byte {
	if decoded, ok := standardBase64(text); ok {
		return decoded
	}
	decoded := make([]byte, 0, len(text)*3/4)
	pending, digits := uint32(0), 0
	for i := range len(text) {
		digit := base64Digits[text[i]]
		if digit == notBase64 {
			continue
		}
		pending = pending<<6 | uint32(digit)
		if digits++; digits == 4 {
			decoded = append(decoded, byte(pending>>16), byte(pending>>8), byte(pending))
			pending, digits = 0, 0
		}
	}
	switch digits {
	case 2:
		decoded = append(decoded, byte(pending>>4))
	case 3:
		decoded = append(decoded, byte(pending>>10), byte(pending>>2))
	}
	return decoded
}

// notBase64 marks the octets base64Digits has no value for.
const notBase64 = 0xff

var base64Digits = func() (digits [256]byte) {
	for i := range digits {
		digits[i] = notBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		digits[c] = byte(i)
	}
	digits['-'], digits['_'] = digits['+'], digits['/']
	return digits
}()

// decodeNumber is a Base64urlUInt (RFC 7518 section 2) of any length, leading zeros allowed.
func decodeNumber(text string) *big.Int {
	return new(big.Int).SetBytes(decodeBase64(text))
}
