package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db/dbtest"
)

// TestPrivileges runs the statements of docs/operations/postgresql.md that make the roles. With them the
// owner makes the tables and migrates, a node does everything that a program does, erasing too, and can
// neither remove a trigger nor change what one protects, and tenure_read checks the database.
func TestPrivileges(t *testing.T) {
	dir, dsn := t.TempDir(), dbtest.Postgres(t)
	server := newServer(t, dsn)
	made, granted := roleStatements(t, server.database)
	server.must(t, made...)
	as := func(role string) string {
		u, err := url.Parse(dsn)
		must(t, err)
		u.User = url.User(role)
		return u.String()
	}
	keys := []string{"--secrets-key-file", filepath.Join(dir, "secrets"), "--log-key", filepath.Join(dir, "log"), "--evidence-key", filepath.Join(dir, "evidence")}
	runs := func(args ...string) string {
		t.Helper()
		code, out := fails(t, args...)
		if code != 0 {
			t.Fatalf("%q: %d %s", args, code, out)
		}
		return out
	}
	runs("secrets", "new-key", keys[0], keys[1])
	runs("log", "new-key", "--file-only", keys[2], keys[3])
	runs("evidence", "new-key", "--file-only", keys[4], keys[5])
	serve := func(role string) *program {
		return started(t, "", append([]string{"serve", "--database", as(role), "--log-level", "error", "--drain", "0s", "--read-log", "full", "--log-state", filepath.Join(dir, "state")}, keys...)...)
	}

	first := serve("tenure_owner")
	first.stop(t)
	if code, out := fails(t, append([]string{"serve", "--database", as("tenure_node"), "--listen", "127.0.0.1:0"}, keys...)...); code != exit.Database || !strings.Contains(out, "permission denied") {
		t.Fatalf("before the grants a node ends with %d: %s", code, out)
	}
	database, err := sqlx.Open("pgx", dsn)
	must(t, err)
	defer database.Close()
	database.SetMaxOpenConns(1) // they begin with SET ROLE
	for range 2 {               // as after a migration
		for _, statement := range granted {
			if _, err := database.Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}

	p := serve("tenure_node")
	p.info.Organizations, p.info.Module, p.info.SetupID = first.info.Organizations, first.info.Module, first.info.SetupID
	call := func(want int, method, path, body string) map[string]any {
		t.Helper()
		status, answer, err := p.call(method, path, body)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d %v %v", method, path, status, answer, err)
		}
		return answer
	}
	call(http.StatusOK, "PUT", "/v1/setups/"+string(p.info.SetupID)+"/policy", `{"registration":"open"}`)
	entities := map[string]string{}
	for _, id := range []string{"one", "two"} {
		made := call(http.StatusCreated, "POST", "/admin/clients", `{"client_id":"`+id+`","client_name":"a name","client_secret":"a-secret-of-16-chars"}`)
		call(http.StatusOK, "PATCH", "/admin/clients/"+id, `[{"op":"replace","path":"/client_name","value":"another"}]`)
		token, _ := made["registration_access_token"].(string)
		if status, body, err := p.send(t.Context(), http.DefaultClient, token, "GET", "/oauth2/register/"+id, ""); err != nil || status != http.StatusOK {
			t.Fatalf("the client itself: %d %s %v", status, body, err)
		}
		var entity string
		must(t, database.Get(&entity, "SELECT entity_id FROM entity WHERE client_id = $1", id))
		entities[id] = entity
	}
	call(http.StatusNoContent, "DELETE", "/admin/clients/one", "")
	call(http.StatusOK, "POST", "/v1/clients/"+entities["one"]+":erase", `{"reason":"asked for by the person","confirm":"one"}`)
	p.stop(t) // and writes last uses, and who read what
	runs("erase", "--database", as("tenure_node"), "--client", entities["two"], "--reason", "asked for by the person", "--delete")
	runs("log", "new-key", "--database", as("tenure_node"), keys[2], keys[3])
	runs("evidence", "new-key", "--database", as("tenure_node"), keys[4], keys[5])
	runs("secrets", "use-key", "--database", as("tenure_node"), keys[0], keys[1])
	again := serve("tenure_node") // it signs what the commands wrote
	again.stop(t)
	runs("log", "new-origin", "--database", as("tenure_node"), keys[2], keys[3], "--log-state", filepath.Join(dir, "state"), "--reason", "the test of roles")
	for _, role := range []string{"tenure_owner", "tenure_read"} {
		runs("migrate", "--database", as(role), "--dry-run")
		runs("check", "--database", as(role), keys[2], keys[3])
	}
	runs("migrate", "--database", as("tenure_owner"))

	node, err := sqlx.Open("pgx", as("tenure_node"))
	must(t, err)
	defer node.Close()
	for statement, says := range map[string]string{
		"DROP TRIGGER log_event_no_change ON log_event":    "must be owner",
		"ALTER TABLE log_event DISABLE TRIGGER ALL":        "must be owner",
		"DROP TABLE log_event":                             "must be owner",
		"DROP FUNCTION refuse_change() CASCADE":            "must be owner",
		"TRUNCATE log_event":                               "permission denied",
		"SET session_replication_role = replica":           "permission denied",
		"CREATE TABLE mine (a int)":                        "permission denied",
		"CREATE TEMPORARY TABLE mine (a int)":              "permission denied",
		"INSERT INTO schema_version (version) VALUES (99)": "permission denied",
		"DELETE FROM log_event":                            "permission denied",
		"UPDATE log_checkpoint SET size = 1":               "permission denied",
		"UPDATE client_secret SET hash = 'mine'":           "immutable",
		"DELETE FROM snapshot_body WHERE snapshot_id IN (SELECT snapshot_id FROM snapshot WHERE entity_id NOT IN (SELECT ref FROM erasure))": "immutable",
	} {
		if _, err := node.Exec(statement); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a node may %s: %v", statement, err)
		}
	}
}

// roleStatements are the statements of the two blocks of the page that make the roles of a database
// and give them what they need. The database is there already.
func roleStatements(t *testing.T, database string) (made, granted []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations", "postgresql.md"))
	must(t, err)
	blocks := regexp.MustCompile(`(?s)psql [^\n]*<<'END'\n(.*?)\nEND\n`).FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("the page has %d blocks for psql", len(blocks))
	}
	var lists [2][]string
	for i, block := range blocks {
		for _, statement := range strings.Split(regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(block[1], ""), ";") {
			statement = strings.ReplaceAll(strings.TrimSpace(statement), "DATABASE tenure ", "DATABASE "+database+" ")
			if strings.HasPrefix(statement, "CREATE DATABASE") {
				statement = "ALTER DATABASE " + database + " OWNER TO tenure_owner"
			}
			if statement != "" {
				lists[i] = append(lists[i], statement)
			}
		}
	}
	return lists[0], lists[1]
}
