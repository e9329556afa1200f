package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db/dbtest"
)

// TestRestoredUnderItsFeet puts an older state of the database in the place of the one that
// two servers use. The first ends; the other, with --stay, shows what is there now. Neither
// writes, signs, or touches its --log-state, and nobody sees what is gone.
func TestRestoredUnderItsFeet(t *testing.T) {
	dir, dsn := t.TempDir(), dbtest.Postgres(t)
	keys := map[string]string{"secrets": "none", "log": filepath.Join(dir, "log.keys"), "evidence": filepath.Join(dir, "evidence.keys")}
	for _, use := range []string{"log", "evidence"} {
		if code, out := fails(t, use, "new-key", "--file-only", "--"+use+"-key", keys[use]); code != 0 {
			t.Fatal(out)
		}
	}
	serve := func(state string, more ...string) *program {
		p := started(t, "", append([]string{"serve", "--database", dsn, "--log-level", "error", "--drain", "0s", "--secrets-key-file", "none",
			"--log-key", keys["log"], "--evidence-key", keys["evidence"], "--log-state", state}, more...)...)
		return p
	}
	states := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	a := serve(states[0])
	first := *a
	create := `{"name":"%s","confidentiality_type":"public"}`
	_, kept, err := a.call("POST", a.clients(), fmt.Sprintf(create, "kept"))
	must(t, err)
	a.stop(t)
	server := newServer(t, dsn)
	server.must(t, "CREATE DATABASE older TEMPLATE "+server.database)

	a, b := serve(states[0]), serve(states[1], "--stay")
	nodes := []*program{a, b}
	for _, p := range nodes {
		p.info.Organizations, p.info.Module, p.info.SetupID = first.info.Organizations, first.info.Module, first.info.SetupID
	}
	var gone map[string]any
	published := make([]string, 2)
	for i, p := range nodes {
		status, answer, err := p.call("POST", p.clients(), fmt.Sprintf(create, "gone"))
		if err != nil || status != http.StatusCreated {
			t.Fatalf("%d %v %v", status, answer, err)
		}
		gone = answer
		time.Sleep(1100 * time.Millisecond) // a checkpoint is signed once a second at most
		if status, _, err := p.call("GET", "/log/checkpoint", ""); status == 0 {
			t.Fatal(err)
		}
		published[i] = read(t, states[i])
	}
	lost := a.clients() + "/" + gone["clientId"].(string)
	if status, _, err := b.call("GET", lost, ""); err != nil || status != http.StatusOK {
		t.Fatalf("before: %d %v", status, err)
	}

	server.must(t, "ALTER DATABASE "+server.database+" ALLOW_CONNECTIONS false", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+server.database+"'")
	server.must(t, "ALTER DATABASE "+server.database+" RENAME TO newer", "ALTER DATABASE older RENAME TO "+server.database)
	restored := time.Now()

	select {
	case err := <-a.ends:
		var ended *exec.ExitError
		if code := a.cmd.ProcessState.ExitCode(); code != exit.Refused {
			t.Errorf("the server ended with %d, %v, %v", code, err, ended)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server goes on")
	}
	told := map[string]any{}
	for time.Since(restored) < 20*time.Second && told["status"] != "log-rolled-back" {
		if _, told, err = b.call("GET", "/readyz", ""); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(restored); told["status"] != "log-rolled-back" || took > 10*time.Second {
		t.Errorf("after %s readyz says %v", took, told)
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); { // until its stores are made anew
		status, _, err := b.call("GET", b.clients()+"/"+kept["clientId"].(string), "")
		must(t, err)
		if status == http.StatusOK {
			break
		}
	}
	for what, want := range map[string]int{"GET " + lost: 404, "GET " + b.clients() + "/" + kept["clientId"].(string): 200, "POST " + b.clients(): 503,
		"GET /readyz?for=reads": 200, "GET /livez": 200} {
		method, path, _ := strings.Cut(what, " ")
		body := ""
		if method == "POST" {
			body = fmt.Sprintf(create, "new")
		}
		if status, answer, err := b.call(method, path, body); err != nil || status != want {
			t.Errorf("%s: %d, not %d: %v %v", what, status, want, answer, err)
		}
	}
	before := server.count(t, "SELECT count(*) FROM log_checkpoint")
	if _, _, err := b.call("GET", "/log/checkpoint", ""); err != nil {
		t.Log(err) // a checkpoint is no JSON
	}
	if after := server.count(t, "SELECT count(*) FROM log_checkpoint"); after != before {
		t.Errorf("a checkpoint was signed: %d, before %d", after, before)
	}
	must(t, b.cmd.Process.Signal(os.Interrupt))
	if err := <-b.ends; err != nil {
		t.Errorf("the one that stays ends with %v", err)
	}
	for i, state := range states {
		if read(t, state) != published[i] {
			t.Errorf("%s was written over", state)
		}
	}

	code, out := fails(t, "log", "new-origin", "--database", dsn, "--log-key", keys["log"], "--log-state", states[1], "--reason", "a restore that is meant")
	if code != 0 || !strings.Contains(out, "lost: of ") || !strings.Contains(out, "must write it again") {
		t.Fatalf("new-origin: exit %d, %s", code, out)
	}
	a = serve(states[0])
	a.info.Organizations = first.info.Organizations
	if status, answer, err := a.call("POST", first.clients(), fmt.Sprintf(create, "after")); err != nil || status != http.StatusCreated {
		t.Errorf("afterwards: %d %v %v", status, answer, err)
	}
	a.stop(t)
	if code, out := fails(t, "check", "--database", dsn, "--log-key", keys["log"]); code != 0 {
		t.Errorf("check: exit %d, %s", code, out)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	return string(text)
}

// server is PostgreSQL, beside the database of a test.
type server struct {
	admin    *sqlx.DB
	dsn      string
	database string
}

func newServer(t *testing.T, dsn string) server {
	t.Helper()
	u, err := url.Parse(dsn)
	must(t, err)
	s := server{database: strings.TrimPrefix(u.Path, "/"), dsn: dsn}
	u.Path = "/postgres"
	s.admin, err = sqlx.Open("pgx", u.String())
	must(t, err)
	t.Cleanup(func() { s.admin.Close() })
	return s
}

func (s server) must(t *testing.T, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := s.admin.ExecContext(context.Background(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func (s server) count(t *testing.T, query string) (n int) {
	t.Helper()
	d, err := sqlx.Open("pgx", s.dsn)
	must(t, err)
	defer d.Close()
	must(t, d.Get(&n, query))
	return n
}
