package tenancy

import (
	"encoding/binary"
	"fmt"
	"testing"

	"tenure/jwk/jwktest"
)

// TestRevokedKeysAreRemembered: a node with others beside it tells revoked keys from those that it never
// had, up to a number.
func TestRevokedKeysAreRemembered(t *testing.T) {
	most := jwktest.Limit(t, "Requests", "revoked keys that such a node tells from keys that it never knew")[0]
	row := func(i int) keyRow {
		hash := make([]byte, 32)
		binary.BigEndian.PutUint64(hash, uint64(i+1))
		return keyRow{ID: fmt.Sprint(i), Hash: hash}
	}
	hash := func(i int) [32]byte { return [32]byte(row(i).Hash) }
	ring := newKeyring(true)
	remembered := func(n int) (count int) {
		for i := range n {
			if ring.remembers(hash(i)) {
				count++
			}
		}
		return count
	}
	for i := range most {
		ring.add(row(i))
		ring.remove(row(i).ID, int64(i))
	}
	if got := remembered(most); got != most || ring.find(hash(0)) != nil {
		t.Errorf("%d of %d revoked keys are remembered", got, most)
	}
	ring.add(row(most))
	if !ring.remembers(hash(most)) || ring.remembers(hash(most+1)) {
		t.Error("a key that is there is not remembered, or one that never was is")
	}
	ring.remove(row(most).ID, int64(most))
	if got := remembered(most + 1); got != most || !ring.remembers(hash(most)) {
		t.Errorf("%d of %d revoked keys are remembered", got, most+1)
	}
	alone := newKeyring(false)
	alone.add(row(0))
	if alone.remove(row(0).ID, 0); alone.remembers(hash(0)) {
		t.Error("a node without others remembers")
	}
}
