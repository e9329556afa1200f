package openfinance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheTableOfRules has a row for every rule and acceptance check, and every
// test that it names is there.
func TestTheTableOfRules(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "openfinance.md"))
	ok(t, err)
	doc := string(raw)
	ids := []string{"B-5a"}
	for prefix, n := range map[string]int{"B-": 26, "R1-": 14, "R2-": 10} {
		for i := range n {
			ids = append(ids, fmt.Sprint(prefix, i+1))
		}
	}
	for i := range 36 {
		ids = append(ids, fmt.Sprintf("A-%02d", i+1))
	}
	for _, id := range ids {
		if strings.Count(doc, "\n| "+id+" |") != 1 {
			t.Errorf("%s has not one row", id)
		}
	}
	var sources strings.Builder
	files, err := filepath.Glob("*_test.go")
	ok(t, err)
	below, err := filepath.Glob("scheme/*_test.go")
	ok(t, err)
	for _, file := range append(files, below...) {
		raw, err := os.ReadFile(file)
		ok(t, err)
		sources.Write(raw)
	}
	for _, name := range regexp.MustCompile("`(Test[A-Z]\\w+)`").FindAllStringSubmatch(doc, -1) {
		if !strings.Contains(sources.String(), "func "+name[1]+"(") {
			t.Errorf("there is no test %s", name[1])
		}
	}
}
