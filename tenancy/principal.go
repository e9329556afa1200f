package tenancy

import (
	"strings"

	"tenure/tenancy/fault"
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
	if !strings.HasPrefix(key, KeyPrefix) {
		return Principal{}, errKey()
	}
	held := s.keys.find(hashKey(key))
	if held == nil {
		return Principal{}, errKey()
	}
	now := s.log.Now()
	if held.ExpiresAt != 0 && now >= held.ExpiresAt {
		return Principal{}, errKey()
	}
	if n := s.tree.get(held.Org); n == nil || n.gone {
		return Principal{}, errKey()
	}
	s.uses.Note(held.ID, now)
	return Principal{KeyID: held.ID, Org: held.Org, Role: held.Role}, nil
}
