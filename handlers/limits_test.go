package handlers_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

// TestEveryLimitIsTried: each row of docs/limits.md is named by a test, which takes its numbers from there
// and tries them from both sides.
func TestEveryLimitIsTried(t *testing.T) {
	var tests strings.Builder
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "jwktest.Limit") {
			tests.Write(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range jwktest.ListedLimits(t) {
		section, name, _ := strings.Cut(row, "/")
		if text := tests.String(); !strings.Contains(text, `"`+section+`"`) || !strings.Contains(text, `"`+name+`"`) {
			t.Errorf("no test takes the limit %q of %q from the page", name, section)
		}
	}
}
