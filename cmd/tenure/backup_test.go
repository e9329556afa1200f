package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tenure/cmd/tenure/exit"
)

// TestBackupAndRestore backs a server up while it writes, restores the backup,
// and serves that.
func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	database, file := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "info.json")
	p := started(t, file, "serve", "--database", database, "--log-level", "error")
	root := p.info.Organizations[0].APIKey
	_, made, err := p.call("POST", p.clients(), `{"name":"kept","confidentiality_type":"confidential"}`)
	must(t, err)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if status, answer, err := p.call("POST", p.clients(), fmt.Sprintf(`{"name":"w%d-%d","confidentiality_type":"public"}`, w, i)); err != nil || status != 201 {
					t.Errorf("a write beside the backup: %d %v %v", status, answer, err)
					return
				}
			}
		})
	}
	backup := filepath.Join(dir, "backup")
	code, out := fails(t, "backup", database, "--to", backup)
	close(stop)
	writers.Wait()
	if code != 0 || !strings.Contains(out, "is backed up to "+backup) || !strings.Contains(out, "it needs the log key tenure-") || !strings.Contains(out, "it needs the sealing key ") {
		t.Fatalf("backup: exit %d, %s", code, out)
	}
	if code, out := fails(t, "backup", "verify", backup); code != 0 || !strings.Contains(out, "is sound") || strings.Contains(out, "not checked") {
		t.Errorf("verify: exit %d, %s", code, out)
	}
	if code, out := fails(t, "backup", database, "--to", backup); code != exit.Usage || !strings.Contains(out, "is there already") {
		t.Errorf("again into the folder: exit %d, %s", code, out)
	}
	if code, out := fails(t, "restore", backup, "--to", database); code != exit.Usage || !strings.Contains(out, "nothing is overwritten") {
		t.Errorf("over the database: exit %d, %s", code, out)
	}
	_, _, err = p.call("POST", p.clients(), `{"name":"after the backup","confidentiality_type":"public"}`)
	must(t, err)
	res, err := http.Get(p.info.URL + "/log/checkpoint") // and publish it
	must(t, err)
	must(t, res.Body.Close())
	p.stop(t)

	restored := filepath.Join(dir, "restored.db")
	if code, out := fails(t, "restore", backup, "--to", restored); code != 0 || !strings.Contains(out, "there is no "+restored+".log-state to compare with") {
		t.Errorf("restore: exit %d, %s", code, out)
	}
	for _, key := range []string{".key", ".log-key", ".evidence-key"} {
		must(t, os.Rename(database+key, restored+key))
	}
	again := started(t, "", "serve", "--database", restored, "--log-level", "error")
	again.info.Organizations[0].APIKey = root
	status, read, err := again.call("GET", again.clients()+"/"+made["clientId"].(string), "")
	if err != nil || status != 200 || read["client_secret"] != made["client_secret"] {
		t.Errorf("read from the restored database: %d %v %v", status, read, err)
	}
	again.stop(t)

	// Where the state of what was published is at hand, restore says that the
	// server will refuse, and it does.
	second := filepath.Join(dir, "second.db")
	code, out = fails(t, "restore", backup, "--to", second, "--log-state", database+".log-state")
	if code != 0 || !strings.Contains(out, "serve will refuse it with exit code 6") {
		t.Errorf("restore beside the state: exit %d, %s", code, out)
	}
	must(t, os.Rename(restored+".key", second+".key"))
	must(t, os.Rename(restored+".log-key", second+".log-key"))
	must(t, os.Rename(database+".log-state", second+".log-state"))
	if code, out := fails(t, "serve", "--database", second, "--listen", "127.0.0.1:0"); code != exit.Refused {
		t.Errorf("serve an older state: exit %d, %s", code, out)
	}
	if code, out := fails(t, "log", "new-origin", "--database", second, "--reason", "restored"); code != 0 {
		t.Errorf("new-origin: exit %d, %s", code, out)
	}
	if code, out := fails(t, "serve", "--database", second, "--listen", "127.0.0.1:0"); code != exit.Database || !strings.Contains(out, "tenure evidence new-key") {
		t.Errorf("serve without the evidence key: exit %d, %s", code, out)
	}
	must(t, os.Rename(restored+".evidence-key", second+".evidence-key"))
	started(t, "", "serve", "--database", second, "--log-level", "error").stop(t)
}

func TestBackupExitCodes(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "tenure.db")
	started(t, "", "serve", "--database", database).stop(t)
	backup := filepath.Join(dir, "backup")
	if code, out := fails(t, "backup", database, "--to", backup, "--log-key", "none"); code != 0 {
		t.Fatalf("backup: exit %d, %s", code, out)
	}
	spoiled := filepath.Join(dir, "spoiled")
	must(t, os.CopyFS(spoiled, os.DirFS(backup)))
	raw, err := os.ReadFile(filepath.Join(spoiled, "tenure.db"))
	must(t, err)
	raw[len(raw)/2] ^= 1
	must(t, os.WriteFile(filepath.Join(spoiled, "tenure.db"), raw, 0o600))
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a flipped byte":      {[]string{"backup", "verify", spoiled}, exit.Problems, "tenure.db has"},
		"restore of it":       {[]string{"restore", spoiled, "--to", filepath.Join(dir, "x.db")}, exit.Database, "backup verify"},
		"a bundle's verify":   {[]string{"verify", backup}, exit.Usage, "is a backup: use tenure backup verify"},
		"verify of no backup": {[]string{"backup", "verify", dir}, exit.Usage, "is not a backup"},
		"restore of none":     {[]string{"restore", dir, "--to", filepath.Join(dir, "x.db")}, exit.Usage, "is not a backup"},
		"no --to":             {[]string{"backup", database}, exit.Usage, "--to"},
		"restore without":     {[]string{"restore", backup}, exit.Usage, "--to"},
		"no database":         {[]string{"backup", filepath.Join(dir, "none.db"), "--to", filepath.Join(dir, "y")}, exit.Database, "cannot read the database"},
		"PostgreSQL":          {[]string{"backup", "postgres://" + url.QueryEscape("x") + "@/y", "--to", filepath.Join(dir, "y")}, exit.Usage, "operations.md"},
		"no key file":         {[]string{"backup", database, "--to", filepath.Join(dir, "y"), "--log-key", filepath.Join(dir, "none")}, exit.Usage, "--log-key"},
		"sound":               {[]string{"backup", "verify", backup}, 0, "is sound"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, out := fails(t, c.args...); code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit %d, %s; want %d and %q", code, out, c.code, c.says)
			}
		})
	}
	for _, name := range []string{"x.db", "y"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
}
