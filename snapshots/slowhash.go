package snapshots

import (
	"runtime"

	"tenure/snapshots/credential"
)

// newHashSlots bounds how many slow hashes a store computes at once, and with
// them processors and memory.
func newHashSlots() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) }

// slowly computes a slow hash when a slot for it is free.
func (s *Store) slowly(compute func()) {
	s.hashSlots <- struct{}{}
	defer func() { <-s.hashSlots }()
	compute()
}

// matches reports whether the hash is the secret's.
func (s *Store) matches(hash credential.Hash, secret string) (ok bool) {
	if hash.Fast() {
		return hash.Matches(secret)
	}
	s.slowly(func() { ok = hash.Matches(secret) })
	return ok
}

// hashChosen hashes a secret that a person or another system chose.
func (s *Store) hashChosen(secret string) (hash credential.Hash, err error) {
	s.slowly(func() { hash, err = credential.Chosen(s.ids, secret) })
	return hash, err
}
