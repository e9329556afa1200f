package web

import (
	"encoding/hex"
	"math/rand/v2"
)

// headerRequest carries the id by which a request is found in the logs of everybody who
// had it.
const headerRequest = "X-Request-Id"

// maxRequestID is how many characters the caller's own id may have.
const maxRequestID = 128

// identify gives the call its RequestID: what the caller sent, if it sent one and that is
// well-formed, or a new one.
func (c *Call) identify() {
	switch sent := c.Request.Header[headerRequest]; {
	case len(sent) == 0:
	case len(sent) == 1 && wellFormedID(sent[0]):
		c.RequestID = sent[0]
		return
	default:
		c.Ignored = append(c.Ignored, headerRequest)
	}
	c.RequestID = newRequestID()
}

// wellFormedID reports whether logs and headers can carry an id unchanged: it has 1 to 128
// letters, digits and - . _ ~ + / = : of ASCII.
func wellFormedID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-', b == '.', b == '_', b == '~', b == '+', b == '/', b == '=', b == ':':
		default:
			return false
		}
	}
	return true
}

// newRequestID is 128 random bits in hexadecimal. Ids only tell requests apart: nothing
// is kept from whoever guesses one.
func newRequestID() string {
	var raw [16]byte
	a, b := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		raw[i], raw[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
