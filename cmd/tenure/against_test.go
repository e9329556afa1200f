package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/cmd/tenure/exit"
)

// evidenceOf saves a bundle of everything, once a checkpoint covers more than n
// entries, and returns its name and how many entries its log has.
func (p *program) evidenceOf(t *testing.T, name, query string, n int) (string, int) {
	t.Helper()
	p.checkpointAbove(t, n)
	status, _, raw := p.get(t, "/v1/evidence?"+query)
	if status != 200 {
		t.Fatalf("evidence?%s: %d %s", query, status, raw)
	}
	must(t, os.WriteFile(name, raw, 0o600))
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	last, err := fs.ReadFile(z, "checkpoints/last")
	must(t, err)
	var origin string
	var size int // more than before: a bundle of whole organizations is counted first
	_, err = fmt.Sscanf(string(last), "%s\n%d\n", &origin, &size)
	must(t, err)
	return name, size
}

// TestVerifyAgainst: the bundles of one history agree, those of a database that was
// restored behind its log and served all the same contradict each other.
func TestVerifyAgainst(t *testing.T) {
	dir := t.TempDir()
	database, info := filepath.Join(dir, "tenure.db"), filepath.Join(dir, "info.json")
	serve := []string{"serve", "--database", database, "--log-state", "none"}
	p := started(t, info, serve...)
	p.createClient(t)
	old, size := p.evidenceOf(t, filepath.Join(dir, "old.zip"), "", 0)
	p.stop(t)
	backup, err := os.ReadFile(database)
	must(t, err)

	p = started(t, info, serve...)
	p.createClient(t)
	newer, grown := p.evidenceOf(t, filepath.Join(dir, "newer.zip"), fmt.Sprintf("since=%d", size), size+1) // the first bundle is an event, too
	for _, since := range []string{"0", "-1", "x", fmt.Sprint(grown + 100)} {
		if status, _, body := p.get(t, "/v1/evidence?since="+since); status != 400 {
			t.Errorf("since=%s: %d %s", since, status, body)
		}
	}
	p.stop(t)
	must(t, os.WriteFile(database, backup, 0o600))
	p = started(t, info, serve...)
	for range 3 {
		p.createClient(t)
	}
	fork, _ := p.evidenceOf(t, filepath.Join(dir, "fork.zip"), fmt.Sprintf("since=%d", grown), grown)
	plain, _ := p.evidenceOf(t, filepath.Join(dir, "plain.zip"), "to=2026-01-01T00:00:00Z", grown)
	p.stop(t)

	var keys []string
	for _, more := range [][]string{nil, {"--evidence-key", database + ".evidence-key"}} {
		_, key := fails(t, append([]string{"log", "key", "--database", database}, more...)...)
		keys = append(keys, "--key", strings.TrimSpace(key))
	}
	unpacked := filepath.Join(dir, "unpacked")
	unzip(t, old, unpacked)
	kept := filepath.Join(unpacked, "checkpoints", "last")
	lastOfNewer := filepath.Join(dir, "newer")
	unzip(t, newer, lastOfNewer)
	lastOfNewer = filepath.Join(lastOfNewer, "checkpoints", "last")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{newer, "--against", old}, 0, "entries are in both bundles, and are the same"},
		{[]string{newer, "--checkpoint", kept}, 0, "in the checkpoint that was kept"},
		{[]string{newer, "--against", unpacked, "--checkpoint", kept}, 0, "newer.zip holds"},
		{[]string{fork, "--against", old}, exit.Unconfirmed, "ask for the newer bundle with since="},
		{[]string{fork, "--against", newer}, exit.Proof, "two histories were signed under one name"},
		{[]string{newer, "--against", fork}, exit.Proof, "two histories were signed under one name"},
		{[]string{fork, "--checkpoint", lastOfNewer}, exit.Proof, "two histories were signed under one name"},
		{[]string{plain, "--checkpoint", lastOfNewer}, exit.Unconfirmed, "nothing here proves"},
		{[]string{newer, "--against", filepath.Join(dir, "none.zip")}, exit.Usage, "is not an evidence bundle"},
	} {
		if code, out := fails(t, append(append([]string{"verify"}, c.args...), keys...)...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
	for _, name := range []string{old, newer, fork} {
		if code, out := fails(t, append([]string{"verify", name}, keys...)...); code != 0 {
			t.Errorf("%s by itself: exit %d, %s", name, code, out)
		}
	}
}
