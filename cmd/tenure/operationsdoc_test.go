package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommandsOfTheOperationsDocument runs every shell block of
// docs/operations.md in turn, beside a server, and compares what it prints with
// the block that follows; "…" stands for anything in a line.
func TestCommandsOfTheOperationsDocument(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	must(t, err)
	dir := t.TempDir()
	p := started(t, "", "serve", "--database", filepath.Join(dir, "tenure.db"), "--log-level", "error")
	defer p.stop(t)
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, filepath.Join(dir, "tenure")))
	env := append(os.Environ(), asProgram+"=1", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```\n```text\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	if shells := strings.Count(string(raw), "```sh\n"); len(blocks) != shells || shells < 6 {
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
