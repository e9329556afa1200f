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

// TestRequestsOfTheOrganizationsDocument runs every request of
// docs/organizations.md, in its order, against one tenure dev. A comment behind
// one is the status of its refusal.
func TestRequestsOfTheOrganizationsDocument(t *testing.T) {
	needCurl(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "organizations.md"))
	must(t, err)
	p := started(t, "", "dev")
	defer p.stop(t)
	env := os.Environ()
	for _, v := range demo.Variables(p.info) {
		env = append(env, v.Name+"="+v.Value)
	}
	root, child := p.info.Organizations[0], p.info.Organizations[len(p.info.Organizations)-1]
	says := map[int]string{1: `"owner_organization_id":"` + string(child.ID) + `"`, 2: `"total_count":1`, 4: `"total_count":4`,
		5: `"client_secret":"`, 6: `"result":["`, 7: `"tenant_name":"` + root.Name + `"`, 8: `"token_duration":86400`}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	for i, m := range blocks {
		command, refused, _ := strings.Cut(strings.TrimSpace(m[1]), " # ")
		cmd := exec.Command("sh", "-c", command)
		cmd.Env = env
		out, err := cmd.Output()
		var answer struct {
			Result json.RawMessage `json:"result"`
			Errors []struct {
				HTTPCode json.Number `json:"httpcode"`
			} `json:"errors"`
		}
		if err == nil {
			err = json.Unmarshal(out, &answer)
		}
		status := ""
		if len(answer.Errors) > 0 {
			status = answer.Errors[0].HTTPCode.String()
		}
		if err != nil || status != refused || (answer.Result != nil) != (refused == "") || !strings.Contains(string(out), says[i]) {
			t.Errorf("%s\n→ %v %s", command, err, out)
		}
	}
	if len(blocks) != 10 {
		t.Errorf("%d requests found", len(blocks))
	}
}
