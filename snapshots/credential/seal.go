package credential

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// KeySize is the length of a sealing key in bytes.
const KeySize = 32

// Sealer keeps recoverable copies of client secrets under a key that is not
// in the database (AES-256-GCM).
type Sealer struct {
	aead cipher.AEAD
	id   string
}

// NewSealer makes a Sealer of a key of KeySize bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a sealing key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("tenure sealing key id\n"), key...))
	return &Sealer{aead: aead, id: hex.EncodeToString(sum[:8])}, nil
}

// KeyID is the public id of the key, in hex.
func (s *Sealer) KeyID() string { return s.id }

// Seal binds the copy to the secret's id, so that copies cannot be swapped.
func (s *Sealer) Seal(random io.Reader, secretID, plain string) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return s.aead.Seal(nonce, nonce, []byte(plain), []byte(secretID)), nil
}

// Open returns the secret of a copy that Seal made under the same key and for
// the same id, and an error for any other.
func (s *Sealer) Open(secretID string, sealed []byte) (string, error) {
	if len(sealed) < s.aead.NonceSize() {
		return "", fmt.Errorf("sealed secret %s is too short", secretID)
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(secretID))
	if err != nil {
		return "", fmt.Errorf("sealed secret %s: %w", secretID, err)
	}
	return string(plain), nil
}
