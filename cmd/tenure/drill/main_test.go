//go:build linux

package drill

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is the path of the program, which TestMain has built, or why it could not.
var program struct {
	path string
	err  error
}

func TestMain(m *testing.M) {
	if !required("TENURE_REQUIRE_HA") && !required("TENURE_REQUIRE_PATRONI") {
		os.Exit(m.Run()) // every test is skipped
	}
	if code, done := runInOwnNetwork(); done {
		os.Exit(code)
	}
	if err := prepareNetwork(); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "tenuredrill")
	if err != nil {
		panic(err)
	}
	program.path = filepath.Join(dir, "tenure")
	program.err = build(program.path)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// required reports whether a variable asks for the drill. It takes minutes and the whole
// machine, so "go test ./..." alone passes over it.
func required(variable string) bool { return os.Getenv(variable) == "1" }

func requireDrill(t *testing.T) {
	t.Helper()
	if !required("TENURE_REQUIRE_HA") {
		t.Skip("the drill takes minutes and the whole machine: TENURE_REQUIRE_HA=1 runs it")
	}
	must(t, program.err)
}

func build(to string, args ...string) error {
	args = append(append([]string{"build", "-buildvcs=false", "-o", to}, args...), "tenure/cmd/tenure")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

// buildAhead builds the program with a clock that is ahead. The compiler is handed another
// tenancy/history/log.go, so that the program itself needs no way to set its clock wrong.
func buildAhead(t *testing.T, by time.Duration) string {
	t.Helper()
	source, err := filepath.Abs("../../../tenancy/history/log.go")
	must(t, err)
	raw, err := os.ReadFile(source)
	must(t, err)
	const clock = "wall = time.Now\n"
	if strings.Count(string(raw), clock) != 1 {
		t.Fatalf("%s no longer has the line %q, which the drill changes", source, clock)
	}
	dir := t.TempDir()
	changed, overlay, to := filepath.Join(dir, "log.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "tenure")
	ahead := fmt.Sprintf("wall = func() time.Time { return time.Now().Add(%d) }\n", by)
	must(t, os.WriteFile(changed, []byte(strings.Replace(string(raw), clock, ahead, 1)), 0o600))
	must(t, os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace":{%q:%q}}`, source, changed), 0o600))
	must(t, build(to, "-overlay", overlay))
	return to
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within calls ok every 20 ms until it returns nil, for at most so long.
func within(t testing.TB, limit time.Duration, what string, ok func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		pause(context.Background(), 20*time.Millisecond)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
