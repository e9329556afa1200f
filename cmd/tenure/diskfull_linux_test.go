package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk serves a database on a small file system, fills that, and makes room
// again.
func TestFullDisk(t *testing.T) {
	disk, elsewhere := t.TempDir(), t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=24m"); err != nil {
		t.Skip("a file system of its own cannot be mounted here:", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	database, logFile := filepath.Join(disk, "tenure.db"), filepath.Join(elsewhere, "log")
	p := started(t, filepath.Join(elsewhere, "info.json"), "serve", "--database", database, "--log-file", logFile)
	answer := func(want int, method, path, body string) map[string]any {
		t.Helper()
		status, got, err := p.call(method, path, body)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d %v %v, want %d", method, path, status, got, err, want)
		}
		return got
	}
	client := answer(201, "POST", p.clients(), `{"name":"before","confidentiality_type":"public"}`)
	path := p.clients() + "/" + client["clientId"].(string)
	key := answer(201, "POST", "/v1/keys", fmt.Sprintf(`{"organization_id":%q,"name":"stolen","role":"editor"}`, p.info.Organizations[0].ID))
	answer(200, "GET", "/readyz", "")

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	// The write-ahead log may have room for a few more.
	status, refused, err := 201, map[string]any(nil), error(nil)
	for n := 0; n < 500 && status == 201 && err == nil; n++ {
		status, refused, err = p.call("POST", p.clients(), fmt.Sprintf(`{"name":"more %d %s","confidentiality_type":"public"}`, n, strings.Repeat("x", 900)))
	}
	if text := fmt.Sprint(refused); err != nil || status != 503 || !strings.Contains(text, "the store cannot write: the disk is full") {
		t.Fatal(status, text, err)
	}
	if got := answer(503, "GET", "/readyz", ""); got["reason"] != "the store cannot write: the disk is full" {
		t.Error(got)
	}
	answer(200, "GET", "/readyz?for=reads", "")
	answer(200, "GET", "/healthz", "")
	if got := answer(200, "GET", path, ""); got["name"] != "before" {
		t.Error(got)
	}
	answer(503, "POST", p.clients(), `{"name":"refused","confidentiality_type":"public"}`)
	answer(204, "DELETE", "/v1/keys/"+key["id"].(string), "")
	if status, _, err := p.send(t.Context(), http.DefaultClient, key["api_key"].(string), "GET", path, ""); err != nil || status != 401 {
		t.Error("the key works:", status, err)
	}
	answer(503, "POST", p.clients(), `{"name":"refused","confidentiality_type":"public"}`)

	must(t, os.Remove(filler))
	deadline, ticks := time.After(time.Minute), time.NewTicker(100*time.Millisecond)
	defer ticks.Stop()
	for status = 0; status != 200; {
		select {
		case <-deadline:
			t.Fatal("a minute after there is room again nothing can be written")
		case <-ticks.C:
			status, _, err = p.call("GET", "/readyz", "")
			must(t, err)
		}
	}
	answer(201, "POST", p.clients(), `{"name":"after","confidentiality_type":"public"}`)
	if _, err := os.Stat(database + ".reserve"); err != nil {
		t.Error(err)
	}
	p.stop(t)
	log, err := os.ReadFile(logFile)
	must(t, err)
	for text, times := range map[string]int{`"cause":"the disk is full"`: 1, "the store can be written again": 1, "writing last uses": 0} {
		if n := bytes.Count(log, []byte(text)); n != times {
			t.Errorf("the log has %q %d times, not %d", text, n, times)
		}
	}
	if code, out := fails(t, "check", "--database", database); code != 0 {
		t.Error(code, out)
	}
}

// fill writes a file until its file system is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	block := bytes.Repeat([]byte("x"), 64<<10)
	for len(block) > 0 {
		n, err := f.Write(block)
		switch {
		case err == nil:
		case !errors.Is(err, syscall.ENOSPC):
			t.Fatal(err)
		case n == 0:
			block = block[:len(block)/2]
		}
	}
	f.Close()
}
