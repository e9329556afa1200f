package node

import (
	"testing"
	"time"

	"tenure/jwk/jwktest"
)

// TestLimitsOfTheNode: what the program sets is what docs/limits.md says. Packages snapshots and db, the
// flood and the full disk try it.
func TestLimitsOfTheNode(t *testing.T) {
	for name, want := range map[string]int{
		"the time in which a wrong client secret is refused, at least": int(failureTime / time.Millisecond),
		"memory of the program, which it aims at: caches":              CacheBytes,
		"memory of the program, which it aims at: all else":            MemoryBytes,
		"writes while the disk is full":                                reserveBytes,
	} {
		if got := jwktest.Limit(t, "Requests", name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: the page says %d, the program %d", name, got, want)
		}
	}
}
