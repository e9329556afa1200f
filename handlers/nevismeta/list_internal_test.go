package nevismeta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"tenure/snapshots"
)

// TestStreamedLists: a list is the same document, in one body or in pieces.
func TestStreamedLists(t *testing.T) {
	for _, n := range []int{0, 1, longest, longest + 1, 2*longest + 1, 3 * longest} {
		want, listed := make([]string, n), make([]snapshots.Listed, n)
		for i := range listed {
			want[i] = fmt.Sprintf("%032x", i)
			listed[i].ID = snapshots.EntityID(want[i])
		}
		reply, err := (&handler{}).listedIDs("clientIds", listed, snapshots.Filter{})
		if err != nil || (reply.Stream == nil) != (n <= longest) {
			t.Fatalf("%d: streamed %t, %v", n, reply.Stream != nil, err)
		}
		text := bytes.NewBuffer(reply.Body)
		if reply.Stream != nil {
			if err := reply.Stream(text); err != nil {
				t.Fatal(err)
			}
		}
		var got map[string][]string
		if err := json.Unmarshal(text.Bytes(), &got); err != nil || len(got) != 1 || !slices.Equal(got["clientIds"], want) {
			t.Errorf("%d: %d ids, %v", n, len(got["clientIds"]), err)
		}
	}
}
