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

// Bearer is what a sealed copy belongs to: a copy opens for the same secret of the
// same client, under the same client_id, with the same hash only.
type Bearer struct {
	Secret, Client string // ids
	ClientID       string // the name under which the secret authenticates
	Hash           Hash
}

// data is what the copy's tag is made over in addition.
func (b Bearer) data() []byte {
	return []byte("tenure secret copy 2\n" + b.Secret + "\n" + b.Client + "\n" + string(b.Hash) + "\n" + b.ClientID)
}

// Seal makes the copy of a secret's text.
func (s *Sealer) Seal(random io.Reader, of Bearer, plain string) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return s.aead.Seal(nonce, nonce, []byte(plain), of.data()), nil
}

// Open returns the secret of a copy that Seal made under the same key for the same
// bearer, and an error for any other.
func (s *Sealer) Open(of Bearer, sealed []byte) (string, error) {
	return s.open(of.Secret, of.data(), sealed)
}

func (s *Sealer) open(secret string, data, sealed []byte) (string, error) {
	if len(sealed) < s.aead.NonceSize() {
		return "", fmt.Errorf("the sealed copy of secret %s is too short", secret)
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], data)
	if err != nil {
		return "", fmt.Errorf("the sealed copy of secret %s is not of this secret, client, client_id and hash, or of another key: %w", secret, err)
	}
	return string(plain), nil
}

// Reseal makes the copy of one that schema version 3 kept, which belonged to the id of
// the secret alone.
func (s *Sealer) Reseal(random io.Reader, of Bearer, sealed []byte) ([]byte, error) {
	plain, err := s.open(of.Secret, []byte(of.Secret), sealed)
	if err != nil {
		return nil, err
	}
	return s.Seal(random, of, plain)
}
