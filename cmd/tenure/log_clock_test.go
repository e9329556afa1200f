package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// TestLogClock: a log whose clock was once far ahead takes no changes until an operator
// says so, or time has come.
func TestLogClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		serve := []string{"serve", "--database", dsn, "--log-level", "disabled", "--drain", "0s", "--secrets-key-file", "none", "--log-key", "none", "--evidence-key", "none", "--log-state", "none"}
		p := started(t, "", serve...)
		key := p.info.Organizations[0].APIKey
		clients := p.clients()
		p.stop(t)
		says := func(want int, texts ...string) {
			t.Helper()
			code, out := fails(t, "log", "clock", "--database", dsn)
			for _, text := range texts {
				if code != want || !strings.Contains(out, text) {
					t.Errorf("exit %d, not %d with %q: %s", code, want, text, out)
				}
			}
		}
		says(0, "it is not ahead: there is nothing to do")
		ahead(t, dsn, 30*time.Minute)
		says(0, "29m5", "servers accept changes, and count on in microseconds")
		ahead(t, dsn, 12*time.Hour)
		says(exit.Problems, "no change is accepted before", "tenure log clock --database … --go-on --reason …")

		p = started(t, "", serve...)
		p.info.Organizations[0].APIKey = key
		create := `{"name":"c","confidentiality_type":"public"}`
		if status, answer, err := p.call("POST", clients, create); err != nil || status != http.StatusServiceUnavailable {
			t.Errorf("a change: %d %v %v", status, answer, err)
		}
		if status, answer, err := p.call("GET", "/readyz", ""); err != nil || status != http.StatusServiceUnavailable || answer["status"] != "log-clock-ahead" {
			t.Errorf("readyz: %d %v %v", status, answer, err)
		}
		if strings.HasPrefix(dsn, "postgres") {
			goOn(t, dsn)
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); { // until the server's next poll
				if status, _, err := p.call("GET", "/readyz", ""); err == nil && status == http.StatusOK {
					break
				}
			}
			if status, answer, err := p.call("GET", "/readyz", ""); err != nil || status != http.StatusOK {
				t.Errorf("readyz afterwards: %d %v %v", status, answer, err)
			}
		} else { // one process has the database
			p.stop(t)
			goOn(t, dsn)
			p = started(t, "", serve...)
			p.info.Organizations[0].APIKey = key
		}
		if status, answer, err := p.call("POST", clients, create); err != nil || status != http.StatusCreated {
			t.Errorf("a change afterwards: %d %v %v", status, answer, err)
		}
		status, answer, err := p.call("GET", "/v1/history?kind=log.clock-ahead", "")
		items, _ := answer["events"].([]any)
		if err != nil || status != 200 || len(items) != 1 || items[0].(map[string]any)["reason"] != "its clock is right again" || items[0].(map[string]any)["actor"] != "operator:log clock" {
			t.Errorf("history: %d %v %v", status, answer, err)
		}
		says(0, "servers accept changes")
		p.stop(t)
		if code, out := fails(t, "check", "--database", dsn); code != 0 {
			t.Errorf("check: exit %d, %s", code, out)
		}
		for _, args := range [][]string{{"--go-on"}, {"--reason", "x"}} {
			if code, out := fails(t, append([]string{"log", "clock", "--database", dsn}, args...)...); code != exit.Usage {
				t.Errorf("%v: exit %d, %s", args, code, out)
			}
		}
	})
}

func goOn(t *testing.T, dsn string) {
	t.Helper()
	if code, out := fails(t, "log", "clock", "--database", dsn, "--go-on", "--reason", "its clock is right again"); code != 0 || !strings.Contains(out, "changes are accepted again") {
		t.Fatalf("exit %d, %s", code, out)
	}
}

// ahead sets the log's clock, as a node with a wrong one did before nodes compared theirs.
func ahead(t *testing.T, dsn string, by time.Duration) {
	t.Helper()
	d, err := db.Open(context.Background(), dsn, db.Options{})
	must(t, err)
	_, err = d.Raw().Exec(d.Raw().Rebind("UPDATE log_head SET clock = ?"), time.Now().Add(by).UnixMicro())
	must(t, err)
	must(t, d.Close())
}
