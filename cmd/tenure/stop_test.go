package main

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestSecondSignal: a server that drains ends at once when it is told again.
func TestSecondSignal(t *testing.T) {
	p := started(t, "", "serve", "--database", filepath.Join(t.TempDir(), "tenure.db"), "--log-level", "error", "--drain", "10m")
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	for tries := 0; ; tries++ {
		resp, err := http.Get(p.info.URL + "/readyz")
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			break
		}
		if tries > 1000 {
			t.Fatal("the server does not say that it will stop")
		}
	}
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.ends:
		exited, ok := err.(*exec.ExitError)
		if !ok || exited.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the server drains on")
	}
}
