package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/jwk/jwktest"
	"tenure/snapshots/readlog"
	"tenure/tenancy/db/dbtest"
)

func TestServeKeepsEverythingOverARestart(t *testing.T) {
	dir := t.TempDir()
	db, file := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "info.json")
	p := started(t, file, "serve", "--database", db)
	if !strings.Contains(p.out.String()+p.info.Organizations[0].APIKey, "tenure_") {
		t.Fatalf("no key in %+v", p.info)
	}
	status, made, err := p.call("POST", p.clients(), `{"name":"kept","confidentiality_type":"confidential"}`)
	if err != nil || status != 201 || made["client_secret"] == "" {
		t.Fatalf("create: %d %v %v", status, made, err)
	}
	p.stop(t)
	again := started(t, file, "serve", "--database", db)
	if again.info.Organizations[0].APIKey != p.info.Organizations[0].APIKey {
		t.Error("the info file lost its key")
	}
	status, read, err := again.call("GET", p.clients()+"/"+made["clientId"].(string), "")
	if err != nil || status != 200 || read["client_secret"] != made["client_secret"] {
		t.Errorf("read after restart: %d %v %v", status, read, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("info file: %v %v", info, err)
	}
	if code, out := fails(t, "check", "--database", db); code != 0 || !strings.Contains(out, "is consistent") {
		t.Errorf("check beside the running server: %d %s", code, out)
	}
	again.stop(t)
	if code, out := fails(t, "check", "--database", db); code != 0 {
		t.Errorf("check without a server: %d %s", code, out)
	}
}

func TestRefusalsSayWhyAndHowTheyEnd(t *testing.T) {
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	garbage := filepath.Join(dir, "garbage.db")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("no database at all ", 300)), 0o600))
	config := filepath.Join(dir, "config.json")
	must(t, os.WriteFile(config, []byte(`{"lisen": "127.0.0.1:0"}`), 0o600))
	held := filepath.Join(dir, "held.db")
	started(t, "", "serve", "--database", held)
	for _, c := range []struct {
		name, says string
		code       int
		args       []string
	}{
		{"wrong flag", "unknown flag: --lissen", exit.Usage, []string{"serve", "--lissen", "x"}},
		{"unknown command", "unknown command", exit.Usage, []string{"sevre"}},
		{"wrong value", "invalid argument", exit.Usage, []string{"serve", "--cache-size", "much"}},
		{"replaced flag", "--cache-mib is now --cache-size", exit.Usage, []string{"serve", "--cache-mib", "8"}},
		{"wrong read log", "off, sampled or full", exit.Usage, []string{"serve", "--read-log", "some"}},
		{"stale answers for too long", "--serve-stale must be between 0s and 24h", exit.Usage, []string{"serve", "--serve-stale", "24h0m1s"}},
		{"stale answers that cannot be recorded", "exclude each other", exit.Usage, []string{"serve", "--serve-stale", "1h", "--read-log", "full"}},
		{"wrong member of the config file", `"lisen"`, exit.Usage, []string{"serve", "--config", config}},
		{"wrong log level", "--log-level", exit.Usage, []string{"serve", "--log-level", "loud", "--listen", "127.0.0.1:0"}},
		{"half of TLS", "must be given together", exit.Usage, []string{"serve", "--tls-cert", "x", "--listen", "127.0.0.1:0"}},
		{"busy port", "address already in use", exit.Listen, []string{"serve", "--database", filepath.Join(dir, "a.db"), "--listen", taken.Addr().String()}},
		{"unreadable database", "database", exit.Database, []string{"serve", "--database", garbage, "--listen", "127.0.0.1:0"}},
		{"folder that is not there", "lock file", exit.Database, []string{"serve", "--database", filepath.Join(dir, "no/where.db"), "--listen", "127.0.0.1:0"}},
		{"listen on nothing", "--listen nonsense is not an address", exit.Usage, []string{"serve", "--listen", "nonsense", "--database", filepath.Join(dir, "a.db")}},
		{"info file of another kind", "is not overwritten", exit.Usage, []string{"serve", "--info", garbage, "--listen", "127.0.0.1:0", "--database", filepath.Join(dir, "a.db")}},
		{"new origin of nothing", "database", exit.Database, []string{"log", "new-origin", "--reason", "x", "--database", filepath.Join(dir, "none.db")}},
		{"new origin without a reason", "--reason is required", exit.Usage, []string{"log", "new-origin", "--database", filepath.Join(dir, "none.db")}},
		{"second server", "in use by another process", exit.Database, []string{"serve", "--database", held, "--listen", "127.0.0.1:0"}},
		{"PostgreSQL that is not there", "cannot open the database", exit.Database, []string{"serve", "--database", "postgres://x:hidden@127.0.0.1:1/none?connect_timeout=2", "--listen", "127.0.0.1:0"}},
		{"a word that is no database", "sqlite:PATH", exit.Usage, []string{"serve", "--database", "tenure", "--listen", "127.0.0.1:0"}},
		{"a URL that lacks a slash", "postgres://USER", exit.Usage, []string{"check", "--database", "postgres:/x:hidden@h/d"}},
		{"a password that is not escaped", "does not parse", exit.Usage, []string{"log", "key", "--database", "postgres://x:hidden/@h:1/d"}},
		{"PostgreSQL by keywords that is not there", "cannot open the database postgres://127.0.0.1:1/none", exit.Database, []string{"check", "--database", "host=127.0.0.1 port=1 dbname=none user=x password=hidden"}},
		{"keywords of which one is wrong", "does not parse", exit.Usage, []string{"migrate", "--database", "host=h port=hidden"}},
		{"check of nothing", "cannot read the database", exit.Database, []string{"check", "--database", filepath.Join(dir, "none.db")}},
		{"dev for everybody", "loopback", exit.Usage, []string{"dev", "--listen", "0.0.0.0:0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out := fails(t, c.args...)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit %d, %s; want %d and %q", code, out, c.code, c.says)
			}
			if strings.Contains(out, "goroutine") || strings.Contains(out, "hidden") || strings.Count(out, "\n") != 1 {
				t.Errorf("it says too much: %s", out)
			}
		})
	}
}

