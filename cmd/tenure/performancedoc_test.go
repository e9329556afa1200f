package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPerformanceDocument: docs/performance.md names every flag and every row of the
// benchmark.
func TestPerformanceDocument(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "performance.md"))
	must(t, err)
	text := string(raw)
	for _, f := range settings(leaf(t, "bench")) {
		if !strings.Contains(text, "| `--"+f.Name+"` |") {
			t.Errorf("it does not explain --%s", f.Name)
		}
	}
	for _, row := range append(benchRows, "distance") {
		if !strings.Contains(text, "`"+row+"`") {
			t.Errorf("it does not explain the row %s", row)
		}
	}
}
