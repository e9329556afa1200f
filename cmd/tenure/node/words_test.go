package node

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure/handlers"
)

// TestOperationsNameEveryWordOfReadyz: docs/operations.md says of each word what to do, and
// docs/api/operations.md has it.
func TestOperationsNameEveryWordOfReadyz(t *testing.T) {
	page := readDoc(t, "operations.md")
	_, rest, found := strings.Cut(page, "\n## Words of /readyz\n")
	if !found {
		t.Fatal("docs/operations.md has no section on the words of /readyz")
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	var have []string
	for _, row := range regexp.MustCompile("(?m)^\\| [a-z]+ \\| (`[^|]*`) \\|").FindAllStringSubmatch(section, -1) {
		for _, word := range strings.Split(row[1], ", ") {
			have = append(have, strings.Trim(word, "`"))
		}
	}
	if want := handlers.Words; !slices.Equal(have, want) {
		t.Errorf("docs/operations.md has rows for %q, the words are %q", have, want)
	}
	api := readDoc(t, filepath.Join("api", "operations.md"))
	for _, word := range handlers.Words {
		if !strings.Contains(api, "`"+word+"`") {
			t.Errorf("docs/api/operations.md has no %s", word)
		}
	}
}

// TestWordsOfReadyzAreOfTheList: no check of this package says a word that handlers.Words lacks.
func TestWordsOfReadyzAreOfTheList(t *testing.T) {
	listed := constants(t, filepath.Join("..", "..", "..", "handlers", "operations.go"))
	if len(listed) != len(handlers.Words) {
		t.Errorf("handlers has %d constants Word…, and Words %d", len(listed), len(handlers.Words))
	}
	files, err := filepath.Glob("*.go")
	must(t, err)
	said := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for i, to := range assign.Lhs {
				field, ok := to.(*ast.SelectorExpr)
				if !ok || field.Sel.Name != "Word" || i >= len(assign.Rhs) {
					continue
				}
				switch value := assign.Rhs[i].(type) {
				case *ast.SelectorExpr:
					said[value.Sel.Name] = true
				case *ast.BasicLit:
					if text, _ := strconv.Unquote(value.Value); text != "" {
						t.Errorf("%s says %s, which must be a constant of handlers", name, value.Value)
					}
				}
			}
			return true
		})
	}
	for name := range listed {
		if !said[name] {
			t.Errorf("no check says handlers.%s", name)
		}
		delete(said, name)
	}
	for name := range said {
		t.Errorf("handlers.Words does not have %s", name)
	}
}

// constants are the names of a file that begin with Word, but the function of all.
func constants(t *testing.T, path string) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	must(t, err)
	names := map[string]bool{}
	for _, decl := range file.Decls {
		if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.CONST {
			for _, spec := range gen.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(name.Name, "Word") {
						names[name.Name] = true
					}
				}
			}
		}
	}
	return names
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
	must(t, err)
	return string(raw)
}
