package snapshots

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
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

// dummyHash is verified against where there is nothing to verify.
const dummyHash = prefixArgon + "v=19$m=19456,t=2,p=1$dGVudXJlIGR1bW15IHM$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// hashSlots bounds how many slow hashes are computed at once, and with them
// processors and memory.
var hashSlots = make(chan struct{}, runtime.GOMAXPROCS(0))

// slowly computes a slow hash when there is a slot for it.
func slowly[R any](compute func() R) R {
	hashSlots <- struct{}{}
	defer func() { <-hashSlots }()
	return compute()
}

// hashGenerated is for secrets of at least 128 random bits: one SHA-256.
func hashGenerated(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return prefixSHA256 + hex.EncodeToString(sum[:])
}

// hashChosen is for secrets that people chose: argon2id in its PHC form.
func hashChosen(random io.Reader, secret string) (string, error) {
	salt := make([]byte, argonSaltLen)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", prefixArgon, argon2.Version, argonMemory, argonTime, argonThreads,
		enc.EncodeToString(salt), enc.EncodeToString(argon(secret, salt, argonTime, argonMemory, argonThreads, argonKeyLen))), nil
}

func argon(secret string, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
	return slowly(func() []byte { return argon2.IDKey([]byte(secret), salt, time, memory, threads, keyLen) })
}

// fast reports whether a hash costs next to nothing to compute.
func fast(hash string) bool { return strings.HasPrefix(hash, prefixSHA256) }

// verifyHash compares in constant time; an unreadable hash matches nothing.
func verifyHash(hash, secret string) bool {
	if fast(hash) {
		return subtle.ConstantTimeCompare([]byte(hash), []byte(hashGenerated(secret))) == 1
	}
	holds, err := readHash(hash)
	return err == nil && holds(secret)
}
