package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// served is a running server that takes imports.
func served(t *testing.T) (*program, importFlags) {
	t.Helper()
	p := started(t, "", "dev")
	key := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(key, []byte(p.info.Organizations[0].APIKey+"\n"), 0o600))
	return p, importFlags{url: p.info.URL, keyFile: key}
}

func TestImportIntoAServer(t *testing.T) {
	p, f := served(t)
	rehearsal := f
	rehearsal.dryRun = true
	wants(t, mustImport(t, importFixture("list.json"), rehearsal), "created    signer", "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused; nothing was written")
	if status, _, err := p.call("GET", "/admin/clients/signer", ""); err != nil || status != 404 {
		t.Fatalf("the rehearsal wrote: %d %v", status, err)
	}
	out := mustImport(t, importFixture("list.json"), f)
	wants(t, out, "created    shop  (the file has no secret of it: rotate one in)", "created    billing/night run ü", "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused")
	wants(t, mustImport(t, importFixture("list.json"), f), "unchanged  billing/night run ü", "5 clients: 0 created, 0 updated, 5 unchanged, 0 refused")
	status, read, err := p.call("GET", "/admin/clients/billing%2Fnight%20run%20%C3%BC", "")
	if err != nil || status != 200 || read["scope"] != "invoices" || read["client_secret"] != nil {
		t.Errorf("%d %v %v", status, read, err)
	}
	changed := filepath.Join(t.TempDir(), "changed.json")
	must(t, os.WriteFile(changed, []byte(`{"client_id":"signer","token_endpoint_auth_method":"none","client_name":"Signer 2","client_secret":"not-taken-over"}`), 0o600))
	wants(t, mustImport(t, changed, f), "1 clients: 0 created, 1 updated, 0 unchanged, 0 refused")
	if _, read, err := p.call("GET", "/admin/clients/signer", ""); err != nil || read["client_name"] != "Signer 2" || read["scope"] == "payments" {
		t.Errorf("%v %v", read, err)
	}
	out, err = imports(t, importFixture("refused.jsonl"), f)
	if err == nil {
		t.Error("refused clients are no error")
	}
	wants(t, out, "refused    bad-uris", "           /redirect_uris/1: a redirect URI needs a scheme or a leading slash, and has to parse",
		`refused    "bad-\x1b[31mid"`, "10 clients: 2 created, 0 updated, 0 unchanged, 8 refused")
}

// TestImportIntoASetupOfAServer names the setup and the owner.
func TestImportIntoASetupOfAServer(t *testing.T) {
	p, f := served(t)
	f.setup, f.owner = string(p.info.SetupID), string(p.info.Organizations[3].ID)
	mustImport(t, importFixture("list.json"), f)
	p.info.Organizations[0].APIKey = p.info.Organizations[3].APIKey // the owner's own
	if status, read, err := p.call("GET", "/admin/clients/portal", ""); err != nil || status != 200 || read["owner"] != "team-b" {
		t.Errorf("%d %v %v", status, read, err)
	}
}

// TestImportGivesUpOnAServer that would refuse every client for one reason.
func TestImportGivesUpOnAServer(t *testing.T) {
	_, f := served(t)
	wrong := f
	wrong.keyFile = filepath.Join(t.TempDir(), "wrong")
	must(t, os.WriteFile(wrong.keyFile, []byte("tenure_no"), 0o600))
	if out, err := imports(t, importFixture("list.json"), wrong); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(out, "refused  ") {
		t.Errorf("%v %s", err, out)
	}
	elsewhere := f
	elsewhere.url += "/v1"
	if _, err := imports(t, importFixture("list.json"), elsewhere); err == nil || !strings.Contains(err.Error(), "is --url right?") {
		t.Error(err)
	}
	f.url = "http://127.0.0.1:1"
	if _, err := imports(t, importFixture("list.json"), f); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

func TestImportWaitsForABusyServer(t *testing.T) {
	var asked atomic.Int64
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		if asked.Add(1) < 3 {
			status = http.StatusServiceUnavailable
		}
		w.WriteHeader(status)
		w.Write([]byte(`{"error":"x","error_description":"y"}`))
	}))
	defer busy.Close()
	s := &serverTarget{client: busy.Client(), clients: busy.URL, dry: true, pause: time.Millisecond}
	c := hydraClient{number: 1}
	c.read([]byte(`{"client_id":"a"}`))
	if r, err := s.put(t.Context(), c); err != nil || r.Result != resultCreated || asked.Load() != 3 {
		t.Errorf("%+v %v after %d requests", r, err, asked.Load())
	}
}
