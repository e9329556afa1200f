package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db/dbtest"
)

// TestKeyRotation: six bundles over two rotations of both keys, by the documented steps. Each
// verifies with every pair of keys that signed it or its log's end; a pair that signed only the
// beginning of its log says how far it goes; one that came later finds nothing of its own.
func TestKeyRotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		dir := t.TempDir()
		info, state := filepath.Join(dir, "info.json"), filepath.Join(dir, "published")
		files := map[string]string{"log": filepath.Join(dir, "log.keys"), "evidence": filepath.Join(dir, "evidence.keys")}
		serve := []string{"serve", "--database", dsn, "--log-state", state, "--log-key", files["log"], "--secrets-key-file", "none", "--evidence-key", files["evidence"]}
		ok := func(args ...string) string {
			t.Helper()
			code, out := fails(t, args...)
			if code != 0 {
				t.Fatalf("%v: exit %d, %s", args, code, out)
			}
			return out
		}
		pairs := make([][]string, 0, 3) // public keys, that of the log first
		newKeys := func() {
			t.Helper()
			var pair []string
			for _, use := range []string{"log", "evidence"} {
				pair = append(pair, strings.TrimSpace(ok(use, "new-key", "--database", dsn, "--"+use+"-key", files[use], "--reason", "the yearly change")))
			}
			pairs = append(pairs, pair)
		}
		retire := func(pair []string) {
			t.Helper()
			for i, use := range []string{"log", "evidence"} {
				args := []string{use, "retire-key", pair[i], "--database", dsn, "--" + use + "-key", files[use], "--reason", "its year is over"}
				if use == "log" {
					args = append(args, "--log-state", state)
				}
				if out := ok(args...); !strings.Contains(out, pair[i]+" is retired") {
					t.Errorf("%v: %s", args, out)
				}
				if out := ok(args...); !strings.Contains(out, "was retired before") {
					t.Errorf("%v again: %s", args, out)
				}
			}
		}
		admin, size, bundles := "", 0, []string{}
		bundle := func(query string) {
			t.Helper()
			p := started(t, info, serve...)
			if admin == "" {
				admin = p.info.Organizations[0].APIKey
			}
			p.info.Organizations[0].APIKey = admin
			_, size = p.checkpointAbove(t, 0) // what was signed before it started counts no more
			p.createClient(t)
			name := filepath.Join(dir, fmt.Sprintf("%d.zip", len(bundles)+1))
			name, size = p.evidenceOf(t, name, query, size)
			bundles = append(bundles, name)
			p.stop(t)
		}

		for _, use := range []string{"log", "evidence"} {
			ok(use, "new-key", "--file-only", "--"+use+"-key", files[use])
			if code, out := fails(t, use, "new-key", "--file-only", "--"+use+"-key", files[use]); code == 0 || !strings.Contains(out, "exists") {
				t.Errorf("a second file: exit %d, %s", code, out)
			}
			if about, err := os.Stat(files[use]); err != nil || about.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", about, err)
			}
		}
		bundle("")
		pairs = append(pairs, []string{strings.TrimSpace(ok("log", "key", "--database", dsn, "--log-key", files["log"])),
			strings.TrimSpace(ok("log", "key", "--database", dsn, "--log-key", files["log"], "--evidence-key", files["evidence"]))})
		tooEarly := func(what string) {
			t.Helper()
			if code, out := fails(t, "log", "retire-key", pairs[0][0], "--database", dsn, "--log-key", files["log"], "--log-state", state, "--reason", "test"); code == 0 ||
				!strings.Contains(out, "no other key of the file has signed") {
				t.Errorf("%s is retired: exit %d, %s", what, code, out)
			}
		}
		tooEarly("the only key")
		newKeys()
		tooEarly("the key that alone has signed")
		bundle("")
		retire(pairs[0])
		bundle("")
		newKeys()
		bundle("")
		retire(pairs[1])
		bundle("")
		bundle(fmt.Sprintf("since=%d", size))

		want := [][]int{ // a row for each bundle, a column for each pair
			{0, exit.Proof, exit.Proof}, {0, 0, exit.Proof}, {exit.Unconfirmed, 0, exit.Proof},
			{exit.Unconfirmed, 0, 0}, {exit.Unconfirmed, exit.Unconfirmed, 0}, {exit.Unconfirmed, exit.Unconfirmed, 0},
		}
		wantAlone := [2][][]int{want, { // one key alone: that of the log, that of evidence
			{exit.Unconfirmed, exit.Proof, exit.Proof}, {exit.Unconfirmed, exit.Unconfirmed, exit.Proof}, {exit.Proof, exit.Unconfirmed, exit.Proof},
			{exit.Proof, exit.Unconfirmed, exit.Unconfirmed}, {exit.Proof, exit.Proof, exit.Unconfirmed}, {exit.Proof, exit.Proof, exit.Unconfirmed},
		}}
		t.Log("bundle: exit code with the first, the second, the third pair of keys; with the newest key of the log alone; with no key")
		for i, name := range bundles {
			var codes []int
			for j, pair := range pairs {
				code, out := fails(t, "verify", name, "--key", pair[0], "--key", pair[1])
				codes = append(codes, code)
				if second := secondVerifier(t, name, "--key", pair[0], "--key", pair[1]); second != code && second >= 0 {
					t.Errorf("bundle %d, pair %d: exit %d, and %d of the second verifier", i+1, j+1, code, second)
				}
				if code != want[i][j] || code == exit.Unconfirmed && !strings.Contains(out, "behind them are signed by a key that was not given") {
					t.Errorf("bundle %d, pair %d: exit %d, want %d\n%s", i+1, j+1, code, want[i][j], out)
				}
			}
			for j, pair := range pairs {
				for use, key := range pair {
					code, out := fails(t, "verify", name, "--key", key)
					if want := wantAlone[use][i][j]; code != want {
						t.Errorf("bundle %d, key %d of pair %d alone: exit %d, want %d\n%s", i+1, use, j+1, code, want, out)
					}
					if second := secondVerifier(t, name, "--key", key); second >= 0 && (second == exit.Proof) != (code == exit.Proof) {
						t.Errorf("bundle %d, key %d of pair %d alone: exit %d, and %d of the second verifier", i+1, use, j+1, code, second)
					}
				}
			}
			alone, out := fails(t, "verify", name, "--key", pairs[min(i/2, 2)][0])
			if second := secondVerifier(t, name, "--key", pairs[min(i/2, 2)][0]); second > 0 {
				t.Errorf("bundle %d with the log's key alone: exit %d of the second verifier", i+1, second)
			}
			if alone != 0 || !strings.Contains(out, "verified with a key that the log names") {
				t.Errorf("bundle %d with the log's key alone: exit %d\n%s", i+1, alone, out)
			}
			none, _ := fails(t, "verify", name)
			if none != exit.Unconfirmed {
				t.Errorf("bundle %d with no key: exit %d", i+1, none)
			}
			t.Logf("%d: %d %d %d; %d; %d", i+1, codes[0], codes[1], codes[2], alone, none)
		}
		for i, pair := range pairs { // the database itself, which the newest signs
			code, out := fails(t, "verify", dsn, "--key", pair[0])
			if want := map[bool]int{true: 0, false: exit.Proof}[i == 2]; code != want {
				t.Errorf("the database with pair %d: exit %d\n%s", i+1, code, out)
			}
		}
		ok("check", "--database", dsn, "--log-key", files["log"])

		// a file of keys that the log does not know is refused, an added one beside a known one is recorded
		strange := filepath.Join(dir, "strange.keys")
		ok("evidence", "new-key", "--file-only", "--evidence-key", strange)
		again := append([]string{}, serve...)
		again[len(again)-1] = strange
		if code, out := fails(t, append(again, "--listen", "127.0.0.1:0")...); code != exit.Refused || !strings.Contains(out, "no event of the log names one of the keys") {
			t.Errorf("a strange file: exit %d, %s", code, out)
		}
		both, err := os.ReadFile(files["evidence"])
		must(t, err)
		more, err := os.ReadFile(strange)
		must(t, err)
		must(t, os.WriteFile(strange, append(both, more...), 0o600))
		p := started(t, info, again...)
		p.info.Organizations[0].APIKey = admin
		_, _, raw := p.get(t, "/v1/history?kind=log.key-added&order=desc")
		p.stop(t)
		for _, text := range []string{`"operator:start of a server"`, `"use":"evidence"`, `"the yearly change"`, `"verifier_key"`} {
			if !strings.Contains(strings.ReplaceAll(string(raw), ": ", ":"), text) {
				t.Errorf("the history has no %s\n%s", text, raw)
			}
		}
	})
}

// secondVerifier is the exit code of the verifier that was written from the documents alone; -1
// where there is no Python.
func secondVerifier(t *testing.T, args ...string) int {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		return -1
	}
	cmd := exec.Command(python, append([]string{"-B", "../../testdata/evidence-verifier/verify.py"}, args...)...)
	_, _ = cmd.CombinedOutput()
	return cmd.ProcessState.ExitCode()
}
