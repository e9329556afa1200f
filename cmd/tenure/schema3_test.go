package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenure/handlers/openfinance/demo"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/db/migrate/migratetest"

	"time"
)

// schema3 is the fixture of schema version 3 in a database, with its keys
// where serve finds them.
type schema3 struct {
	migratetest.Fixture
	dsn  string
	args []string // of serve
}

func newSchema3(t *testing.T, dsn string) *schema3 {
	t.Helper()
	migratetest.Load(t, dsn)
	s := &schema3{Fixture: migratetest.Answers(t), dsn: dsn}
	dir := t.TempDir()
	authority, err := demo.NewAuthority(time.Now)
	must(t, err)
	ca := filepath.Join(dir, "ca.pem")
	must(t, os.WriteFile(ca, authority.PEM(), 0o600))
	s.args = []string{"serve", "--database", dsn, "--public-url", "https://tenure.example", "--log-level", "error",
		"--client-ca", ca, "--proxy-cert-header", "Client-Cert", "--proxy-cert-format", "rfc9440", "--trusted-proxy", "127.0.0.1/32"}
	for flag, key := range map[string]struct{ file, beside string }{"--secrets-key-file": {"sealing-key", ".key"},
		"--log-key": {"log-key", ".log-key"}, "--evidence-key": {"evidence-key", ".evidence-key"}} {
		if strings.HasPrefix(dsn, "postgres://") {
			s.args = append(s.args, flag, migratetest.Path(t, "keys", key.file))
		} else {
			must(t, os.WriteFile(dsn+key.beside, []byte(migratetest.Read(t, "keys", key.file)), 0o600))
		}
	}
	return s
}

// migrate is the command that brings its database up.
func (s *schema3) migrate() []string {
	args := []string{"migrate", "--database", s.dsn}
	if i := slices.Index(s.args, "--secrets-key-file"); i >= 0 {
		args = append(args, s.args[i:i+2]...)
	}
	return args
}

// ask sends a request as the answer's was sent.
func (s *schema3) ask(t *testing.T, url string, a migratetest.Answer) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest("GET", url+a.Path, nil)
	must(t, err)
	if a.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.Keys[a.Key])
	}
	for name, value := range a.Headers {
		if name == "SlashID-API-Key" {
			value = s.Keys[value]
		}
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, res.Header, string(raw)
}

// said is what a later program must say again of an error: not its text, nor the request's id.
func said(t *testing.T, body string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		return body
	}
	maps.DeleteFunc(members, func(name string, _ any) bool {
		return slices.Contains([]string{"detail", "title", "request_id", "error_text", "error_description", "message"}, name)
	})
	return fmt.Sprint(members)
}

// until is a member whose value in lists this version mends: it said null where
// something was planned.
var until = regexp.MustCompile(`"until":(null|"[^"]*")`)

// later are members of policies that came after version 3, with their defaults.
var later = regexp.MustCompile(`,"weak_keys":"refuse"`)

// set is a registration without what is unset, which later versions leave out (RFC 7591
// section 3.2.1), and without the defaults and the second of created_at that they show.
func set(t *testing.T, body string) string {
	t.Helper()
	var members map[string]any
	must(t, json.Unmarshal([]byte(body), &members))
	usual := map[string]string{"grant_types": "[authorization_code]", "response_types": "[code]", "application_type": "web"}
	maps.DeleteFunc(members, func(name string, value any) bool {
		text := fmt.Sprint(value)
		return slices.Contains([]string{"<nil>", "", "[]", "map[]", "false", usual[name]}, text) || name == "client_id_issued_at" || name == "client_secret_expires_at"
	})
	return fmt.Sprint(members)
}

var registration = regexp.MustCompile(`/(oauth2/register|reg)/[^/]+$`)

var ofBlame = regexp.MustCompile(`^/v1/clients/[0-9a-f]+/blame\?`)

var ofEvents = regexp.MustCompile(`^/v1/(clients/[0-9a-f]+/)?history\?`)

