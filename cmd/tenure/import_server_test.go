package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenure/cmd/tenure/exit"
)

// served is a running server that takes imports, and the flags for it.
func served(t *testing.T) (*program, []string) {
	t.Helper()
	p := started(t, "", "dev")
	key := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(key, []byte(p.info.Organizations[0].APIKey+"\n"), 0o600))
	return p, []string{"--url", p.info.URL, "--api-key-file", key}
}

// importFixture is a file of testdata/import.
func importFixture(name string) string { return filepath.Join("..", "..", "testdata", "import", name) }

// imports runs the import and returns its exit code and what it said.
func imports(t *testing.T, path string, flags []string, more ...string) (int, string) {
	t.Helper()
	return fails(t, slices.Concat([]string{"import", "hydra", path}, flags, more)...)
}

func mustImport(t *testing.T, path string, flags []string, more ...string) string {
	t.Helper()
	code, out := imports(t, path, flags, more...)
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	return out
}

// wants fails the test where a report lacks one of the lines.
func wants(t *testing.T, report string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !slices.Contains(strings.Split(report, "\n"), line) {
			t.Errorf("no line %q in\n%s", line, report)
		}
	}
}

func TestImportIntoAServer(t *testing.T) {
	p, f := served(t)
	wants(t, mustImport(t, importFixture("list.json"), f, "--dry-run"), "created    signer", "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused; nothing was written")
	if status, _, err := p.call("GET", "/admin/clients/signer", ""); err != nil || status != 404 {
		t.Fatalf("the rehearsal wrote: %d %v", status, err)
	}
	wants(t, mustImport(t, importFixture("list.json"), f), "created    shop  (its secret is not in the file: rotate one in)", "created    billing/night run ü", "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused")
	wants(t, mustImport(t, importFixture("list.json"), f), "unchanged  billing/night run ü", "5 clients: 0 created, 0 updated, 5 unchanged, 0 refused")
	status, read, err := p.call("GET", "/admin/clients/billing%2Fnight%20run%20%C3%BC", "")
	if err != nil || status != 200 || read["scope"] != "invoices" || read["client_secret"] != nil {
		t.Errorf("%d %v %v", status, read, err)
	}
	changed := filepath.Join(t.TempDir(), "changed.json")
	must(t, os.WriteFile(changed, []byte(`{"client_id":"signer","token_endpoint_auth_method":"none","client_name":"Signer 2","client_secret":"not-taken-over-here"}`), 0o600))
	wants(t, mustImport(t, changed, f), "1 clients: 0 created, 1 updated, 0 unchanged, 0 refused")
	if _, read, err := p.call("GET", "/admin/clients/signer", ""); err != nil || read["client_name"] != "Signer 2" || read["scope"] == "payments" {
		t.Errorf("%v %v", read, err)
	}
	code, out := imports(t, importFixture("refused.jsonl"), f)
	if code != exit.Failure {
		t.Errorf("refused clients: exit %d", code)
	}
	wants(t, out, "refused    bad-uris", "           /redirect_uris/1: an address has no spaces, control characters, or characters that cannot be seen",
		`refused    "bad-\x1b[31mid"`, "10 clients: 2 created, 0 updated, 0 unchanged, 8 refused")
}

// TestTheDryRunIsTheRun: a rehearsal refuses what the run refuses, for rules that only
// the server knows too, with the same words and numbers.
func TestTheDryRunIsTheRun(t *testing.T) {
	p, f := served(t)
	status, _, err := p.call("PUT", "/v1/setups/"+string(p.info.SetupID)+"/policy", `{"scope_check":"always"}`)
	if err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	refused := 0
	for _, into := range [][]string{f, {"--database", filepath.Join(t.TempDir(), "tenure.db")}} {
		for _, name := range []string{"list.json", "refused.jsonl", "list.json"} {
			report := func(more ...string) string {
				_, out := imports(t, importFixture(name), into, more...)
				var lines []string
				for line := range strings.Lines(strings.ReplaceAll(out, "; nothing was written", "")) {
					if !strings.HasPrefix(line, "first administrator's API key") { // of a new database
						lines = append(lines, line)
					}
				}
				return strings.Join(lines, "")
			}
			dry := report("--dry-run")
			if run := report(); dry != run {
				t.Errorf("%s, %s: the rehearsal says\n%s\nthe run\n%s", into[0], name, dry, run)
			}
			refused += strings.Count(dry, "refused  ")
		}
	}
	if refused < 10 {
		t.Errorf("%d clients were refused", refused)
	}
}

// TestImportIntoASetupOfAServer names the setup and the owner.
func TestImportIntoASetupOfAServer(t *testing.T) {
	p, f := served(t)
	mustImport(t, importFixture("list.json"), f, "--setup", string(p.info.SetupID), "--owner", string(p.info.Organizations[3].ID))
	p.info.Organizations[0].APIKey = p.info.Organizations[3].APIKey // the owner's own
	if status, read, err := p.call("GET", "/admin/clients/portal", ""); err != nil || status != 200 || read["owner"] != "team-b" {
		t.Errorf("%d %v %v", status, read, err)
	}
}

// TestImportGivesUpOnAServer that would refuse every client for one reason.
func TestImportGivesUpOnAServer(t *testing.T) {
	p, f := served(t)
	wrong := filepath.Join(t.TempDir(), "wrong")
	must(t, os.WriteFile(wrong, []byte("tenure_no"), 0o600))
	for says, change := range map[string][]string{
		"401":                {"--api-key-file", wrong},
		"is --url right?":    {"--url", p.info.URL + "/v1"},
		"connection refused": {"--url", "http://127.0.0.1:1"},
	} {
		code, out := imports(t, importFixture("list.json"), f, change...)
		if code != exit.Failure || !strings.Contains(out, says) || strings.Contains(out, "refused  ") {
			t.Errorf("%v: exit %d, %s", change, code, out)
		}
	}
}