// TestNothingIsLeftOfARefusal: a command about a database that is not there makes none.
func TestNothingIsLeftOfARefusal(t *testing.T) {
	dir := t.TempDir()
	if code, out := fails(t, "log", "new-origin", "--reason", "x", "--database", filepath.Join(dir, "none.db")); code != exit.Database {
		t.Errorf("exit %d, %s", code, out)
	}
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// TestTheFirstKeyIsNotLost: a start that fails after it made the first key has
// shown it.
func TestTheFirstKeyIsNotLost(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"no such key file":    {"--hydra-admin-listen", "127.0.0.1:0", "--hydra-admin-key-file", filepath.Join(dir, "none")},
		"no such info folder": {"--info", filepath.Join(dir, "none", "info.json")},
	} {
		args = append([]string{"serve", "--database", filepath.Join(dir, name+".db"), "--listen", "127.0.0.1:0"}, args...)
		if code, out := fails(t, args...); code == 0 || !strings.Contains(out, "first administrator's API key, shown this once: tenure_") {
			t.Errorf("%s: exit %d, %s", name, code, out)
		}
	}
}

func TestSettingsFromVariablesAndFile(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config.json")
	must(t, os.WriteFile(config, fmt.Appendf(nil, `{"database": %q, "cache-size": "8MiB"}`, filepath.Join(dir, "from-file.db")), 0o600))
	t.Setenv("TENURE_CONFIG", config)
	t.Setenv("TENURE_SECRETS_KEY_FILE", "none")
	p := started(t, "", "serve")
	if _, err := os.Stat(filepath.Join(dir, "from-file.db")); err != nil {
		t.Errorf("the database of the config file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "from-file.db.key")); err == nil {
		t.Error("a sealing key was made in spite of TENURE_SECRETS_KEY_FILE=none")
	}
	_, made, err := p.call("POST", p.clients(), `{"name":"c","confidentiality_type":"confidential"}`)
	must(t, err)
	_, read, err := p.call("GET", p.clients()+"/"+made["clientId"].(string), "")
	if err != nil || read["client_secret"] != nil || made["client_secret"] == nil {
		t.Errorf("without a sealing key: created %v, read %v, %v", made, read, err)
	}
}

// TestKilledServerKeepsWhatItAcknowledged kills the server in the middle of 16
// writers, 20 times on one database: every acknowledged write is there, and
// the database is consistent.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	db, file := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "info.json")
	acknowledged := map[string]string{} // entity id: name
	for round := range 20 {
		p := started(t, file, "serve", "--database", db, "--log-level", "disabled")
		var mu sync.Mutex
		var writers sync.WaitGroup
		enough := make(chan struct{})
		count := 0
		for w := range 16 {
			writers.Add(1)
			go func() {
				defer writers.Done()
				for i := 0; ; i++ {
					name := fmt.Sprintf("r%d-w%d-%d", round, w, i)
					status, made, err := p.call("POST", p.clients(), fmt.Sprintf(`{"name":%q,"confidentiality_type":"public"}`, name))
					if err != nil {
						return // the server is gone
					}
					if status != 201 {
						t.Errorf("create: %d %v", status, made)
						return
					}
					mu.Lock()
					acknowledged[made["clientId"].(string)] = name
					if count++; count == 40+round*7 {
						close(enough)
					}
					mu.Unlock()
				}
			}()
		}
		<-enough
		p.kill(t)
		writers.Wait()
		if code, out := fails(t, "check", "--database", db); code != 0 {
			t.Fatalf("round %d: check: %d %s", round, code, out)
		}
	}
	p := started(t, file, "serve", "--database", db)
	status, names, err := p.call("GET", p.clients()+"/names", "")
	if err != nil || status != 200 {
		t.Fatal(status, err)
	}
	for id, name := range acknowledged {
		if names[id] != name {
			t.Errorf("%s was acknowledged as %s and reads as %v", id, name, names[id])
		}
	}
	t.Logf("%d acknowledged writes, %d clients", len(acknowledged), len(names))
}

