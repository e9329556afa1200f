package history

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WithNewKey is the text of a key file with one more key, which it returns the public
// part of. Everything else of the file stays as it is.
func WithNewKey(text []byte, random io.Reader) ([]byte, ed25519.PublicKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, nil, err
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = slices.Concat(text, []byte("\n"))
	}
	text = slices.Concat(text, []byte(algorithm+" "+base64.StdEncoding.EncodeToString(seed)+"\n"))
	if _, err := ParseKeys(text); err != nil {
		return nil, nil, err
	}
	return text, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), nil
}

// WithoutKey is the text of a key file without the line of a key, and whether there was
// one. A file that would have no key any more is an error.
func WithoutKey(text []byte, public ed25519.PublicKey) ([]byte, bool, error) {
	var kept []string
	for _, line := range strings.SplitAfter(string(text), "\n") {
		if k, err := ParseKeys([]byte(line)); err == nil && k.Has(public) {
			continue
		}
		kept = append(kept, line)
	}
	left := []byte(strings.Join(kept, ""))
	if len(left) == len(text) {
		return text, false, nil
	}
	if _, err := ParseKeys(left); err != nil {
		return nil, false, fmt.Errorf("without this key: %w", err)
	}
	return left, true, nil
}

// Has reports whether a public key is that of one of the keys.
func (k *Keys) Has(public ed25519.PublicKey) bool {
	return slices.ContainsFunc(k.keys, func(key ed25519.PrivateKey) bool { return public.Equal(key.Public()) })
}

// Only is the one key of a file; an error if there are more.
func (k *Keys) Only() (ed25519.PrivateKey, error) {
	if len(k.keys) != 1 {
		return nil, errors.New("there is more than one key in it")
	}
	return k.keys[0], nil
}
