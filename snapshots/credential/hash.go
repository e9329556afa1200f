package credential

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argon2id parameters for secrets chosen by people (RFC 9106 section 4, scaled
// to 19 MiB so that a few may run side by side).
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	argonKeyLen  = 32
	argonSaltLen = 16
)

const (
	prefixSHA256 = "$sha256$"
	prefixArgon  = "$argon2id$"
)

// Hash is a secret's hash as the database keeps it: $sha256$ and hex for a
// secret that this program generated, else one of the slow forms that ParseHash
// reads.
type Hash string

// Dummy is verified against where there is nothing to verify: it costs what a
// hash of Chosen does, and no secret matches it.
const Dummy Hash = prefixArgon + "v=19$m=19456,t=2,p=1$dGVudXJlIGR1bW15IHM$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Generated hashes a secret of at least 128 random bits: one SHA-256.
func Generated(secret string) Hash {
	sum := sha256.Sum256([]byte(secret))
	return Hash(prefixSHA256 + hex.EncodeToString(sum[:]))
}

// Chosen hashes a secret that a person chose: argon2id in its PHC form, with a
// salt from random.
func Chosen(random io.Reader, secret string) (Hash, error) {
	salt := make([]byte, argonSaltLen)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return Hash(fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", prefixArgon, argon2.Version, argonMemory, argonTime, argonThreads,
		enc.EncodeToString(salt), enc.EncodeToString(argon2.IDKey([]byte(secret), salt, argonTime, argonMemory, argonThreads, argonKeyLen)))), nil
}

// Fast reports whether the hash costs next to nothing to compute.
func (h Hash) Fast() bool { return strings.HasPrefix(string(h), prefixSHA256) }

// Renews reports whether a hash of our own should take the place of this one, now
// that a text matched it: this one is of a form that only other systems make, and no
// other text matches. bcrypt knows the first 72 bytes of a text, and a text only up
// to a NUL; a longer one may be the secret, or only begin like it.
func (h Hash) Renews(secret string) bool {
	if h.Fast() || strings.HasPrefix(string(h), prefixArgon) {
		return false
	}
	return !strings.HasPrefix(string(h), "$2") || len(secret) < bcryptBytes && strings.IndexByte(secret, 0) < 0
}

// bcryptBytes is how many bytes of a secret bcrypt knows.
const bcryptBytes = 72

// Matches compares in constant time; an unreadable hash matches nothing. Unless
// the hash is Fast it may take a second of a processor and a gigabyte, so a
// caller bounds how many run at once.
func (h Hash) Matches(secret string) bool {
	if h.Fast() {
		return subtle.ConstantTimeCompare([]byte(h), []byte(Generated(secret))) == 1
	}
	matches, err := readHash(string(h))
	return err == nil && matches(secret)
}
