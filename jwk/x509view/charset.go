package x509view

import (
	"unicode/utf16"
	"unicode/utf8"
)

// The decoders below give the text the reference's character sets give: every malformed piece
// becomes U+FFFD.

// decodeASCII takes each octet above 7f as malformed.
func decodeASCII(b []byte) string {
	for _, octet := range b {
		if octet >= utf8.RuneSelf {
			text := make([]rune, len(b))
			for i, octet := range b {
				if text[i] = rune(octet); octet >= utf8.RuneSelf {
					text[i] = utf8.RuneError
				}
			}
			return string(text)
		}
	}
	return string(b)
}

// encodeASCII puts a question mark in the place of every other character.
func encodeASCII(text string) []byte {
	encoded := make([]byte, 0, len(text))
	for _, r := range text {
		if r >= utf8.RuneSelf {
			r = '?'
		}
		encoded = append(encoded, byte(r))
	}
	return encoded
}

// decodeLatin1 takes each octet as the code point of its value.
func decodeLatin1(b []byte) string {
	text := make([]byte, 0, len(b))
	for _, octet := range b {
		text = utf8.AppendRune(text, rune(octet))
	}
	return string(text)
}

// decodeUTF16 reads big-endian UTF-16; a last odd octet is malformed.
func decodeUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2+1)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	if len(b) == 1 {
		units = append(units, utf8.RuneError)
	}
	return string(utf16.Decode(units))
}

// decodeUTF32 reads big-endian UTF-32; an incomplete last unit is malformed.
func decodeUTF32(b []byte) string {
	text := make([]byte, 0, len(b)/2)
	for ; len(b) >= 4; b = b[4:] {
		point := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		text = utf8.AppendRune(text, rune(min(point, utf8.MaxRune+1)))
	}
	if len(b) > 0 {
		text = utf8.AppendRune(text, utf8.RuneError)
	}
	return string(text)
}

// decodeUTF8 replaces each malformed sequence once. What counts as one sequence is the maximal
// subpart of the Unicode standard (section 3.9), except that an encoded surrogate is one, not three.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	text := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			size = malformedLength(b)
		}
		text = utf8.AppendRune(text, r)
		b = b[size:]
	}
	return string(text)
}

// malformedLength is the length of the malformed sequence b starts with.
func malformedLength(b []byte) int {
	following := 0
	low, high := byte(0x80), byte(0xbf) // bounds of the second octet
	switch lead := b[0]; {
	case lead >= 0xc2 && lead <= 0xdf:
		following = 1
	case lead >= 0xe0 && lead <= 0xef:
		following = 2
		if lead == 0xe0 {
			low = 0xa0
		}
	case lead >= 0xf0 && lead <= 0xf4:
		following = 3
		if lead == 0xf0 {
			low = 0x90
		} else if lead == 0xf4 {
			high = 0x8f
		}
	}
	size := 1
	for size <= following && size < len(b) && b[size] >= low && b[size] <= high {
		size++
		low, high = 0x80, 0xbf
	}
	return size
}
