package credential

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Bounds of the costs that an imported hash may ask for: about a second of one
// processor, so that no stored hash makes a refusal expensive beyond that. An
// operator may raise bcrypt's for an import up to MostBcryptCost.
const (
	maxPBKDF2Rounds = 2_000_000
	MaxBcryptCost   = 14
	MostBcryptCost  = 18
	maxArgonMemory  = 1 << 20 // KiB
	maxArgonWork    = 4 << 20 // KiB times passes
	maxArgonThreads = 64
	maxDerivedKey   = 128 // bytes, of salts as well
)

// CostError is the error of a bcrypt hash that costs too much.
type CostError struct{ Cost, Most int }

func (e *CostError) Error() string { return fmt.Sprintf("bcrypt cost %d exceeds %d", e.Cost, e.Most) }

// ParseHash takes a hash that another system made, in one of the slow forms that
// Matches reads, where bcrypt's cost is at most maxCost: a *CostError otherwise. Any
// other error says why the hash cannot be verified here.
func ParseHash(text string, maxCost int) (Hash, error) {
	if _, err := readHash(text); err != nil {
		return "", err
	}
	if cost, err := bcrypt.Cost([]byte(text)); err == nil && cost > maxCost {
		return "", &CostError{cost, maxCost}
	}
	return Hash(text), nil
}

// readHash reads a slow hash in a form of ours or of Ory Hydra's hashers:
// $argon2id$ and $argon2i$ as PHC writes them, $pbkdf2-sha256$i=…,l=…$ with
// its siblings, and bcrypt. What it returns compares in constant time.
func readHash(text string) (holds func(secret string) bool, err error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(text, "$"), "$")
	switch {
	case !strings.HasPrefix(text, "$"):
	case name == "argon2id":
		return readArgon(rest, argon2.IDKey)
	case name == "argon2i":
		return readArgon(rest, argon2.Key)
	case strings.HasPrefix(name, "pbkdf2-"):
		return readPBKDF2(strings.TrimPrefix(name, "pbkdf2-"), rest)
	case name == "2a", name == "2b", name == "2y":
		return readBcrypt(text)
	}
	if form := Form(text); form != "" {
		return nil, fmt.Errorf("a %s hash in this form cannot be verified here", form)
	}
	return nil, errors.New("the hash has an unknown form")
}

// wholeBcrypt is how bcrypt's makers write a hash: their library takes other
// characters, and no text matches them.
var wholeBcrypt = regexp.MustCompile(`^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$`)

const bcryptLength = 60

func readBcrypt(text string) (func(string) bool, error) {
	cost, err := bcrypt.Cost([]byte(text))
	switch {
	case len(text) != bcryptLength:
		return nil, fmt.Errorf("the bcrypt hash is not whole: it must have %d characters", bcryptLength)
	case !wholeBcrypt.MatchString(text):
		return nil, fmt.Errorf("the bcrypt hash is not whole: it must have %d characters of ./A-Za-z0-9 and $", bcryptLength)
	case err != nil:
		return nil, fmt.Errorf("bcrypt costs are %d to %d, not %s", bcrypt.MinCost, bcrypt.MaxCost, strings.TrimPrefix(text[4:6], "0"))
	case cost > MostBcryptCost:
		return nil, &CostError{cost, MostBcryptCost}
	}
	return func(secret string) bool {
		return bcrypt.CompareHashAndPassword([]byte(text), []byte(secret)) == nil
	}, nil
}

// readArgon reads v=19$m=…,t=…,p=…$salt$key.
func readArgon(rest string, derive func(secret, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte) (func(string) bool, error) {
	var memory, time uint32
	var threads uint8
	version, rest, _ := strings.Cut(rest, "$")
	costs, rest, _ := strings.Cut(rest, "$")
	_, err := fmt.Sscanf(costs, "m=%d,t=%d,p=%d", &memory, &time, &threads)
	switch {
	case err != nil || costs != fmt.Sprintf("m=%d,t=%d,p=%d", memory, time, threads) || time == 0 || threads == 0:
		return nil, errors.New("the costs of the argon2 hash must be written m=…,t=…,p=…")
	case version != fmt.Sprintf("v=%d", argon2.Version):
		return nil, fmt.Errorf("the argon2 hash is of another version than v=%d", argon2.Version)
	case threads > maxArgonThreads:
		return nil, fmt.Errorf("argon2 parallelism %d exceeds %d", threads, maxArgonThreads)
	case memory > maxArgonMemory:
		return nil, fmt.Errorf("argon2 memory of %d KiB exceeds %d", memory, maxArgonMemory)
	case uint64(memory)*uint64(time) > maxArgonWork:
		return nil, fmt.Errorf("argon2 work of %d KiB times %d passes exceeds %d", memory, time, maxArgonWork)
	}
	return readDerived(rest, 0, func(secret string, salt []byte, length int) []byte {
		return derive([]byte(secret), salt, time, memory, threads, uint32(length))
	})
}

// readPBKDF2 reads i=…,l=…$salt$key.
func readPBKDF2(digest, rest string) (func(string) bool, error) {
	digests := map[string]func() hash.Hash{"sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New,
		"sha384": sha512.New384, "sha512": sha512.New}
	var rounds, length int
	costs, rest, _ := strings.Cut(rest, "$")
	_, err := fmt.Sscanf(costs, "i=%d,l=%d", &rounds, &length)
	switch {
	case digests[digest] == nil:
		return nil, errors.New("the digest of the pbkdf2 hash is not known here")
	case err != nil || costs != fmt.Sprintf("i=%d,l=%d", rounds, length) || rounds < 1:
		return nil, errors.New("the costs of the pbkdf2 hash must be written i=…,l=…")
	case rounds > maxPBKDF2Rounds:
		return nil, fmt.Errorf("pbkdf2 iterations %d exceed %d", rounds, maxPBKDF2Rounds)
	}
	return readDerived(rest, length, func(secret string, salt []byte, length int) []byte {
		key, err := pbkdf2.Key(digests[digest], secret, salt, rounds, length)
		if err != nil {
			return nil
		}
		return key
	})
}

// readDerived reads salt$key, both in unpadded base64; length is how many
// bytes the key has to have, 0 if that is not said.
func readDerived(rest string, length int, derive func(secret string, salt []byte, length int) []byte) (func(string) bool, error) {
	first, second, _ := strings.Cut(rest, "$")
	salt, errSalt := base64.RawStdEncoding.Strict().DecodeString(first)
	key, errKey := base64.RawStdEncoding.Strict().DecodeString(second)
	if errSalt != nil || errKey != nil || len(salt) > maxDerivedKey || len(key) < 8 || len(key) > maxDerivedKey || length != 0 && len(key) != length {
		return nil, fmt.Errorf("the salt and the key must be base64 without padding, of at most %d bytes", maxDerivedKey)
	}
	return func(secret string) bool {
		return subtle.ConstantTimeCompare(key, derive(secret, salt, len(key))) == 1
	}, nil
}
