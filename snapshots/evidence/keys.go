package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
)

const keyFileHead = "# Signing keys of evidence bundles. Every key signs every bundle.\n"

// KeyName is the name under which the bundles of a log are signed.
func KeyName(origin string) string { return "evidence/" + origin }

// NewKeyFile is the text of a key file with one new key, as history.ParseKeys
// reads it.
func NewKeyFile(random io.Reader) ([]byte, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	return []byte(keyFileHead + "ed25519 " + base64.StdEncoding.EncodeToString(seed) + "\n"), nil
}

// statement is what manifest.sig signs.
func statement(origin string, digest [32]byte) string {
	return fmt.Sprintf("tenure evidence v1\n%s\n%s\n", origin, base64.StdEncoding.EncodeToString(digest[:]))
}
