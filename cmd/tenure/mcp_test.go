package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestModelContextProtocol runs the TypeScript and the Python SDK of the Model Context
// Protocol against tenure dev. TENURE_MCP_SDKS is a folder in which testdata/mcp was
// installed, as .ci/run does: node_modules, and python, a virtual environment. With
// TENURE_REQUIRE_MCP=1 the test does not skip.
func TestModelContextProtocol(t *testing.T) {
	dir := os.Getenv("TENURE_MCP_SDKS")
	if dir == "" {
		if os.Getenv("TENURE_REQUIRE_MCP") == "1" {
			t.Fatal("TENURE_MCP_SDKS is required here")
		}
		t.Skip("the SDKs are not installed: TENURE_MCP_SDKS names no folder")
	}
	p := started(t, "", "dev")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for _, run := range [][]string{{"node", "register.mjs"}, {filepath.Join(dir, "python", "bin", "python"), "register.py"}} {
		source, err := os.ReadFile(filepath.Join("..", "..", "testdata", "mcp", run[1]))
		must(t, err)
		file := filepath.Join(dir, run[1]) // beside the modules that it imports
		must(t, os.WriteFile(file, source, 0o600))
		out, err := exec.CommandContext(ctx, run[0], file, p.file).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", run[1], err, out)
		}
	}
	p.stop(t)
}
