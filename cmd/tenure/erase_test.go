package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db"
)

// The command refuses what is not deleted, erases it when asked for both, and
// leaves nothing in the file and a database that the check finds sound.
func TestEraseCommand(t *testing.T) {
	dir := t.TempDir()
	file, clients := filepath.Join(dir, "t.db"), filepath.Join(dir, "clients.json")
	must(t, os.WriteFile(clients, []byte(`{"client_id":"fruit","client_name":"Zwetschge Obst","redirect_uris":["https://zwetschge.example.net/cb"]}`), 0o600))
	if code := run([]string{"import", "hydra", clients, "--database", file}, os.Stdout, os.Stderr); code != 0 {
		t.Fatalf("import: %d", code)
	}
	d, err := db.Open(t.Context(), file, db.Options{ReadOnly: true})
	must(t, err)
	var id string
	must(t, d.Raw().Get(&id, "SELECT entity_id FROM entity WHERE kind = 'client'"))
	must(t, d.Close())
	erase := []string{"erase", "--database", file, "--client", id, "--reason", "request 17"}
	for _, step := range []struct {
		args []string
		code int
	}{
		{erase[:5], exit.Usage}, {erase, exit.Failure}, {append(erase, "--delete"), 0}, {erase, exit.Failure},
		{[]string{"check", "--database", file}, 0},
	} {
		if code := run(step.args, os.Stdout, os.Stderr); code != step.code {
			t.Errorf("%v: %d, want %d", step.args, code, step.code)
		}
	}
	raw, err := os.ReadFile(file)
	must(t, err)
	if bytes.Contains(raw, []byte("wetschge")) {
		t.Error("the file still holds the client")
	}
}
