package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenure/cmd/tenure/exit"
)

// checkpointAbove asks until the served checkpoint has more entries than n: a
// new one is not signed within a second of the last.
func (p *program) checkpointAbove(t *testing.T, n int) (origin string, size int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		res, err := http.Get(p.info.URL + "/log/checkpoint")
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, err)
		res.Body.Close()
		if _, err := fmt.Sscanf(string(body), "%s\n%d\n", &origin, &size); err != nil || res.StatusCode != 200 {
			t.Fatalf("checkpoint: %s %s", res.Status, body)
		}
		if size > n {
			return origin, size
		}
	}
	t.Fatalf("no checkpoint of more than %d entries", n)
	return "", 0
}

func (p *program) createClient(t *testing.T) {
	t.Helper()
	if status, made, err := p.call("POST", p.clients(), `{"name":"c","confidentiality_type":"public"}`); err != nil || status != 201 {
		t.Fatalf("create: %d %v %v", status, made, err)
	}
}

// A database is restored from a backup that is older than what was published:
// the server refuses it until the operator starts a new origin.
func TestRestoredDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	db, state, info := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "published"), filepath.Join(dir, "info.json")
	serve := []string{"serve", "--database", db, "--log-state", state}
	p := started(t, info, serve...)
	origin, size := p.checkpointAbove(t, 0)
	if !strings.HasPrefix(origin, "tenure-") || !strings.HasSuffix(origin, "/log") {
		t.Errorf("the origin is %s", origin)
	}
	code, key := fails(t, "log", "key", "--database", db)
	if code != 0 || !strings.HasPrefix(key, origin+"+") {
		t.Fatalf("log key: exit %d, %s", code, key)
	}
	p.stop(t)
	backup, err := os.ReadFile(db)
	must(t, err)

	p = started(t, info, serve...)
	p.createClient(t)
	_, later := p.checkpointAbove(t, size)
	watch := []string{"log", "watch", p.info.URL, "--state", filepath.Join(dir, "seen"), "--key", strings.TrimSpace(key), "--once"}
	if code, out := fails(t, watch...); code != 0 {
		t.Errorf("watch: exit %d, %s", code, out)
	}
	p.stop(t)
	if kept, err := os.ReadFile(state); err != nil || !strings.HasPrefix(string(kept), fmt.Sprintf("%s\n%d\n", origin, later)) {
		t.Errorf("kept is %s, %v", kept, err)
	}
	if info, err := os.Stat(db + ".log-key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v", info, err)
	}

	must(t, os.WriteFile(db, backup, 0o600))
	again := append(serve, "--listen", "127.0.0.1:0")
	if code, out := fails(t, again...); code != exit.Refused || !strings.Contains(out, fmt.Sprintf("%d were published", later)) ||
		!strings.Contains(out, "tenure log new-origin") {
		t.Fatalf("a restored database: exit %d, %s", code, out)
	}
	code, out := fails(t, "log", "new-origin", "--database", db, "--log-state", state, "--reason", "restored")
	if code != 0 || !strings.Contains(out, fmt.Sprintf("%s ended with %d entries", origin, later)) || !strings.Contains(out, origin+"2+") ||
		!strings.Contains(out, fmt.Sprintf("lost: of %d entries of the log, up to 2", later)) {
		t.Fatalf("new origin: exit %d, %s", code, out)
	}
	if code, out := fails(t, "log", "new-origin", "--database", db, "--log-state", state, "--reason", "again"); code == 0 || !strings.Contains(out, "has published nothing") {
		t.Errorf("a second new origin: exit %d, %s", code, out)
	}
	p = started(t, info, serve...)
	p.createClient(t)
	if next, _ := p.checkpointAbove(t, size); next != origin+"2" {
		t.Errorf("the origin is %s, want %s2", next, origin)
	}
	watch[2] = p.info.URL
	if code, out := fails(t, watch...); code != exit.Proof || !strings.Contains(out, "none of the log's keys") {
		t.Errorf("watch of the new origin: exit %d, %s", code, out)
	}
	p.stop(t)
	if code, out := fails(t, "check", "--database", db); code != 0 {
		t.Errorf("check: exit %d, %s", code, out)
	}
	if code, out := fails(t, "check", "--database", db, "--log-key", filepath.Join(dir, "none")); code != exit.Usage {
		t.Errorf("check with a key that is not there: exit %d, %s", code, out)
	}
}

func TestLogKeys(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "tenure.db")
	p := started(t, "", "serve", "--database", db, "--log-key", "none")
	res, err := http.Get(p.info.URL + "/log/checkpoint")
	must(t, err)
	body, err := io.ReadAll(res.Body)
	must(t, err)
	res.Body.Close()
	if res.StatusCode != 404 || !strings.Contains(string(body), "no key") {
		t.Errorf("without a key: %s %s", res.Status, body)
	}
	p.stop(t)
	if _, err := os.Stat(db + ".log-key"); err == nil {
		t.Error("a key was made in spite of none")
	}
	p = started(t, "", "serve", "--database", db, "--public-url", "https://conf.example.org/tenure/")
	if origin, _ := p.checkpointAbove(t, 0); origin != "conf.example.org/tenure/log" {
		t.Errorf("the origin is %s", origin)
	}
	p.stop(t)
	// The key of a log that has signed is not replaced by a new one.
	right := db + ".log-key"
	must(t, os.Rename(right, right+".away"))
	again := []string{"serve", "--database", db, "--listen", "127.0.0.1:0"}
	if code, out := fails(t, again...); code != exit.Database || !strings.Contains(out, "--log-key") {
		t.Errorf("the key is lost: exit %d, %s", code, out)
	}
	must(t, os.WriteFile(right, []byte(watchKey), 0o600))
	if code, out := fails(t, again...); code != exit.Refused || !strings.Contains(out, "is signed with conf.example.org/tenure/log+") {
		t.Errorf("another key: exit %d, %s", code, out)
	}
	if code, out := fails(t, "check", "--database", db); code != exit.Problems || !strings.Contains(out, "none of the keys") {
		t.Errorf("check with another key: exit %d, %s", code, out)
	}
	must(t, os.WriteFile(right, []byte("ed25519 geheim\n"), 0o600))
	if code, out := fails(t, again...); code != exit.Database || !strings.Contains(out, "line 1") || strings.Contains(out, "geheim") {
		t.Errorf("a broken key: exit %d, %s", code, out)
	}
	if code, out := fails(t, append(again, "--log-state", filepath.Join(dir, "no", "where"))...); code != exit.Database {
		t.Errorf("a state that cannot be kept: exit %d, %s", code, out)
	}
	for _, args := range [][]string{{"log", "key", "--database", db, "--log-key", "none"}, {"log", "new-origin", "--database", db, "--log-key", "none"}} {
		if code, out := fails(t, args...); code != exit.Usage {
			t.Errorf("%v: exit %d, %s", args, code, out)
		}
	}
}
