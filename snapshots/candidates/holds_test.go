package candidates_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tenure/snapshots/candidates"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// TestHoldsSaysWhatTheDocumentSays compares what is read from the bytes of random
// documents with the terms of the decoded ones.
func TestHoldsSaysWhatTheDocumentSays(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 5))
	held := map[bool]int{}
	for range 20_000 {
		client, setup, server := documenttest.Random[document.Client](random), documenttest.Random[document.Setup](random), documenttest.Random[document.ResourceServer](random)
		compareHolds(t, random, held, client, candidates.Terms(client))
		compareHolds(t, random, held, setup, candidates.Terms(setup))
		compareHolds(t, random, held, server, candidates.Terms(server))
	}
	if held[true] < 10_000 || held[false] < 10_000 {
		t.Errorf("of the questions %d held and %d did not", held[true], held[false])
	}
}

func compareHolds[T document.Content](t *testing.T, random *rand.Rand, held map[bool]int, doc *T, has []candidates.Term) {
	t.Helper()
	text := func() string { return documenttest.Texts[random.IntN(len(documenttest.Texts))] }
	all := slices.Concat(has, []candidates.Term{candidates.ByName(""), candidates.ByOwner(""), {Field: candidates.Software}, candidates.ByName(text()),
		candidates.ByOwner(text()), candidates.ByMetadata(text(), text()), {Field: candidates.Software, Value: text()}})
	var want []candidates.Term
	for range random.IntN(3) {
		want = append(want, all[random.IntN(len(all))])
	}
	holds := !slices.ContainsFunc(want, func(w candidates.Term) bool { return !slices.Contains(has, w) })
	held[holds]++
	raw := string(document.Encode(doc))
	name, got, err := candidates.Holds(raw, want)
	if err != nil || got != holds || name != has[0].Value {
		t.Fatalf("%s: %q: %q, %t, %v; want %q, %t", raw, want, name, got, err, has[0].Value, holds)
	}
}

// TestHoldsRefusesWhatIsNotJSON, as Decode does.
func TestHoldsRefusesWhatIsNotJSON(t *testing.T) {
	for _, raw := range []string{"", "[]", "null", `{"v":1`, `{"v":1,"client_name":1}`, `{"v":1,"owner":"a}`, `{"v":1,"client_name":"` + "\xff" + `"}`} {
		if _, _, err := candidates.Holds(raw, []candidates.Term{candidates.ByName("a")}); err == nil {
			t.Errorf("%q is read", raw)
		}
	}
}
