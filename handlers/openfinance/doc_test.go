package openfinance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheTableOfRules checks that docs/api/openfinance.md has one row for every
// rule and acceptance check, and that the files, functions and tests in its last
// column exist.
func TestTheTableOfRules(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "api", "openfinance.md"))
	ok(t, err)
	_, table, found := strings.Cut(string(raw), "\n## Where each rule is\n")
	if !found {
		t.Fatal("there is no table of rules")
	}
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
		if strings.Count(table, "\n| "+id+" |") != 1 {
			t.Errorf("%s does not have one row", id)
		}
	}
	var code, tests strings.Builder
	for _, pattern := range []string{"*.go", "scheme/*.go"} {
		files, err := filepath.Glob(pattern)
		ok(t, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			ok(t, err)
			if strings.HasSuffix(file, "_test.go") {
				tests.Write(raw)
			} else {
				code.Write(raw)
			}
		}
	}
	word := regexp.MustCompile(`^(?:[A-Z]\w*\.)?(\w+)$`)
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) < 4 || strings.HasPrefix(cells[1], "--") {
			continue
		}
		for _, quoted := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[len(cells)-2], -1) {
			text := quoted[1]
			switch name := word.FindStringSubmatch(text); {
			case strings.HasSuffix(text, ".go"):
				if _, err := os.Stat(text); err != nil {
					t.Errorf("%.8s: there is no file %s", cells[1], text)
				}
			case strings.HasPrefix(text, "Test"):
				if !strings.Contains(tests.String(), "func "+text+"(") {
					t.Errorf("%.8s: there is no test %s", cells[1], text)
				}
			case name != nil && !regexp.MustCompile(`\b`+name[1]+`\b`).MatchString(code.String()+tests.String()):
				t.Errorf("%.8s: there is no %s", cells[1], text)
			}
		}
	}
}
