package node

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/openfinance"
	"tenure/snapshots"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// ask is a request of one dialect.
type ask struct{ method, path, body string }

// asks are a list and a write of each dialect.
func asks(setup string) []ask {
	const client = `{"client_name":"x","grant_types":["client_credentials"],"scopes":["openid"]}`
	setups := "/v2/modules/" + snapshots.DefaultModule + "/setups"
	return []ask{
		{"GET", "/oauth2/clients", ""}, {"POST", "/oauth2/clients", client},
		{"GET", "/admin/clients", ""}, {"POST", "/admin/clients", `{"client_name":"x"}`},
		{"GET", "/v1/clients?setup=" + setup, ""}, {"POST", "/v1/organizations", `{"name":"below"}`},
		{"GET", setups + "/" + setup + "/clients", ""}, {"POST", setups, `{"name":"s"}`},
	}
}

// broken is a node on PostgreSQL, with an administrator's key, whose requests may take limit.
func broken(t *testing.T, limit time.Duration) (send func(ask) *httptest.ResponseRecorder, all []ask, other *db.DB) {
	dsn, ctx := dbtest.Postgres(t), context.Background()
	n, err := Open(ctx, Config{Database: dsn, SecretsKey: "none", LogKey: "none", EvidenceKey: "none", RequestTime: limit, Log: zerolog.Nop()})
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	n.Mount(openfinance.Scheme{}, nil)
	key, err := n.Bootstrap(ctx, "root")
	must(t, err)
	send = func(a ask) *httptest.ResponseRecorder {
		return caller{n.Handler, key, n.Tenancy.Root()}.send(a.method, a.path, a.body, "Authorization: Bearer "+key)
	}
	return send, asks(n.Tenancy.DefaultSetup(n.Tenancy.Root())), dbtest.Open(t, dsn, db.Options{})
}

// TestDeadlineOfRequests: while the database does not answer, every request is answered all the
// same, by its deadline, as its dialect says that something took too long.
func TestDeadlineOfRequests(t *testing.T) {
	const limit = 200 * time.Millisecond
	send, all, other := broken(t, limit)
	tx, err := other.Raw().Beginx()
	must(t, err)
	_, err = tx.Exec("LOCK TABLE log_head, entity, snapshot IN ACCESS EXCLUSIVE MODE")
	must(t, err)
	for _, a := range all {
		began := time.Now()
		got := send(a)
		// Once the log could not be read for a while, nothing is asked of the database any more.
		late := got.Code == http.StatusGatewayTimeout || got.Code == http.StatusServiceUnavailable && got.Header().Get("Retry-After") != ""
		if took := time.Since(began); !late || took > 20*limit {
			t.Errorf("%s %s: %d after %s: %s", a.method, a.path, got.Code, took, got.Body)
		}
	}
	must(t, tx.Rollback())
	for _, a := range all {
		if got := send(a); got.Code/100 != 2 && got.Code != http.StatusConflict {
			t.Errorf("%s %s, when the database answers again: %d: %s", a.method, a.path, got.Code, got.Body)
		}
	}
}

// TestEndedConnections: after all connections of a node were ended, a request is answered, or told
// when to come again, and then answered.
func TestEndedConnections(t *testing.T) {
	send, all, other := broken(t, 0)
	for i, a := range all {
		must(t, other.View(context.Background(), func(c *db.Conn) error {
			var n int
			return c.Get(&n, `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
		}))
		a.body = strings.Replace(a.body, `"below"`, `"below`+strings.Repeat("x", i)+`"`, 1)
		if got := send(a); got.Code/100 != 2 && (got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "") {
			t.Errorf("%s %s: %d %v: %s", a.method, a.path, got.Code, got.Header(), got.Body)
		}
		a.body = strings.Replace(a.body, `"below`, `"again`, 1)
		if got := send(a); got.Code/100 != 2 {
			t.Errorf("%s %s, again: %d: %s", a.method, a.path, got.Code, got.Body)
		}
	}
}

// TestNodesBehindPgBouncer: two nodes reach their database through PgBouncer in transaction mode.
// What one writes, in any dialect, the other shows and changes.
func TestNodesBehindPgBouncer(t *testing.T) {
	through, _ := dbtest.PgBouncer(t)
	ctx := context.Background()
	var nodes [2]*Node
	key := ""
	for i := range nodes {
		n, err := Open(ctx, Config{Database: through, Connections: db.Connections{Bouncer: true}, SecretsKey: "none", LogKey: "none", EvidenceKey: "none", Log: zerolog.Nop()})
		must(t, err)
		t.Cleanup(func() { must(t, n.Close()) })
		n.Mount(openfinance.Scheme{}, nil)
		made, err := n.Bootstrap(ctx, "root")
		must(t, err)
		key, nodes[i] = key+made, n
	}
	send := func(n *Node, method, path, body string) *httptest.ResponseRecorder {
		t.Helper()
		got := caller{n.Handler, key, n.Tenancy.Root()}.send(method, path, body, "Authorization: Bearer "+key, "SlashID-Required-Consistency: all_regions")
		if got.Code/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, got.Code, got.Body)
		}
		return got
	}
	for round := range 3 { // each write waits until the other node shows it
		here, there := nodes[round%2], nodes[1-round%2]
		for _, a := range asks(here.Tenancy.DefaultSetup(here.Tenancy.Root())) {
			send(here, a.method, a.path, strings.Replace(a.body, `"below"`, fmt.Sprintf(`"below%d"`, round), 1))
		}
		id := fmt.Sprintf("client-%d", round)
		send(here, "POST", "/admin/clients", `{"client_id":"`+id+`","client_name":"first"}`)
		must(t, there.Log.Await(ctx))
		for _, name := range []string{"first", "second"} { // the secret is another one afterwards, too
			if got := send(there, "GET", "/admin/clients/"+id, ""); !strings.Contains(got.Body.String(), `"client_name":"`+name+`"`) {
				t.Fatalf("round %d: %s", round, got.Body)
			}
			send(there, "PUT", "/admin/clients/"+id, `{"client_id":"`+id+`","client_name":"second","client_secret":"another secret of it"}`)
		}
	}
}
