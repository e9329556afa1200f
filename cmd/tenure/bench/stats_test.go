package bench

import (
	"slices"
	"testing"
	"time"

	"tenure/snapshots/document"
)

func TestMedians(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{5, 1, 100}, 5}, {[]float64{4, 1, 2, 100}, 3}} {
		before := slices.Clone(c.values)
		if got := median(c.values); got != c.want || !slices.Equal(before, c.values) {
			t.Errorf("%v: %v, and they are %v now", before, got, c.values)
		}
	}
}

func TestPercentiles(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, c := range []struct {
		values []time.Duration
		share  float64
		want   time.Duration
	}{{nil, 0.5, 0}, {hundred[:1], 0.99, 1}, {hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1}, {hundred[:10], 0.99, 10}} {
		if got := percentile(c.values, c.share); got != c.want {
			t.Errorf("%d values, %v: %d, want %d", len(c.values), c.share, got, c.want)
		}
	}
}

func TestScatterGivesEachNumberOnce(t *testing.T) {
	for _, n := range []int{1, 2, 3, 36, 100, 1001} {
		s, seen := newScatter(n), make([]int, n)
		for i := range 2 * n {
			k, first := s.take()
			if first != (i < n) {
				t.Errorf("%d: number %d comes for the first time: %v", n, i, first)
			}
			seen[k]++
		}
		if slices.Min(seen) != 2 || slices.Max(seen) != 2 {
			t.Errorf("%d: %v", n, seen)
		}
	}
}

// TestClientsOfTheRows: the rows of cold reads ask for clients that are there, each
// once, and have key sets as the row says.
func TestClientsOfTheRows(t *testing.T) {
	for _, clients := range []int{leastClients, 51, 59, 60, 61, 1000} {
		s := &state{Clients: clients}
		seen := map[int]bool{}
		for k := range s.plains() {
			if i := plainClient(k); i < firstPlain || i >= clients || hasChain(i) || seen[i] {
				t.Errorf("%d clients: plain client %d is %d", clients, k, i)
			} else {
				seen[i] = true
			}
		}
		for k := range s.chains() {
			if i := chainClient(k); i >= clients || !hasChain(i) || seen[i] {
				t.Errorf("%d clients: chain client %d is %d", clients, k, i)
			} else {
				seen[i] = true
			}
		}
		if len(seen) < clients/2 {
			t.Errorf("%d clients: only %d are asked for", clients, len(seen))
		}
	}
}

func TestSeededDocuments(t *testing.T) {
	names, owners := map[string]bool{}, map[string]int{}
	for i := range 10 * nameKinds {
		doc := documentOf(i, "")
		names[doc.ClientName] = true
		owners[doc.OwnerLabel]++
		if n := len(document.Encode(doc)); n < 1000 || n > 1700 {
			t.Fatalf("client %d has %d bytes", i, n)
		}
		if free, err := document.ParseJSON([]byte(doc.FreeMetadata)); err != nil || free != doc.FreeMetadata {
			t.Fatalf("%s is not canonical: %v", doc.FreeMetadata, err)
		}
	}
	if len(names) != nameKinds || owners[ownerLabel(3)] != perOwner {
		t.Errorf("%d names, %d clients of an owner", len(names), owners[ownerLabel(3)])
	}
}

func TestTargets(t *testing.T) {
	micros := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		target target
		result Result
		text   string
		want   string
	}{
		{target{}, Result{Rate: 1}, "", ""},
		{target{rate: 3000, cpu: 350}, Result{Rate: 3000, CPU: micros(350)}, "≥ 3,000/s, ≤ 350 µs", met},
		{target{rate: 3000, cpu: 350}, Result{Rate: 2999, CPU: micros(350)}, "≥ 3,000/s, ≤ 350 µs", notMet},
		{target{rate: 3000, cpu: 350}, Result{Rate: 3000, CPU: micros(351)}, "≥ 3,000/s, ≤ 350 µs", notMet},
		{target{rate: 3000, cpu: 350}, Result{Rate: 3000}, "≥ 3,000/s, ≤ 350 µs", met},
		{target{ratio: 0.6}, Result{Rate: 9, Ratio: 0.59}, "≥ 0.60", notMet},
		{target{cpu: 150}, Result{Beside: "bare handler"}, "≤ 150 µs", failed},
		{target{ratio: 0.6}, Result{Rate: 9, Ratio: 0.61, Failed: 1}, "≥ 0.60", failed},
		{target{}, Result{Rate: 9, Failed: 1}, "", failed},
		{target{seconds: 0.5}, Result{Seconds: 0.51}, "≤ 0.5 s", notMet},
		{target{bytes: 217e6}, Result{Bytes: 217e6}, "≤ 217 MB", met},
		{target{bytes: 217e6}, Result{Bytes: 218e6}, "≤ 217 MB", notMet},
	} {
		r := c.result
		if c.target.judge(&r); r.Target != c.text || r.Verdict != c.want {
			t.Errorf("%+v: %q, %q; want %q, %q", c.result, r.Target, r.Verdict, c.text, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for v, want := range map[float64]string{0.5: "0.5", 99.94: "99.9", 100: "100", 999.6: "1,000", 1234567: "1,234,567", 123456: "123,456"} {
		if got := thousands(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
}
