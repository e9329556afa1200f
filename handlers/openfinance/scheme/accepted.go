package scheme

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// maxAccepted is how many bytes of certificates an Accepted remembers.
const maxAccepted = 8 << 20

// Accepted remembers chains that one Trust accepted, as their signatures and names stay
// what they are. Whether a certificate is valid at the instant, or revoked, is asked
// each time, and a chain that would be refused is verified from the start. The zero
// value remembers nothing yet. It is safe for concurrent use.
type Accepted struct {
	mu    sync.Mutex
	known map[[32]byte]accepted
	bytes int
}

// accepted is what the certificates that a caller presented were found to be.
type accepted struct {
	chains [][]*x509.Certificate // up to the roots
	holder Holder
}

// Verify is t.Verify; t must be the same in each call.
func (a *Accepted) Verify(t *Trust, certs []*x509.Certificate, now time.Time) (Holder, error) {
	key := presentedKey(certs)
	a.mu.Lock()
	found, ok := a.known[key]
	a.mu.Unlock()
	if ok && slices.ContainsFunc(found.chains, func(chain []*x509.Certificate) bool { return t.stillValid(chain, now) }) {
		return found.holder, nil
	}
	chains, holder, err := t.verify(certs, now)
	if err == nil {
		a.keep(key, accepted{chains, holder})
	}
	return holder, err
}

// keep remembers a chain. Where there are too many, those before are forgotten.
func (a *Accepted) keep(key [32]byte, found accepted) {
	size := 0
	for _, chain := range found.chains {
		for _, c := range chain {
			size += 4 * len(c.Raw) // parsed
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bytes += size; a.known == nil || a.bytes > maxAccepted {
		a.known, a.bytes = map[[32]byte]accepted{}, size
	}
	a.known[key] = found
}

// stillValid reports whether a chain that was accepted once is valid at an instant, and none
// of it is revoked, or may be.
func (t *Trust) stillValid(chain []*x509.Certificate, now time.Time) bool {
	return !slices.ContainsFunc(chain, func(c *x509.Certificate) bool {
		return now.Before(c.NotBefore) || now.After(c.NotAfter) || t.Revoked != nil && t.Revoked(c) || t.Expired != nil && t.Expired(c)
	})
}

// presentedKey tells presented certificates, and their order, from any others.
func presentedKey(certs []*x509.Certificate) (key [32]byte) {
	h := sha256.New()
	for _, c := range certs {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(c.Raw))))
		h.Write(c.Raw)
	}
	h.Sum(key[:0])
	return key
}
