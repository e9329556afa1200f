package node

import (
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

// caller sends SlashID's requests to one node.
type caller struct {
	handler http.Handler
	key     string
	org     tenancy.OrgID
}

func (c caller) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("SlashID-API-Key", c.key)
	r.Header.Set("SlashID-OrgID", string(c.org))
	r.Header.Set("Content-Type", "application/json")
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

// TestAllRegions: of two nodes on one database, each shows what was written at
// the other as soon as a write with all_regions is answered. One that may not
// wait so long is answered 408, and made all the same.
func TestAllRegions(t *testing.T) {
	ctx := context.Background()
	dsn := dbtest.Postgres(t)
	var callers [2]caller
	key := ""
	for i := range callers {
		n, err := Open(ctx, Config{Database: dsn, SecretsKey: "none", LogKey: "none", EvidenceKey: "none", Log: zerolog.Nop()})
		must(t, err)
		t.Cleanup(func() { must(t, n.Close()) })
		n.Mount(openfinance.Scheme{}, nil)
		made, err := n.Bootstrap(ctx, "root")
		must(t, err)
		if made != "" {
			key = made
		}
		callers[i] = caller{n.Handler, key, n.Tenancy.Root()}
	}
	here, there := callers[0], callers[1]
	const clients = "/oauth2/clients"
	const minimal = `{"client_name":"first","grant_types":["client_credentials"],"scopes":["openid"]}`
	made := here.send("POST", clients, minimal, "SlashID-Required-Consistency: all_regions")
	var answer struct {
		Result struct {
			ID string `json:"client_id"`
		} `json:"result"`
	}
	if err := json.Unmarshal(made.Body.Bytes(), &answer); err != nil || made.Code != http.StatusCreated {
		t.Fatalf("%d %s", made.Code, made.Body)
	}
	path := clients + "/" + answer.Result.ID
	shows := func(name string) {
		t.Helper()
		if got := there.send("GET", path, ""); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"client_name":"`+name+`"`) {
			t.Errorf("the other node shows %d %s, want the name %s", got.Code, got.Body, name)
		}
	}
	shows("first")
	if got := here.send("PATCH", path, `{"client_name":"second"}`, "SlashID-Required-Consistency: all_regions"); got.Code != http.StatusOK {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	shows("second")

	began := time.Now()
	hasty := here.send("PATCH", path, `{"client_name":"third"}`, "SlashID-Required-Consistency: all_regions", "SlashID-Required-Consistency-Timeout: 1")
	if hasty.Code != http.StatusRequestTimeout || time.Since(began) < time.Second {
		t.Errorf("after %s: %d %s", time.Since(began), hasty.Code, hasty.Body)
	}
	if got := here.send("GET", path, ""); !strings.Contains(got.Body.String(), `"client_name":"third"`) {
		t.Errorf("the change is not made: %s", got.Body)
	}
}
