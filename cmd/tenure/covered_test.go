package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/cmd/tenure/exit"
)

// A server signs what nobody asked a checkpoint of when it ends, so that a check
// with a key passes. Entries that no checkpoint covers, and a log without any, are
// then failures with a number; with the key that merely lies there they are told.
func TestEntriesThatNoCheckpointCovers(t *testing.T) {
	dir := t.TempDir()
	database, info := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "info.json")
	p := started(t, info, "serve", "--database", database)
	p.createClient(t)
	p.stop(t)
	code, key := fails(t, "log", "key", "--database", database)
	if code != 0 {
		t.Fatalf("log key: exit %d, %s", code, key)
	}
	says := func(name string, wantCode int, want string, args ...string) {
		t.Helper()
		if code, out := fails(t, args...); code != wantCode || !strings.Contains(out, want) {
			t.Errorf("%s: %v: exit %d, want %d and %q:\n%s", name, args, code, wantCode, want, out)
		}
	}
	check := []string{"check", "--database", database}
	named := append(check, "--log-key", database+".log-key")
	verify := []string{"verify", database, "--key", strings.TrimSpace(key)}
	says("ended", 0, "is consistent", named...)
	says("ended", 0, "cover every entry", verify...)

	p = started(t, info, "serve", "--database", database)
	p.createClient(t)
	p.kill(t)
	const last = "log: no checkpoint covers the last "
	says("killed", exit.Unconfirmed, last[len("log: "):], named...)
	says("killed", exit.Proof, "FAILS: "+last, verify...)
	says("killed", 0, last, check...)
	started(t, info, "serve", "--database", database).stop(t)
	says("started again", 0, "is consistent", named...)
	says("started again", 0, "cover every entry", verify...)

	d, err := sql.Open("sqlite3", "file:"+database)
	must(t, err)
	var trigger string
	must(t, d.QueryRow("SELECT sql FROM sqlite_master WHERE name = 'log_checkpoint_no_delete'").Scan(&trigger))
	for _, statement := range []string{"DROP TRIGGER log_checkpoint_no_delete", "DELETE FROM log_checkpoint", trigger} {
		_, err := d.Exec(statement)
		must(t, err)
	}
	must(t, d.Close())
	says("checkpoints deleted", exit.Problems, "though one was signed", named...)
	says("checkpoints deleted", exit.Proof, "FAILS: "+last, verify...)
	must(t, os.Remove(database+".log-state"))
	says("checkpoints deleted", exit.Refused, "tenure log new-origin", "serve", "--database", database, "--listen", "127.0.0.1:0")
	says("checkpoints deleted", 0, "goes on", "log", "new-origin", "--database", database, "--reason", "checkpoints are gone")
	p = started(t, info, "serve", "--database", database)
	p.createClient(t)
	p.stop(t)
	says("a new origin", 0, "is consistent", "check", "--database", database, "--log-key", database+".log-key")
}

// The last checkpoint is kept beside a SQLite file with no flag, and an older copy of
// the file is refused at the start.
func TestAnOlderCopyIsRefusedByDefault(t *testing.T) {
	dir := t.TempDir()
	database, info := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "info.json")
	p := started(t, info, "serve", "--database", database)
	p.stop(t)
	older, err := os.ReadFile(database)
	must(t, err)
	p = started(t, info, "serve", "--database", database)
	p.createClient(t)
	p.stop(t) // nobody has asked a checkpoint
	must(t, os.WriteFile(database, older, 0o600))
	serve := []string{"serve", "--database", database, "--listen", "127.0.0.1:0"}
	if code, out := fails(t, serve...); code != exit.Refused || !strings.Contains(out, "were published") || !strings.Contains(out, "tenure log new-origin") {
		t.Errorf("an older copy: exit %d, %s", code, out)
	}
	started(t, info, "serve", "--database", database, "--log-state", "none").stop(t)
}
