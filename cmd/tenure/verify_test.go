package main

import (
	"archive/zip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tenure/cmd/tenure/exit"
)

// get fetches with the root's key.
func (p *program) get(t *testing.T, path string) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequest("GET", p.info.URL+path, nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+p.info.Organizations[0].APIKey)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, res.Header, body
}

// unzip writes a bundle's files below dir.
func unzip(t *testing.T, file, dir string) {
	t.Helper()
	z, err := zip.OpenReader(file)
	must(t, err)
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		raw, err := io.ReadAll(r)
		must(t, err)
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, raw, 0o600))
	}
}

// evidenceKeys are the flags that trust the keys of evidence that a bundle brings.
func evidenceKeys(t *testing.T, bundle string) (flags []string) {
	t.Helper()
	dir := t.TempDir()
	unzip(t, bundle, dir)
	text, err := os.ReadFile(filepath.Join(dir, "keys.txt"))
	must(t, err)
	for _, key := range strings.Fields(string(text)) {
		if strings.HasPrefix(key, "evidence/") {
			flags = append(flags, "--key", key)
		}
	}
	return flags
}

// TestVerify: a bundle that a server made, and its database, hold; each way to
// falsify a copy of one is found, named, and ends with 9.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "tenure.db")
	p := started(t, "", "serve", "--database", database)
	p.createClient(t)
	_, size := p.checkpointAbove(t, 0)
	p.createClient(t)
	p.checkpointAbove(t, size)
	status, header, raw := p.get(t, "/v1/evidence")
	if status != 200 || header.Get("Content-Type") != "application/zip" || !strings.Contains(header.Get("Content-Disposition"), "evidence.zip") {
		t.Fatalf("%d %v %s", status, header, raw)
	}
	bundle := filepath.Join(dir, "evidence.zip")
	must(t, os.WriteFile(bundle, raw, 0o600))
	for _, query := range []string{"client=" + strings.Repeat("0", 32), "organization=5f0c8c4e-0000-4000-8000-000000000000"} {
		if status, _, body := p.get(t, "/v1/evidence?"+query); status != 404 {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
	for _, query := range []string{"client=none", "organization=x", "from=yesterday", "to=", strings.Repeat("client=a&", 101)} {
		if status, _, body := p.get(t, "/v1/evidence?"+query); status != 400 {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
	p.stop(t)

	var keys []string
	for _, args := range [][]string{{"log", "key", "--database", database}, {"log", "key", "--database", database, "--evidence-key", database + ".evidence-key"}} {
		code, key := fails(t, args...)
		if code != 0 {
			t.Fatalf("%v: exit %d, %s", args, code, key)
		}
		keys = append(keys, "--key", strings.TrimSpace(key))
	}
	if !strings.HasPrefix(keys[3], "evidence/") {
		t.Errorf("the evidence key is %s", keys[3])
	}
	unpacked := filepath.Join(dir, "unpacked")
	unzip(t, bundle, unpacked)
	for _, name := range []string{bundle, unpacked, database} {
		trusted := keys
		if name == database {
			trusted = keys[:2]
		}
		if code, out := fails(t, append([]string{"verify", name}, trusted...)...); code != 0 || !strings.HasSuffix(out, name+" holds\n") || strings.Contains(out, "own key") {
			t.Errorf("%s: exit %d, %s", name, code, out)
		}
	}
	if code, out := fails(t, "verify", bundle); code != exit.Unconfirmed || !strings.Contains(out, "proves nothing until it is compared") ||
		!strings.HasSuffix(out, bundle+" is consistent, but signed by a key you have not confirmed\n") {
		t.Errorf("without a key: exit %d, %s", code, out)
	}
	if code, out := fails(t, append([]string{"verify", bundle}, keys[:2]...)...); code != 0 || !strings.Contains(out, "verified with a key that the log names") {
		t.Errorf("with the log's key only: exit %d, %s", code, out)
	}
	if code, out := fails(t, append([]string{"verify", bundle}, keys[2:]...)...); code != exit.Unconfirmed || !strings.Contains(out, "no key of tenure-") {
		t.Errorf("with the evidence key only: exit %d, %s", code, out)
	}
	pipe := filepath.Join(dir, "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"verify"}, exit.Usage}, {[]string{"verify", filepath.Join(dir, "none")}, exit.Usage}, {[]string{"verify", bundle, "--key", "x"}, exit.Usage},
		{[]string{"verify", database + ".log-key"}, exit.Usage}, {[]string{"verify", pipe}, exit.Usage},
	} {
		if code, out := fails(t, c.args...); code != c.code {
			t.Errorf("%v: exit %d, %s", c.args, code, out)
		}
	}

	must(t, os.WriteFile(filepath.Join(unpacked, "events.csv"), []byte("x"), 0o600))
	if code, out := fails(t, append([]string{"verify", unpacked}, keys...)...); code != exit.Proof || !strings.Contains(out, "FAILS: events.csv") {
		t.Errorf("a file changed: exit %d, %s", code, out)
	}
	kept := filepath.Join(unpacked, "checkpoints", "last")
	if code, out := fails(t, "verify", database, "--checkpoint", kept); code != 0 || !strings.Contains(out, "that was kept\n") {
		t.Errorf("with a checkpoint: exit %d, %s", code, out)
	}
	for _, args := range [][]string{{"verify", database, "--against", bundle}, {"verify", bundle, "--against", database}, {"verify", database, "--checkpoint", bundle}} {
		if code, out := fails(t, args...); code != exit.Usage {
			t.Errorf("%v: exit %d, %s", args, code, out)
		}
	}
	// another log, and one that is behind
	other := filepath.Join(dir, "other.db")
	info := filepath.Join(dir, "other.json")
	q := started(t, info, "serve", "--database", other)
	q.stop(t)
	if code, out := fails(t, "verify", other, "--checkpoint", kept); code != exit.Proof || !strings.Contains(out, "the checkpoint that was kept has") {
		t.Errorf("a log that is behind: exit %d, %s", code, out)
	}
	q = started(t, info, "serve", "--database", other)
	for range 20 {
		q.createClient(t)
	}
	q.stop(t)
	if code, out := fails(t, "verify", other, "--checkpoint", kept); code != exit.Proof || !strings.Contains(out, "are not those of the checkpoint that was kept") {
		t.Errorf("another log: exit %d, %s", code, out)
	}
	t.Run("databases", func(t *testing.T) { falsifiedDatabases(t, database, keys[:2]) })
}

// TestVerifyOpensFilesOnly: verify refuses a pipe, a device and a link wherever it reads a
// file, and does not open them: a pipe would wait for ever, a device never end. fails has a deadline.
func TestVerifyOpensFilesOnly(t *testing.T) {
	const refused = "it is not a file but a link, a pipe, a device or a socket, and is not read"
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	zero := filepath.Join(t.TempDir(), "zero")
	must(t, os.Symlink("/dev/zero", zero))
	for name, put := range map[string]func(string) error{
		"a pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		dir := t.TempDir()
		must(t, put(filepath.Join(dir, "manifest.json")))
		if code, out := fails(t, "verify", dir); code != exit.Proof || !strings.Contains(out, "FAILS: manifest.json: "+refused) {
			t.Errorf("%s as manifest: exit %d, %s", name, code, out)
		}
	}
	dir := t.TempDir()
	for _, special := range []string{pipe, zero} {
		for _, args := range [][]string{{"verify", dir, "--checkpoint", special}, {"verify", special}, {"verify", dir, "--against", special}} {
			if code, out := fails(t, args...); code != exit.Usage || !strings.Contains(out, refused) {
				t.Errorf("%v: exit %d, %s", args, code, out)
			}
		}
	}
	large := filepath.Join(t.TempDir(), "large")
	must(t, os.WriteFile(large, nil, 0o600))
	must(t, os.Truncate(large, 1<<40))
	if code, out := fails(t, "verify", dir, "--checkpoint", large); code != exit.Usage || !strings.Contains(out, "more than 65536 bytes") {
		t.Errorf("a large checkpoint: exit %d, %s", code, out)
	}
}

// falsifiedDatabases makes copies, each falsified by one statement behind the
// triggers that would refuse it.
func falsifiedDatabases(t *testing.T, database string, key []string) {
	const last = "(SELECT max(idx) FROM log_event)"
	const client = "(SELECT min(ref) FROM log_event WHERE kind = 'client.published')"
	for name, c := range map[string]struct{ statements, want string }{
		"a bit of a snapshot": {"UPDATE snapshot_body SET content = replace(content, '\"c\"', '\"b\"') WHERE snapshot_id = " + client,
			"the content does not match the commitment"},
		"a row removed": {"DELETE FROM log_event WHERE idx = 3", "log: entry 4 stands where 3 is expected"},
		"two rows swapped": {"UPDATE log_event SET idx = -1 WHERE idx = 3; UPDATE log_event SET idx = 3 WHERE idx = 4; UPDATE log_event SET idx = 4 WHERE idx = -1",
			"recorded before the entry in front of it|the root of the head is not the root"},
		"an actor renamed": {"UPDATE log_event SET actor = 'key:x', envelope = json_replace(envelope, '$.actor', 'key:x') WHERE idx = " + last,
			"the commitment does not match the envelope"},
		"the end cut": {"DELETE FROM log_detail WHERE idx = " + last + "; DELETE FROM log_event WHERE idx = " + last, "entries was signed, there are"},
		"a signature forged": {"UPDATE log_checkpoint SET note = substr(note, 1, length(note) - 8) || 'AAAAAA' || substr(note, -2) WHERE size = (SELECT max(size) FROM log_checkpoint)",
			"log: the"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(database)
			must(t, err)
			copied := filepath.Join(t.TempDir(), "copy.db")
			must(t, os.WriteFile(copied, raw, 0o600))
			d, err := sql.Open("sqlite3", "file:"+copied)
			must(t, err)
			for _, table := range []string{"snapshot_body", "log_event", "log_detail", "log_checkpoint"} {
				for _, what := range []string{"update", "delete"} {
					_, err := d.Exec(fmt.Sprintf("DROP TRIGGER %s_no_%s", table, what))
					must(t, err)
				}
			}
			for _, s := range strings.Split(c.statements, "; ") {
				done, err := d.Exec(s)
				must(t, err)
				if n, err := done.RowsAffected(); err != nil || n != 1 && !strings.Contains(s, "log_detail") {
					t.Fatalf("%s: %d rows, %v", s, n, err)
				}
			}
			must(t, d.Close())
			code, out := fails(t, append([]string{"verify", copied}, key...)...)
			found := false
			for _, want := range strings.Split(c.want, "|") {
				found = found || strings.Contains(out, want)
			}
			if code != exit.Proof || !found || !strings.Contains(out, "FAILS: ") {
				t.Errorf("exit %d, %s", code, out)
			}
		})
	}
}

// TestNoEvidenceWithoutKeys: the server says what it lacks.
func TestNoEvidenceWithoutKeys(t *testing.T) {
	for _, flag := range []string{"--log-key", "--evidence-key"} {
		p := started(t, "", "serve", "--database", filepath.Join(t.TempDir(), "tenure.db"), flag, "none")
		status, _, body := p.get(t, "/v1/evidence")
		var problem struct{ Detail string }
		if err := json.Unmarshal(body, &problem); err != nil || status != 503 || !strings.Contains(problem.Detail, flag) {
			t.Errorf("%s none: %d %s", flag, status, body)
		}
		p.stop(t)
	}
}
