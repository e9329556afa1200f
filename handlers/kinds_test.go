package handlers_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tenure/tenancy/history"
)

// TestEveryKindIsListed: what the program records, by any of its sources, is a kind that
// history can be asked for and that docs/api/v1.md names.
func TestEveryKindIsListed(t *testing.T) {
	listed := make(map[string]bool)
	for _, kind := range history.Kinds() {
		listed[string(kind)] = true
	}
	page, err := os.ReadFile("../docs/api/v1.md")
	must(t, err)
	for kind := range listed {
		if !strings.Contains(string(page), "`"+kind+"`") {
			t.Errorf("docs/api/v1.md has no kind %s", kind)
		}
	}
	literal := regexp.MustCompile(`\bKind(?:\(|: +|\s+= +Kind\()"([a-z_]+\.[a-z-]+)"`)
	found := 0
	for _, s := range sources(t) {
		if s.test || strings.HasSuffix(s.dir, "test") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", s.path))
		must(t, err)
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			if found++; !listed[m[1]] {
				t.Errorf("%s records %s, which history.Kinds does not list", s.path, m[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d kinds found in the sources", found)
	}
}