// TestServeStaleIsBounded: the longest time that --serve-stale may be given.
func TestServeStaleIsBounded(t *testing.T) {
	hours := time.Duration(jwktest.Limit(t, "Requests", "the time for which readers read from memory while the database cannot be reached")[0]) * time.Hour
	for given, taken := range map[time.Duration]bool{-1: false, 0: true, time.Second: true, hours: true, hours + 1: false} {
		if err := (serveFlags{serveStale: given}).checkStale(); (err == nil) != taken {
			t.Errorf("%s: %v", given, err)
		}
	}
	for log, taken := range map[readlog.Mode]bool{readlog.Off: true, readlog.Sampled: true, readlog.Full: false} {
		if err := (serveFlags{serveStale: hours, readLog: string(log)}).checkStale(); (err == nil) != taken {
			t.Errorf("with the read log %s: %v", log, err)
		}
	}
	if err := (serveFlags{readLog: string(readlog.Full)}).checkStale(); err != nil {
		t.Errorf("without: %v", err)
	}
}

// TestPostgresNeedsItsSealingKeyNamed: a start without a setting that it needs is a wrong command
// line, and not a database to try again.
func TestPostgresNeedsItsSealingKeyNamed(t *testing.T) {
	code, out := fails(t, "serve", "--database", dbtest.Postgres(t), "--listen", "127.0.0.1:0")
	if code != exit.Usage || !strings.Contains(out, "--secrets-key-file is required") {
		t.Errorf("it ends with %d: %s", code, out)
	}
}
