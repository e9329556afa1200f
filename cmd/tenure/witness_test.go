package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db/dbtest"
)

// aWitness starts tenure log witness and returns its URL and key.
func aWitness(t *testing.T, args ...string) (url, key string, stop func()) {
	t.Helper()
	cmd := command(append([]string{"log", "witness", "--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text := lines.Text(); key == "" {
			key = text
		} else {
			url = text[strings.LastIndex(text, " ")+1:]
			return url, key, func() {
				must(t, cmd.Process.Signal(syscall.SIGTERM))
				must(t, cmd.Wait())
			}
		}
	}
	t.Fatal("the witness said nothing")
	return "", "", nil
}

// TestWitnesses: checkpoints and bundles carry the cosignature of a witness that answers; the server
// goes on without one that is down; verify demands the witnesses that it is given.
func TestWitnesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		dir := t.TempDir()
		logKey, evidenceKey := filepath.Join(dir, "log.keys"), filepath.Join(dir, "evidence.keys")
		for use, file := range map[string]string{"log": logKey, "evidence": evidenceKey} {
			if code, out := fails(t, use, "new-key", "--file-only", "--"+use+"-key", file); code != 0 {
				t.Fatal(out)
			}
		}
		serve := []string{"serve", "--database", dsn, "--secrets-key-file", "none", "--log-key", logKey, "--evidence-key", evidenceKey,
			"--log-state", filepath.Join(dir, "published"), "--public-url", "https://conf.example.org"}
		p := started(t, filepath.Join(dir, "info.json"), serve...)
		_, size := p.checkpointAbove(t, 0)
		admin := p.info.Organizations[0].APIKey
		p.stop(t)
		_, vkey := fails(t, "log", "key", "--database", dsn, "--log-key", logKey)
		vkey = strings.TrimSpace(vkey)

		files := []string{"--name", "witness.example/w1", "--key-file", filepath.Join(dir, "witness.key"), "--state", filepath.Join(dir, "witness.state"), "--log", vkey}
		url, key, stop := aWitness(t, files...)
		_, absent, stopAbsent := aWitness(t, "--name", "absent.example", "--key-file", filepath.Join(dir, "absent.key"), "--state", filepath.Join(dir, "absent.state"), "--log", vkey)
		stopAbsent()
		p = started(t, filepath.Join(dir, "info.json"), append(serve, "--witness", url+"+"+key, "--witness", "http://127.0.0.1:1+"+absent)...)
		p.info.Organizations[0].APIKey = admin
		p.createClient(t)
		bundle, size := p.evidenceOf(t, filepath.Join(dir, "evidence.zip"), "", size)
		text := p.text(t, "/log/checkpoint")
		if !strings.Contains(text, "\n— witness.example/w1 ") || strings.Contains(text, "absent.example") {
			t.Errorf("the checkpoint is\n%s", text)
		}
		if text := p.text(t, "/log/witnesses"); text != fmt.Sprintf("%s %d answers\n%s 0 fails\n", key, size, absent) {
			t.Errorf("the witnesses are\n%s", text)
		}
		p.stop(t)
		stop()
		_, again, stop := aWitness(t, files...)
		stop()
		if again != key {
			t.Errorf("after a restart its key is %s, before %s", again, key)
		}

		for _, c := range []struct {
			witnesses []string
			code      int
			want      string
		}{
			{nil, 0, "holds"}, {[]string{key}, 0, "is cosigned by the witness witness.example/w1, at "},
			{[]string{absent}, exit.Proof, "the witness absent.example has not cosigned it"},
			{[]string{key, absent}, exit.Proof, "the witness absent.example has not cosigned it"},
			{[]string{vkey}, exit.Usage, "not the key of a witness"},
		} {
			args := []string{"verify", bundle, "--key", vkey}
			for _, w := range c.witnesses {
				args = append(args, "--witness", w)
			}
			if code, out := fails(t, args...); code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("%v: exit %d, want %d and %q:\n%s", c.witnesses, code, c.code, c.want, out)
			}
			if second := secondVerifier(t, args[1:]...); second >= 0 && second != c.code {
				t.Errorf("%v: exit %d of the second verifier, want %d", c.witnesses, second, c.code)
			}
		}
		if code, out := fails(t, "check", "--database", dsn, "--log-key", logKey); code != 0 {
			t.Errorf("check: %d %s", code, out)
		}
		must(t, os.Remove(filepath.Join(dir, "witness.state")))
		for _, args := range [][]string{append([]string{"log", "witness"}, files...), {"log", "witness"}, append(serve, "--witness", "http://witness.example+"+key)} {
			if code, out := fails(t, args...); code != exit.Usage {
				t.Errorf("%v: exit %d, %s", args, code, out)
			}
		}
	})
}

func (p *program) text(t *testing.T, path string) string {
	t.Helper()
	res, err := http.Get(p.info.URL + path)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return string(body)
}
