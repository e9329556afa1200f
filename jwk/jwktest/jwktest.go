// Package jwktest has what the tests of jwk, jwk/x509view and jwk/strictjson share: the golden
// examples, how decoded JSON is compared, and recorded answers.
package jwktest

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's root folder, from the folder of the test.
func root(t testing.TB) string {
	t.Helper()
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if path, err := filepath.Abs(dir); err != nil || path == filepath.Dir(path) {
			t.Fatal("no go.mod above the test")
		}
	}
}

// Own is the folder of the project's own examples of kind, "x509" or "jwk".
func Own(t testing.TB, kind string) string {
	t.Helper()
	return filepath.Join(root(t), "testdata", kind, "own")
}

// Golden tests with each folder of kind: the project's own examples always, the shared corpus of
// other projects' files when it lies beside the repository.
func Golden(t *testing.T, kind string, test func(t *testing.T, folder string)) {
	t.Helper()
	t.Run("own", func(t *testing.T) { test(t, Own(t, kind)) })
	t.Run("corpus", func(t *testing.T) {
		folder := filepath.Join(root(t), "..", "shared", kind, "corpus")
		if _, err := os.Stat(folder); err != nil {
			t.Skipf("the shared %s corpus is not beside this repository", kind)
		}
		test(t, folder)
	})
}

// Entry is an example in a folder's manifest.
type Entry struct {
	Name   string
	JDK    string // of a certificate: "ok" if the reference reads it
	Result string // of a key set: "ok" if the reference reads it
}

// Manifest lists the examples of a folder.
func Manifest(t *testing.T, folder string) []Entry {
	t.Helper()
	var entries []Entry
	if err := json.Unmarshal(ReadFile(t, folder, "MANIFEST.json"), &entries); err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		t.Fatalf("%s lists nothing", folder)
	}
	return entries
}

// ReadFile reads the file whose path has these elements.
func ReadFile(t testing.TB, elements ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Answers reads testdata/answers.txt of the test's folder: what an earlier program said of texts of
// all kinds. A line is a text and the answers to it, quoted as in Go and separated by tabs.
func Answers(t *testing.T, test func(t *testing.T, in string, answers []string)) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(ReadFile(t, "testdata", "answers.txt"))), "\n")
	if len(lines) < 100 {
		t.Fatalf("%d answers", len(lines))
	}
	for _, line := range lines {
		columns := strings.Split(line, "\t")
		for i, column := range columns {
			var err error
			if columns[i], err = strconv.Unquote(column); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		test(t, columns[0], columns[1:])
	}
}

// Certificate is the DER of one of the project's own examples.
func Certificate(t testing.TB, name string) []byte {
	t.Helper()
	block, _ := pem.Decode(ReadFile(t, Own(t, "x509"), name+".pem"))
	if block == nil {
		t.Fatal("no PEM block")
	}
	return block.Bytes
}

// Decode decodes exactly one JSON value, its numbers as json.Number.
func Decode(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("invalid JSON: %v\n%.300s", err, data)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Fatal("more than one JSON value")
	}
	return value
}

// Difference describes the first place where two decoded documents differ, numbers compared by
// value; "" when there is none.
func Difference(path string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: got %.200v, want an object", path, got)
		}
		names := maps.Clone(want)
		maps.Copy(names, object)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			_, here := object[name]
			if _, there := want[name]; here != there {
				return fmt.Sprintf("%s/%s: present %v, want %v", path, name, here, there)
			}
			if d := Difference(path+"/"+name, object[name], want[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s: got %.200v, want %.200v", path, got, want)
		}
		for i := range want {
			if d := Difference(fmt.Sprintf("%s/%d", path, i), list[i], want[i]); d != "" {
				return d
			}
		}
		return ""
	case json.Number:
		number, ok := got.(json.Number)
		if ok && number != want {
			a, parsedA := new(big.Rat).SetString(number.String())
			b, parsedB := new(big.Rat).SetString(want.String())
			ok = parsedA && parsedB && a.Cmp(b) == 0
		}
		if !ok {
			return fmt.Sprintf("%s: got %v, want %v", path, got, want)
		}
		return ""
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("%s: got %.300q, want %.300q", path, got, want)
	}
	return ""
}

// HasError reports whether a decoded value has an error entry with a message.
func HasError(value any) bool {
	object, _ := value.(map[string]any)
	failure, _ := object["error"].(map[string]any)
	message, _ := failure["message"].(string)
	return message != ""
}

// limitRows are the cells of a section of docs/limits.md, by the first one.
func limitRows(t testing.TB, section string) map[string][]string {
	t.Helper()
	_, rest, found := strings.Cut(string(ReadFile(t, root(t), "docs", "limits.md")), "\n## "+section+"\n")
	if !found {
		t.Fatalf("docs/limits.md has no section %q", section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	_, table, _ := strings.Cut(rest, "|---|---|---|---|\n")
	rows := map[string][]string{}
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
			if len(cells) != 4 {
				t.Fatalf("a row with %d cells: %s", len(cells), line)
			}
			rows[cells[0]] = cells
		}
	}
	return rows
}

// Limits gives every row of a section of docs/limits.md to its trial, with what the page says is answered
// past the limit. A row without a trial and a trial without a row are failures.
func Limits(t *testing.T, section string, trials map[string]func(t *testing.T, answer string)) {
	t.Helper()
	rows := limitRows(t, section)
	for name, cells := range rows {
		if trial := trials[name]; trial != nil {
			t.Run(name, func(t *testing.T) { trial(t, cells[3]) })
		} else {
			t.Errorf("nobody tries the limit %q", name)
		}
	}
	for name := range trials {
		if rows[name] == nil {
			t.Errorf("docs/limits.md has no row %q", name)
		}
	}
}

// number is a number of a limit's default, in its unit.
var number = regexp.MustCompile(`([0-9][0-9,]*)( KiB| MiB| KB| s\b)?`)

// Limit is a row of docs/limits.md: the numbers of its default, bytes in bytes. A test that tries a limit
// from both sides takes it from here, so that the page is true.
func Limit(t testing.TB, section, name string) []int {
	t.Helper()
	cells := limitRows(t, section)[name]
	if cells == nil {
		t.Fatalf("docs/limits.md has no row %q under %q", name, section)
	}
	var all []int
	for _, found := range number.FindAllStringSubmatch(cells[1], -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(found[1], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n*map[string]int{" KiB": 1 << 10, " MiB": 1 << 20, " KB": 1 << 10}[found[2]]+n*map[string]int{"": 1, " s": 1}[found[2]])
	}
	return all
}

// ListedLimits are the names of all rows of docs/limits.md, with their section before them and a slash.
func ListedLimits(t testing.TB) (names []string) {
	t.Helper()
	for line := range strings.Lines(string(ReadFile(t, root(t), "docs", "limits.md"))) {
		if section, heading := strings.CutPrefix(strings.TrimSpace(line), "## "); heading {
			for name := range limitRows(t, section) {
				names = append(names, section+"/"+name)
			}
		}
	}
	slices.Sort(names)
	return names
}
