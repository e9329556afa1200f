package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tenure/cmd/tenure/demo"
)

// TestCommandsOfTheAuditingDocument runs every shell block of docs/auditing.md
// in turn and compares what it prints with the block that follows: "…" stands
// for anything, a line of it alone for any lines.
func TestCommandsOfTheAuditingDocument(t *testing.T) {
	needCurl(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "auditing.md"))
	must(t, err)
	p := started(t, "", "dev")
	defer p.stop(t)
	dir := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, filepath.Join(dir, "tenure")))
	env := append(os.Environ(), asProgram+"=1", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, v := range demo.Variables(p.info) {
		env = append(env, v.Name+"="+v.Value)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```\n```text\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	if len(blocks) < 8 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, block := range blocks {
		cmd := exec.Command("sh", "-eu", "-c", block[1])
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		text := regexp.QuoteMeta(strings.TrimSpace(block[2]))
		text = strings.ReplaceAll(text, "\n…\n", "\n(?s:.*)\n")
		want := regexp.MustCompile("^" + strings.ReplaceAll(text, "…", ".*") + "$")
		got := strings.TrimSpace(regexp.MustCompile(`\n\n+`).ReplaceAllString(strings.ReplaceAll(string(out), "\r", ""), "\n"))
		if err != nil || !want.MatchString(got) && !want.MatchString(strings.TrimSpace(strings.ReplaceAll(string(out), "\r", ""))) {
			t.Errorf("%s\n%v\nprinted:\n%s\nthe document says:\n%s", block[1], err, got, block[2])
		}
	}
}
