package hydraimport

import (
	"bytes"
	"testing"
	"time"
)

// TestProgressInLines: the rate is that of the last seconds, not of the whole import.
func TestProgressInLines(t *testing.T) {
	var screen bytes.Buffer
	p := newProgress(&screen, true)
	now := p.shown
	p.now = func() time.Time { return now }
	for _, step := range []struct {
		after   time.Duration
		clients int
		share   float64
		want    string
	}{
		{9 * time.Second, 90_000, 0.1, ""},
		{time.Second, 100_000, 0.1, " 10 %  100000 clients, 10000/s, 1m30s left\n"},
		{10 * time.Second, 120_000, 0.2, " 20 %  120000 clients, 6000/s, 1m20s left\n"},
		{10 * time.Second, 140_000, 0.3, " 30 %  140000 clients, 2000/s, 1m10s left\n"},
		{10 * time.Second, 160_000, 1, "100 %  160000 clients, 2000/s\n"},
		{10 * time.Second, 180_000, -1, "180000 clients, 2000/s\n"},
	} {
		now = now.Add(step.after)
		screen.Reset()
		if p.due() {
			p.show(step.clients, step.share)
		}
		if screen.String() != step.want {
			t.Errorf("%q, want %q", screen.String(), step.want)
		}
	}
}
