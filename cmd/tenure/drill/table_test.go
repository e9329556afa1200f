//go:build linux

package drill

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Headings of the columns by node.
const (
	pausedColumns = "a paused | b paused | c paused"
	foundColumns  = "a found out after | b found out after | c found out after"
)

// row is one fault and what came of it.
type row struct {
	fault   string
	verdict verdict
	times   []time.Duration // by node: the longest time after the fault in which no write was acknowledged, or until it found out
	said    []string        // by node: what /readyz said
}

// table prints rows as Markdown; columns are the headings of the times.
func table(t testing.TB, title, columns string, rows []row) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n| fault | acknowledged | lost | refused | no answer | %s | /readyz |\n|---|---|---|---|---|---|---|---|---|\n", title, columns)
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |", r.fault, r.verdict.acknowledged, len(r.verdict.lost), r.verdict.refused, r.verdict.unanswered)
		for _, d := range r.times {
			fmt.Fprintf(&b, " %s |", seconds(d))
		}
		var words []string
		for k, word := range r.said {
			if word != "ready" {
				words = append(words, fmt.Sprintf("%c: %s", 'a'+k, word))
			}
		}
		if len(words) == 0 {
			words = []string{"ready"}
		}
		fmt.Fprintf(&b, " %s |\n", strings.Join(words, "; "))
	}
	t.Log(b.String())
}
