package tenancy

import (
	"strings"

	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Principal is who presented a credential that holds.
type Principal struct {
	KeyID string
	Org   OrgID
	Role  Role
}

// Presented is the SHA-256 of what was presented as an API key, by which its rows know a
// key; zero for what has not the form of one.
func Presented(key string) (hash [32]byte) {
	if strings.HasPrefix(key, KeyPrefix) {
		hash = hashKey(key)
	}
	return hash
}

// errKey is the one answer to every key that does not hold.
func errKey() error {
	return fault.New(fault.Unauthenticated, "", "the API key is missing or not valid")
}

// Authenticate proves who presents an API key. The cost is one SHA-256 and a
// map lookup. Unauthenticated for a key that is unknown, revoked, expired or
// of a deleted organization, without saying which.
func (s *Store) Authenticate(key string) (Principal, error) {
	held, now, err := s.valid(Presented(key))
	if err != nil {
		return Principal{}, err
	}
	s.uses.Note(held.ID, now)
	return held.principal(), nil
}

// valid finds the key with a hash, if it is valid now.
func (s *Store) valid(hash [32]byte) (held *Key, now history.Micros, err error) {
	if held = s.keys.find(hash); held == nil {
		return nil, 0, errKey()
	}
	if now = s.log.Now(); held.ExpiresAt != 0 && now >= held.ExpiresAt {
		return nil, 0, errKey()
	}
	if n := s.tree.get(held.Org); n == nil || n.gone {
		return nil, 0, errKey()
	}
	return held, now, nil
}

func (k *Key) principal() Principal { return Principal{KeyID: k.ID, Org: k.Org, Role: k.Role} }

// Remembered is Authenticate where memory is not current: a key that it does not have may
// be a new one, so that is Unavailable. A revoked key is Unauthenticated if this node
// saw it being revoked. It does not count as a use.
func (s *Store) Remembered(key string) (Principal, error) {
	hash := Presented(key)
	if hash != [32]byte{} && !s.keys.remembers(hash) {
		return Principal{}, fault.New(fault.Unavailable, "", "this node does not know the API key, and cannot ask the store for it")
	}
	held, _, err := s.valid(hash)
	if err != nil {
		return Principal{}, err
	}
	return held.principal(), nil
}

// Knows reports whether memory has an organization, deleted or not.
func (s *Store) Knows(org OrgID) bool { return s.tree.get(org) != nil }
