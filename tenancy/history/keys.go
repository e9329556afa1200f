package history

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	maxKeys     = 16
	maxKeyFile  = 64 << 10
	algorithm   = "ed25519"
	keyFileHead = "# Signing keys of the log. Every key signs every checkpoint: add the new one, and take the old one out later.\n"
)

// Keys are the log's signing keys. Each signs every checkpoint, under the log's
// origin as its name (C2SP signed-note), so that they outlive an origin.
type Keys struct{ keys []ed25519.PrivateKey }

// ParseKeys reads a key file: a line for each key, "ed25519", a space and the
// 32-byte seed (RFC 8032) in base64. Empty lines and those that begin with #
// are passed over. Errors name the line and never show it.
func ParseKeys(text []byte) (*Keys, error) {
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("more than %d bytes", maxKeyFile)
	}
	k := &Keys{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		kind, encoded, _ := strings.Cut(line, " ")
		if kind != algorithm {
			return nil, fmt.Errorf("line %d: not a key of a kind that is known (%s)", i+1, algorithm)
		}
		seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil || len(seed) != ed25519.SeedSize {
			return nil, fmt.Errorf("line %d: not %d bytes in base64", i+1, ed25519.SeedSize)
		}
		key := ed25519.NewKeyFromSeed(seed)
		for _, other := range k.keys {
			if bytes.Equal(key, other) {
				return nil, fmt.Errorf("line %d: this key is repeated", i+1)
			}
		}
		k.keys = append(k.keys, key)
	}
	switch {
	case len(k.keys) == 0:
		return nil, errors.New("there is no key in it")
	case len(k.keys) > maxKeys:
		return nil, fmt.Errorf("more than %d keys", maxKeys)
	}
	return k, nil
}

// NewKeyFile is the text of a key file with one new key.
func NewKeyFile(random io.Reader) ([]byte, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	return []byte(keyFileHead + algorithm + " " + base64.StdEncoding.EncodeToString(seed) + "\n"), nil
}

// VerifierKeys are the public keys under an origin, as C2SP signed-note spells
// them: what verifiers are given.
func (k *Keys) VerifierKeys(origin string) ([]string, error) {
	texts := make([]string, len(k.keys))
	for i, key := range k.keys {
		var err error
		if texts[i], err = note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey)); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// Verifiers are what a note under an origin is opened with.
func (k *Keys) Verifiers(origin string) (note.Verifiers, error) {
	signers, err := k.signers(origin)
	if err != nil {
		return nil, err
	}
	list := make([]note.Verifier, len(signers))
	for i, s := range signers {
		list[i] = s.(signer).Verifier
	}
	return note.VerifierList(list...), nil
}

func (k *Keys) signers(origin string) ([]note.Signer, error) {
	texts, err := k.VerifierKeys(origin)
	if err != nil {
		return nil, err
	}
	signers := make([]note.Signer, len(texts))
	for i, text := range texts {
		v, err := note.NewVerifier(text)
		if err != nil {
			return nil, fmt.Errorf("origin %q: %w", origin, err)
		}
		signers[i] = signer{v, k.keys[i]}
	}
	return signers, nil
}

// signer signs notes with a key under an origin.
type signer struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }
