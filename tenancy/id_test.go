package tenancy_test

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"

	"tenure/tenancy"
	"tenure/tenancy/history"
)

// TestOrderedIDs: an id of a later millisecond follows in the order of bytes, has the
// instant in its first 48 bits, and 80 bits that do not follow from it.
func TestOrderedIDs(t *testing.T) {
	ids := tenancy.NewIDs(nil)
	rapid.Check(t, func(t *rapid.T) {
		instant := rapid.Int64Range(0, 1<<47-1)
		a, b := instant.Draw(t, "a"), instant.Draw(t, "b")
		one, other := ids.Ordered(history.Micros(a*1000+999)), ids.Ordered(history.Micros(b*1000))
		raw, err := hex.DecodeString(one)
		if err != nil || len(raw) != 16 {
			t.Fatal(one)
		}
		if got := int64(binary.BigEndian.Uint64(raw) >> 16); got != a {
			t.Errorf("the id of %d says %d", a, got)
		}
		if a != b && (one < other) != (a < b) {
			t.Errorf("%d is %s, %d is %s", a, one, b, other)
		}
		if one[12:] == other[12:] {
			t.Errorf("two ids with one random part: %s", one)
		}
	})
}
