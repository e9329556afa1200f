package snapshots

import (
	"context"
	"runtime"

	"tenure/snapshots/credential"
	"tenure/tenancy/fault"
)

// newHashSlots bounds how many slow hashes a store computes at once, and with
// them processors and memory.
func newHashSlots() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) }

// slowly computes a slow hash when a slot for it is free. Timeout if ctx ends
// before that.
func (s *Store) slowly(ctx context.Context, compute func()) error {
	select {
	case s.hashSlots <- struct{}{}:
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Timeout, "", "the secret could not be hashed in time: too many others are")
	}
	defer func() { <-s.hashSlots }()
	compute()
	return nil
}

// matches reports whether the hash is the secret's.
func (s *Store) matches(ctx context.Context, hash credential.Hash, secret string) (ok bool, err error) {
	if hash.Fast() {
		return hash.Matches(secret), nil
	}
	err = s.slowly(ctx, func() { ok = hash.Matches(secret) })
	return ok, err
}

// hashChosen hashes a secret that a person or another system chose.
func (s *Store) hashChosen(ctx context.Context, secret string) (hash credential.Hash, err error) {
	if waited := s.slowly(ctx, func() { hash, err = credential.Chosen(s.ids, secret) }); waited != nil {
		return hash, waited
	}
	return hash, err
}
