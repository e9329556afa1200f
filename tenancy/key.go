package tenancy

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"tenure/tenancy/history"
)

// KeyPrefix starts every API key, so that scanners for leaked secrets find it.
const KeyPrefix = "tenure_"

// Key is an API key without its secret text.
type Key struct {
	ID         string // 32 hex
	Org        OrgID
	Name       string
	Role       Role
	Surface    string         // which API made it
	ExpiresAt  history.Micros // 0 for never
	RecordedAt history.Micros
	LastUsed   history.Micros // 0 for never
}

// hashKey is how a key is stored: 256 random bits need no slow hash.
func hashKey(text string) [32]byte { return sha256.Sum256([]byte(text)) }

// heldKey is a key that authenticates, and its last use.
type heldKey struct {
	Key
	used    atomic.Int64 // µs
	flushed int64        // used as last written; the flusher's only
}

// keyring holds every key that is not revoked.
type keyring struct {
	mu     sync.RWMutex
	byHash map[[32]byte]*heldKey
	hashes map[string][32]byte // by key id
}

func (r *keyring) find(hash [32]byte) *heldKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byHash[hash]
}

func (r *keyring) add(hash [32]byte, k Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.byHash[hash]; there {
		return
	}
	held := &heldKey{Key: k, flushed: int64(k.LastUsed)}
	held.used.Store(int64(k.LastUsed))
	r.byHash[hash], r.hashes[k.ID] = held, hash
}

func (r *keyring) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if hash, ok := r.hashes[id]; ok {
		delete(r.byHash, hash)
		delete(r.hashes, id)
	}
}

// keep removes every key that is not live.
func (r *keyring) keep(live map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, hash := range r.hashes {
		if !live[id] {
			delete(r.byHash, hash)
			delete(r.hashes, id)
		}
	}
}

func (r *keyring) lastUsed(id string) history.Micros {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k := r.byHash[r.hashes[id]]; k != nil {
		return history.Micros(k.used.Load())
	}
	return 0
}

// unflushed lists the uses that are not written yet.
func (r *keyring) unflushed() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	uses := make(map[string]int64)
	for _, k := range r.byHash {
		if used := k.used.Load(); used > k.flushed {
			uses[k.ID] = used
			k.flushed = used
		}
	}
	return uses
}
