package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tenure/cmd/tenure/demo"
)

// blocks are the shell blocks of the README.
func blocks(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	var found []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		found = append(found, m[1])
	}
	return found
}

func needCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("TENURE_REQUIRE_POSTGRES") == "1" {
			t.Fatal("curl is required here")
		}
		t.Skip("no curl on this machine")
	}
}

// ask runs a request as a person does, in a shell, and wants a JSON answer
// that is no error: an object, or a list that holds something.
func ask(t *testing.T, command string, env []string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	var answer map[string]any
	if list := []map[string]any(nil); err == nil && json.Unmarshal(out, &list) == nil && len(list) > 0 {
		answer = list[0]
	} else if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil || answer["error"] != nil || answer["error_code"] != nil || answer["errors"] != nil || answer["status"] != nil || len(answer) == 0 {
		t.Errorf("%s\n→ %v %s", command, err, out)
	}
}

func TestRequestsOfTheReadmeAndOfDevWork(t *testing.T) {
	needCurl(t)
	p := started(t, "", "dev")
	var env []string
	for _, v := range demo.Variables(p.info) {
		env = append(env, v.Name+"="+v.Value)
	}
	asked := 0
	for _, b := range blocks(t) {
		if strings.HasPrefix(b, "curl ") {
			asked++
			ask(t, b, env)
		}
	}
	for _, r := range demo.Requests(p.info) {
		asked++
		ask(t, r.Command, nil)
	}
	if asked < 10 {
		t.Errorf("only %d requests found", asked)
	}
	p.stop(t)
	for _, r := range demo.Requests(p.info) {
		if !strings.Contains(p.out.String(), r.Command) {
			t.Errorf("dev did not print %s", r.Command)
		}
	}
}

// TestCommandsOfTheReadme: every command line of ours in the README is one
// that the program understands, and both README commands are there.
func TestCommandsOfTheReadme(t *testing.T) {
	all := strings.Join(blocks(t), "")
	for _, want := range []string{"go run ./cmd/tenure dev\n", "go test ./...\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("the README has no %q", want)
		}
	}
	dir := t.TempDir()
	for _, line := range strings.Split(all, "\n") {
		args, ours := strings.CutPrefix(line, "go run ./cmd/tenure ")
		if !ours {
			continue
		}
		args = strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:0", "tenure.db", filepath.Join(dir, "tenure.db"),
			"info.json", filepath.Join(dir, "info.json")).Replace(args)
		fields := strings.Fields(args)
		switch fields[0] {
		case "check": // the serve command before it made the database
			if code, out := fails(t, fields...); code != 0 {
				t.Errorf("%s: %d %s", line, code, out)
			}
		case "serve":
			started(t, filepath.Join(dir, "info.json"), fields...).stop(t)
		case "dev":
			started(t, "", fields...).stop(t)
		default:
			t.Errorf("%s: what is that?", line)
		}
	}
}

func TestDevRestartsOnAKeptDatabase(t *testing.T) {
	dir := t.TempDir()
	db, file := filepath.Join(dir, "dev.db"), filepath.Join(dir, "info.json")
	first := started(t, file, "dev", "--database", db)
	first.stop(t)
	second := started(t, file, "dev", "--database", db)
	if len(second.info.Clients) != 4 || len(second.info.Organizations) != 4 {
		t.Fatalf("%+v", second.info)
	}
	for i, o := range second.info.Organizations {
		if o.APIKey == "" || o.APIKey != first.info.Organizations[i].APIKey {
			t.Errorf("%s: key %q, was %q", o.Name, o.APIKey, first.info.Organizations[i].APIKey)
		}
	}
	for _, c := range second.info.Clients {
		status, read, err := second.call("GET", second.clients()+"/"+string(c.EntityID), "")
		if err != nil || status != 200 || read["client_id"] != c.ClientID || read["client_secret"] != c.ClientSecret {
			t.Errorf("%s: %d %v", c.ClientID, status, err)
		}
	}
}