// withoutDetails is an answer of events without what each says beside its envelope, and
// without what a setup's event changed of a client: the last members of later versions.
func withoutDetails(t *testing.T, body string) string {
	t.Helper()
	if !strings.HasPrefix(body, "{") {
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		must(t, err)
		for last := len(rows[0]) - 1; rows[0][last] == "details" || rows[0][last] == "inherited"; last-- {
			for i, row := range rows {
				rows[i] = row[:last]
			}
		}
		return fmt.Sprint(rows)
	}
	var members any
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	must(t, dec.Decode(&members))
	for _, e := range members.(map[string]any)["events"].([]any) {
		delete(e.(map[string]any), "details")
	}
	return fmt.Sprint(members)
}

// blamed is an answer of blame without who made each snapshot, which later versions show.
func blamed(t *testing.T, body string) string {
	t.Helper()
	var list struct {
		Members []struct {
			Member     string
			Set        bool
			SnapshotID string `json:"snapshot_id"`
			ValidFrom  string `json:"valid_from"`
		}
	}
	must(t, json.Unmarshal([]byte(body), &list))
	return fmt.Sprint(list)
}

// mended reports whether a later version mends the answer: it told whose values
// a client had at an instant by which that client was deleted.
func (s *schema3) mended(a migratetest.Answer) bool {
	client := strings.Replace(a.Path, "/blame?", "?", 1)
	return client != a.Path && slices.ContainsFunc(s.Answers, func(own migratetest.Answer) bool {
		return own.Path == client && own.Status == http.StatusGone
	})
}

// compare asks everything that the program of version 3 was asked.
func (s *schema3) compare(t *testing.T, url string) {
	t.Helper()
	if len(s.Answers) < 170 {
		t.Errorf("only %d answers", len(s.Answers))
	}
	for _, a := range s.Answers {
		asked := a
		if ofBlame.MatchString(a.Path) { // what clients inherit is in it since
			asked.Path += "&view=stored"
		}
		status, header, body := s.ask(t, url, asked)
		if s.mended(a) {
			if status != http.StatusGone {
				t.Errorf("GET %s: %d %s", a.Path, status, body)
			}
			continue
		}
		want := a.Body
		switch {
		case a.Status >= 400:
			body, want = said(t, body), said(t, want)
		case registration.MatchString(a.Path):
			body, want = set(t, body), set(t, want)
		case strings.HasPrefix(a.Path, "/v1/clients?"):
			body, want = until.ReplaceAllString(body, `"until":`), until.ReplaceAllString(want, `"until":`)
		case ofBlame.MatchString(a.Path):
			body, want = blamed(t, body), blamed(t, want)
		case ofEvents.MatchString(a.Path):
			body, want = withoutDetails(t, body), withoutDetails(t, want)
		}
		body = later.ReplaceAllString(body, "")
		if status != a.Status || body != want {
			t.Errorf("GET %s as %q: %d %s\nwas %d %s", a.Path, a.Key, status, body, a.Status, want)
		}
		for name, was := range a.Answer {
			if name == "ETag" { // its form is the program's, and no row keeps it
				continue
			}
			if got := header.Get(name); got != was {
				t.Errorf("GET %s as %q: %s is %q, was %q", a.Path, a.Key, name, got, was)
			}
		}
	}
}

// TestSchema3IsServed: on both engines, what the program of schema version 3
// answered is answered again, its database is consistent, and its evidence and
// checkpoint hold.
func TestSchema3IsServed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := newSchema3(t, dsn)
		key := migratetest.Path(t, "keys", "log-key")
		if code, out := fails(t, s.migrate()...); code != 0 {
			t.Fatalf("migrate: exit %d, %s", code, out)
		}
		p := started(t, "", s.args...)
		s.compare(t, p.info.URL)
		p.stop(t)
		if code, out := fails(t, "check", "--database", dsn, "--log-key", key); code != 0 {
			t.Errorf("check: exit %d, %s", code, out)
		}
		bundle := migratetest.Path(t, "evidence.zip")
		if code, out := fails(t, append([]string{"verify", bundle, "--key", s.VerifierKeys[0]}, evidenceKeys(t, bundle)...)...); code != 0 {
			t.Errorf("verify the bundle: exit %d, %s", code, out)
		}
		if code, out := fails(t, "verify", dsn, "--key", s.VerifierKeys[0], "--checkpoint", migratetest.Path(t, "checkpoint.txt")); code != 0 {
			t.Errorf("verify the database: exit %d, %s", code, out)
		}
	})
}
