package main

import (
	"bytes"
	"database/sql"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/tenancy/fault"
)

func TestProgressIsForTerminalsOnly(t *testing.T) {
	var out, screen bytes.Buffer
	r, err := newImportReport(&out, &screen, importFlags{format: "text"})
	must(t, err)
	r.add(importResult{ClientID: "a", Result: resultCreated})
	r.progress(0.5)
	if screen.Len() > 0 {
		t.Errorf("drawn on what is no terminal: %q", screen.String())
	}
	r.screen = &screen
	r.progress(0.25)
	r.progress(0.26) // too soon
	r.drawn = time.Now().Add(-time.Second)
	r.progress(-1)
	r.end(false)
	if want := " 25 %  1 clients\r\x1b[K1 clients\r\x1b[K"; screen.String() != want {
		t.Errorf("%q, want %q", screen.String(), want)
	}
	if want := "created    a\n1 clients: 1 created, 0 updated, 0 unchanged, 0 refused\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestRefusalsNameEachPlaceOnce(t *testing.T) {
	c := hydraClient{number: 7, id: "x"}
	r := c.refused(fault.Rules([]fault.Field{{Path: "/a", Message: "first"}, {Path: "/a", Message: "second"}, {Path: "/b", Message: "third"}}))
	if len(r.Faults) != 2 || r.Faults[0].Message != "first" || r.Faults[1].Path != "/b" || r.Number != 7 {
		t.Errorf("%+v", r)
	}
	if r := c.refused(errors.New("plain")); len(r.Faults) != 1 || r.Faults[0].Message != "plain" {
		t.Errorf("%+v", r)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"plain": "plain", `quo"ted\`: `quo"ted\`, "Süd 日本": "Süd 日本", "a\x1b[2Jb": `"a\x1b[2Jb"`,
		"line\nbreak": `"line\nbreak"`, "turn\u202earound": `"turn\u202earound"`, "bad\xff": `"bad\xff"`} {
		if got := printable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestImportFromStandardInput(t *testing.T) {
	database := filepath.Join(t.TempDir(), "tenure.db")
	cmd := command("import", "hydra", "-", "--database", database)
	cmd.Stdin = strings.NewReader(`{"client_id":"piped","token_endpoint_auth_method":"none"}`)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "created    piped\n") {
		t.Errorf("%v %s", err, out)
	}
	cmd = command("import", "hydra", "-", "--database", database)
	cmd.Stdin = bytes.NewReader(append(sqliteMagic, 0))
	out, err = cmd.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exitUsage || !strings.Contains(string(out), "cannot be read from standard input") {
		t.Errorf("%v %s", err, out)
	}
}

// TestInterruptedImport stops in the middle, says so, and is finished by the
// next run.
func TestInterruptedImport(t *testing.T) {
	database := filepath.Join(t.TempDir(), "tenure.db")
	cmd := command("import", "hydra", "-", "--database", database)
	in, err := cmd.StdinPipe()
	must(t, err)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	must(t, cmd.Start())
	_, err = in.Write([]byte(`[{"client_id":"a"},{"client_id":"b"},`))
	must(t, err)
	for deadline := time.Now().Add(30 * time.Second); clientsIn(database) < 2; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing happens")
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGINT))
	in.Write([]byte(`{"client_id":"c"}]`))
	in.Close()
	// The third client may have been read before the signal came through.
	if err := cmd.Wait(); err == nil || !strings.Contains(out.String(), "created    b") || !strings.Contains(out.String(), " 0 refused\n") ||
		!strings.Contains(said.String(), "interrupted; run the same command again") {
		t.Errorf("%v %s %s", err, out.String(), said.String())
	}
	if code, said := fails(t, "check", "--database", database); code != 0 {
		t.Errorf("check: %d %s", code, said)
	}
}

// clientsIn counts the clients of a database that another process writes.
func clientsIn(database string) (n int) {
	d, err := sql.Open("sqlite3", "file:"+database+"?mode=ro")
	if err != nil {
		return 0
	}
	defer d.Close()
	if err := d.QueryRow("SELECT count(*) FROM entity WHERE kind = 'client'").Scan(&n); err != nil {
		return 0 // not made yet
	}
	return n
}
