package tenancy

import (
	"crypto/sha256"
	"sync"

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

// keyring has every key that is not revoked.
type keyring struct {
	mu     sync.RWMutex
	byHash map[[32]byte]*Key
	hashes map[string][32]byte // by key id
	// revoked are ids of keys with the log index of their revocation, where other
	// nodes write too: a poll that read the rows before that must not add them
	// again. Nil where no other node writes.
	revoked map[string]int64
	// ended are hashes of revoked keys: Remembered tells these from keys that it never
	// saw. At most mostEnded; nil where no other node writes.
	ended map[[32]byte]struct{}
}

// mostEnded is how many revoked keys are remembered.
const mostEnded = 10_000

func newKeyring(shared bool) *keyring {
	r := &keyring{byHash: make(map[[32]byte]*Key), hashes: make(map[string][32]byte)}
	if shared {
		r.revoked, r.ended = make(map[string]int64), make(map[[32]byte]struct{})
	}
	return r
}

func (r *keyring) find(hash [32]byte) *Key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byHash[hash]
}

func (r *keyring) has(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, there := r.hashes[id]
	return there
}

// expires is when a key that is there ends; 0 for never.
func (r *keyring) expires(id string) (at history.Micros, there bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k := r.byHash[r.hashes[id]]
	if k == nil || k.ID != id {
		return 0, false
	}
	return k.ExpiresAt, true
}

// ending counts the keys that end after from, and not after to.
func (r *keyring) ending(from, to history.Micros) (n int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.byHash {
		if k.ExpiresAt > from && k.ExpiresAt <= to {
			n++
		}
	}
	return n
}

func (r *keyring) add(row keyRow) {
	hash, k := [32]byte(row.Hash), row.key()
	r.mu.Lock()
	defer r.mu.Unlock()
	_, there := r.byHash[hash]
	if _, revoked := r.revoked[k.ID]; there || revoked {
		return
	}
	r.byHash[hash], r.hashes[k.ID] = &k, hash
}

// remove takes out a key whose revocation has the log index idx.
func (r *keyring) remove(id string, idx int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.revoked != nil {
		r.revoked[id] = idx
	}
	if hash, ok := r.hashes[id]; ok {
		delete(r.byHash, hash)
		delete(r.hashes, id)
		if r.ended != nil {
			r.end(hash)
		}
	}
}

// end remembers a revoked key, in the place of any other if there are too many.
func (r *keyring) end(hash [32]byte) {
	for other := range r.ended {
		if len(r.ended) < mostEnded {
			break
		}
		delete(r.ended, other)
	}
	r.ended[hash] = struct{}{}
}

// remembers reports whether a key is there, or was until it was revoked.
func (r *keyring) remembers(hash [32]byte) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, ended := r.ended[hash]
	return ended || r.byHash[hash] != nil
}

// forget drops the revocations that every poll from now on sees in the rows:
// those among the first size log entries.
func (r *keyring) forget(size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, idx := range r.revoked {
		if idx < size {
			delete(r.revoked, id)
		}
	}
}
