package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The program that docs/log.md shows, in another language and with no library,
// computes the root that the server signs, and knows one that is wrong.
func TestTheProgramOfTheLogDocument(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine")
	}
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "log.md"))
	must(t, err)
	m := regexp.MustCompile("(?s)```python\n(.*?)```").FindSubmatch(raw)
	if m == nil {
		t.Fatal("docs/log.md shows no program")
	}
	script := filepath.Join(t.TempDir(), "root.py")
	must(t, os.WriteFile(script, m[1], 0o600))
	p := started(t, "", "dev")
	for range 300 {
		p.createClient(t)
	}
	_, size := p.checkpointAbove(t, 256)
	out, err := exec.Command(python, script, p.info.URL+"/log").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the root is theirs") {
		t.Errorf("of %d entries: %v, %s", size, err, out)
	}
	must(t, os.WriteFile(script, []byte(strings.Replace(string(m[1]), `b"\x01"`, `b"\x02"`, 1)), 0o600))
	if out, err := exec.Command(python, script, p.info.URL+"/log").CombinedOutput(); err == nil {
		t.Errorf("with another hash for nodes: %s", out)
	}
}
