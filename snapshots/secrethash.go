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

// argonSlots bounds how many argon2 runs go on at once, and with them memory.
var argonSlots = make(chan struct{}, runtime.GOMAXPROCS(0))

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
	argonSlots <- struct{}{}
	defer func() { <-argonSlots }()
	return argon2.IDKey([]byte(secret), salt, time, memory, threads, keyLen)
}

// verifyHash compares in constant time; an unreadable hash matches nothing.
func verifyHash(hash, secret string) bool {
	switch {
	case strings.HasPrefix(hash, prefixSHA256):
		return subtle.ConstantTimeCompare([]byte(hash), []byte(hashGenerated(secret))) == 1
	case strings.HasPrefix(hash, prefixArgon):
		return verifyArgon(hash, secret)
	}
	return false
}

func verifyArgon(hash, secret string) bool {
	var version int
	var memory, time uint32
	var threads uint8
	parts := strings.Split(hash, "$") // "", argon2id, v, parameters, salt, key
	if len(parts) != 6 {
		return false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil ||
		time == 0 || threads == 0 || memory > 1<<20 || time > 64 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) == 0 {
		return false
	}
	return subtle.ConstantTimeCompare(key, argon(secret, salt, time, memory, threads, uint32(len(key)))) == 1
}
