package tenancy

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"sync"

	"github.com/google/uuid"

	"tenure/tenancy/history"
)

// IDs makes identifiers and tokens from a source of randomness. It is safe
// for concurrent use.
type IDs struct {
	mu     sync.Mutex
	random io.Reader
}

// NewIDs reads from random; nil is the system's own source.
func NewIDs(random io.Reader) *IDs {
	if random == nil {
		random = rand.Reader
	}
	return &IDs{random: random}
}

// Read fills p; it fails only if the source does, and then the process cannot
// go on safely.
func (g *IDs) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := io.ReadFull(g.random, p); err != nil {
		panic("no randomness: " + err.Error())
	}
	return len(p), nil
}

// Hex is a new id of 32 lower-case hex characters.
func (g *IDs) Hex() string {
	var b [16]byte
	g.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Ordered is a new id of 32 lower-case hex characters that follows those of earlier
// instants: 48 bits of milliseconds, then 80 random bits. Rows with such keys are
// added at the right edge of their indexes, so that few pages change.
func (g *IDs) Ordered(at history.Micros) string {
	var b [16]byte
	g.Read(b[:])
	random := binary.BigEndian.Uint64(b[:8]) & (1<<16 - 1)
	binary.BigEndian.PutUint64(b[:8], uint64(at.Millis())<<16|random)
	return hex.EncodeToString(b[:])
}

// UUID is a new version 4 UUID (RFC 9562), lower case.
func (g *IDs) UUID() string {
	id, err := uuid.NewRandomFromReader(g)
	if err != nil {
		panic("no randomness: " + err.Error())
	}
	return id.String()
}

// Token is prefix and 32 random bytes in unpadded URL-safe base64.
func (g *IDs) Token(prefix string) string {
	var b [32]byte
	g.Read(b[:])
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}
