package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// operationsPages are read in this order: what one makes, the next ones use.
func operationsPages(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"operations/backup.md", "operations/postgresql.md", "operations.md"} {
		raw, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(name)))
		must(t, err)
		all.Write(raw)
	}
	return all.String()
}

// firstColumn is what the rows of the table below a heading begin with.
func firstColumn(t *testing.T, page, heading string) []string {
	t.Helper()
	_, rest, found := strings.Cut(page, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/operations.md has no section %s", heading)
	}
	section, _, _ := strings.Cut(rest, "\n##")
	_, rows, _ := strings.Cut(section, "|---|")
	var column []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(rows, -1) {
		column = append(column, strings.Trim(row[1], "`"))
	}
	return column
}

// TestOperationsNameEveryExitCode: docs/operations.md says of each code of package exit, and
// of 0, what to do, and of no other.
func TestOperationsNameEveryExitCode(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("exit", "exit.go"), nil, 0)
	must(t, err)
	want := []string{"0"}
	ast.Inspect(file, func(n ast.Node) bool {
		if decl, ok := n.(*ast.GenDecl); ok && decl.Tok == token.CONST {
			for _, spec := range decl.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					want = append(want, value.(*ast.BasicLit).Value)
				}
			}
		}
		return true
	})
	slices.SortFunc(want, func(a, b string) int { x, _ := strconv.Atoi(a); y, _ := strconv.Atoi(b); return x - y })
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	must(t, err)
	if have := firstColumn(t, string(raw), "Exit codes"); !slices.Equal(have, want) || len(want) < 10 {
		t.Errorf("docs/operations.md has rows for the exit codes %q, the program has %q", have, want)
	}
}

// TestOperationsNameEveryAlert: docs/operations.md says of each alert what to do, in the
// order of docs/alerts.rules.yml.
func TestOperationsNameEveryAlert(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join("..", "..", "docs", "alerts.rules.yml"))
	must(t, err)
	var want []string
	for _, alert := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1) {
		want = append(want, alert[1])
	}
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	must(t, err)
	if have := firstColumn(t, string(raw), "Alerts"); !slices.Equal(have, want) || len(want) == 0 {
		t.Errorf("docs/operations.md has rows for the alerts\n%q\nthe rules are\n%q", have, want)
	}
}

// TestLinksOfTheOperationsPages: each link to a file or a section of these pages leads there.
func TestLinksOfTheOperationsPages(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	pages, err := filepath.Glob(filepath.Join(docs, "operations", "*.md"))
	must(t, err)
	for _, page := range append(pages, filepath.Join(docs, "operations.md")) {
		raw, err := os.ReadFile(page)
		must(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(raw), -1) {
			name, section, _ := strings.Cut(link[1], "#")
			target := page
			if name != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(name))
			}
			text, err := os.ReadFile(target)
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if section != "" && !anchors(string(text))[section] {
				t.Errorf("%s: there is no section %s", page, link[1])
			}
		}
	}
}

// anchors are the names by which links lead to the headings of a page.
func anchors(page string) map[string]bool {
	names := map[string]bool{}
	for _, heading := range regexp.MustCompile("(?m)^#+ (.*)$").FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names[strings.ReplaceAll(name, " ", "-")] = true
	}
	return names
}

// TestCommandsOfTheOperationsDocument runs every sh block of the operations pages
// in turn, beside a server, and compares what it prints with
// the block that follows; "…" stands for anything in a line.
func TestCommandsOfTheOperationsDocument(t *testing.T) {
	raw := operationsPages(t)
	dir := t.TempDir()
	p := started(t, "", "serve", "--database", filepath.Join(dir, "tenure.db"), "--log-level", "error")
	defer p.stop(t)
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, filepath.Join(dir, "tenure")))
	env := append(os.Environ(), asProgram+"=1", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```\n```text\n(.*?)```").FindAllStringSubmatch(raw, -1)
	if shells := strings.Count(raw, "```sh\n"); len(blocks) != shells || shells < 6 {
		t.Fatalf("%d of %d shell blocks say what they print", len(blocks), shells)
	}
	for _, block := range blocks {
		cmd := exec.Command("sh", "-eu", "-c", block[1])
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(block[2])), "…", ".*") + "$")
		if err != nil || !want.MatchString(strings.TrimSpace(string(out))) {
			t.Errorf("%s\n%v\nprinted:\n%s\nthe document says:\n%s", block[1], err, out, block[2])
		}
	}
}
