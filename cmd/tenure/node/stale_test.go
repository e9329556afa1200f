package node

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/openfinance"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestServeStale: a node whose database goes away answers readers from memory, says so to load balancers, in
// its log and in what is counted, and is as before when the database is back.
func TestServeStale(t *testing.T) {
	ctx, gate := context.Background(), dbtest.NewGate(t)
	var log bytes.Buffer
	n, err := Open(ctx, Config{Database: gate.DSN, SecretsKey: "none", LogKey: "none", EvidenceKey: "none", ServeStale: time.Hour, Accesses: true,
		ReadLog: "sampled", Log: zerolog.New(zerolog.SyncWriter(&log))})
	must(t, err)
	t.Cleanup(func() {
		gate.Open()
		n.Close()
	})
	n.Mount(openfinance.Scheme{}, nil)
	admin, err := n.Bootstrap(ctx, "root")
	must(t, err)
	_, reader, err := n.Tenancy.CreateKey(ctx, n.Tenancy.Operator("test"), tenancy.NewKey{Org: n.Tenancy.Root(), Name: "reader", Role: tenancy.Reader})
	must(t, err)
	send := func(key, method, path, body string) *httptest.ResponseRecorder {
		return caller{n.Handler, key, n.Tenancy.Root()}.send(method, path, body, "Authorization: Bearer "+key)
	}
	if got := send(admin, "POST", "/admin/clients", `{"client_id":"c"}`); got.Code != http.StatusCreated {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	type health struct {
		Status string
		Checks map[string]struct{ Status string }
	}
	ready := func(query string) (status int, h health) {
		got := send("", "GET", "/readyz"+query, "")
		must(t, json.Unmarshal(got.Body.Bytes(), &h))
		return got.Code, h
	}
	// until asks until the node is as it is to be; what the node does by itself takes about three seconds.
	until := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not %s", what)
			}
		}
	}
	read := func() *httptest.ResponseRecorder { return send(reader, "GET", "/admin/clients/c", "") }
	must(t, n.Log.Poll(ctx, n.DB))
	if got := read(); got.Code != http.StatusOK || got.Header().Get("Age") != "" {
		t.Fatalf("%d %v", got.Code, got.Header())
	}
	if status, h := ready("?for=reads"); status != http.StatusOK || h.Status != "ready" {
		t.Errorf("at first: %d %+v", status, h)
	}

	gate.Shut()
	until("stale", func() bool { return read().Header().Get("Age") != "" })
	if got := read(); got.Code != http.StatusOK || got.Header().Get("Age") < "2" {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
	if got := send(admin, "GET", "/admin/clients/c", ""); got.Code != http.StatusServiceUnavailable {
		t.Errorf("an administrator's read: %d", got.Code)
	}
	if status, h := ready(""); status != http.StatusServiceUnavailable || h.Checks["feed"].Status != "stale" || h.Checks["database"].Status != "database-unreachable" {
		t.Errorf("/readyz: %d %+v", status, h)
	}
	if status, h := ready("?for=reads"); status != http.StatusOK || h.Status != "stale" || h.Checks["feed"].Status != "stale" {
		t.Errorf("/readyz?for=reads: %d %+v", status, h)
	}
	if s := n.Stats(ctx); s.Stale == 0 {
		t.Error("no answer is counted")
	}

	gate.Open()
	until("back", func() bool { got := read(); return got.Code == http.StatusOK && got.Header().Get("Age") == "" })
	until("ready", func() bool { status, h := ready(""); return status == http.StatusOK && h.Checks["feed"].Status == "ok" })
	if got := send(admin, "GET", "/admin/clients/c", ""); got.Code != http.StatusOK {
		t.Errorf("an administrator's read: %d", got.Code)
	}
	must(t, n.Close())
	if !strings.Contains(log.String(), `"stale_s":2`) {
		t.Errorf("the log does not say how old an answer was: %s", log.String())
	}
}
