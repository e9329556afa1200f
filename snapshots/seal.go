package snapshots

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// SealingKeySize is the length of a sealing key in bytes.
const SealingKeySize = 32

// Sealer keeps recoverable copies of client secrets under a key that is not
// in the database (AES-256-GCM).
type Sealer struct {
	aead cipher.AEAD
	id   string
}

// NewSealer makes a Sealer of a key of SealingKeySize bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != SealingKeySize {
		return nil, fmt.Errorf("a sealing key has %d bytes, not %d", SealingKeySize, len(key))
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

// seal binds the copy to the secret's id, so that copies cannot be swapped.
func (s *Sealer) seal(random io.Reader, secretID, plain string) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return s.aead.Seal(nonce, nonce, []byte(plain), []byte(secretID)), nil
}

func (s *Sealer) open(secretID string, sealed []byte) (string, error) {
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

// Sealed reports whether the database's secrets are sealed with some key.
func Sealed(ctx context.Context, d *db.DB) (bool, error) {
	var n int
	err := d.View(ctx, func(c *db.Conn) error {
		return c.Get(&n, "SELECT count(*) FROM installation WHERE name = 'sealing-key'")
	})
	return n > 0, err
}

// bindSealer notes the sealing key's public id in a new database and refuses
// another key in any other.
func (s *Store) bindSealer(ctx context.Context) error {
	if s.sealer == nil {
		return nil
	}
	bound, err := s.installed(ctx, "sealing-key", s.sealer.id)
	if err != nil {
		return err
	}
	if bound != s.sealer.id {
		return fault.New(fault.Conflict, "", "the database's secrets are sealed with key %s, the key given is %s", bound, s.sealer.id)
	}
	return nil
}
