package handlers_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/evidence"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

// house is an installation over HTTP: north owns a setup, harbour below it a client.
type house struct {
	*tenancytest.World
	store         *snapshots.Store
	server        *httptest.Server
	setup, client string
	first, second string // snapshots of the setup
	before        string // an instant between the two
	plain         string // key of an auditor below north, of an organization without clients
}

func newHouse(t *testing.T, dsn string) *house {
	h := &house{World: tenancytest.New(t, dsn)}
	ctx := context.Background()
	var err error
	h.store, err = snapshots.Open(ctx, h.DB, h.Log, h.Store.IDs(), snapshots.Options{})
	must(t, err)
	must(t, h.store.CreateModule(ctx, h.Store.Operator("test"), snapshots.DefaultModule))
	f := &family{World: h.World}
	own := f.signingKeys(t)
	log := f.publisher(t)
	stores := handlers.Stores{Tenancy: h.Store, Snapshots: h.store, Log: log,
		Evidence: &evidence.Exporter{DB: h.DB, Log: log, Keys: own, Now: h.Log.Now, Program: "test"}}
	h.server = httptest.NewServer(handlers.New(web.Config{Tenancy: h.Store, Log: zerolog.Nop()}, stores))
	t.Cleanup(h.server.Close)
	pier := h.MustOrg(t, h.North, "pier")
	_, h.plain = h.MustKey(t, tenancy.NewKey{Org: pier, Name: "auditor", Role: tenancy.Auditor})
	return h
}

// ask sends a request and returns the answer's status and body.
func (h *house) ask(t *testing.T, method, path, key, body, reason string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, h.server.URL+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if reason != "" {
		r.Header.Set("Tenure-Reason", reason)
	}
	answer, err := h.server.Client().Do(r)
	must(t, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, string(raw)
}

// must200 is ask for what has to succeed.
func (h *house) must200(t *testing.T, method, path, key, body, reason string) string {
	t.Helper()
	status, text := h.ask(t, method, path, key, body, reason)
	if status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return text
}

// story: north makes a setup, harbour a client in it that sets neither grant types nor
// lifetimes; then north adds the grant type password and raises a lifetime.
func (h *house) story(t *testing.T) {
	t.Helper()
	admin, editor := h.Key(h.North, tenancy.Admin), h.Key(h.Harbour, tenancy.Editor)
	const setups = "/v2/modules/oauthv2/setups"
	member := func(text, name string) string {
		var all map[string]any
		must(t, json.Unmarshal([]byte(text), &all))
		id, _ := all[name].(string)
		return id
	}
	h.setup = member(h.must200(t, "POST", setups, admin, `{"name": "login", "client_defaults": {"grant_types": ["authorization_code"], "access_token_ttl": 3600}}`, ""), "setupId")
	h.Clock.Advance(time.Minute)
	h.must200(t, "POST", setups+"/"+h.setup+"/clients", editor, `{"client_id": "shop", "name": "Shop", "redirect_uris": ["https://shop.example/cb"], "response_types": ["code"]}`, "")
	h.Clock.Advance(time.Minute)
	h.before = h.Clock.Reading().Format(time.RFC3339Nano)
	h.Clock.Advance(time.Minute)
	// no dialect lets anybody add the grant type password any more, but a setup may have had it for long
	_, err := snapshots.Edit(context.Background(), h.store, h.Scope(t, h.North, tenancy.Admin).Because("legacy apps, ticket 7"), snapshots.SetupRef(snapshots.DefaultModule, snapshots.EntityID(h.setup)),
		snapshots.Change[document.Setup]{Apply: func(base, _ *document.Setup) (*document.Setup, error) {
			next, day := *base, int64(86400)
			next.GrantTypes, next.AccessTokenTTL = []string{"authorization_code", "password"}, &day
			return &next, nil
		}})
	must(t, err)
	h.Clock.Advance(time.Minute)
	var clients struct {
		Clients []struct {
			EntityID string `json:"entity_id"`
		}
	}
	must(t, json.Unmarshal([]byte(h.must200(t, "GET", "/v1/clients?setup="+h.setup, editor, "", "")), &clients))
	h.client = clients.Clients[0].EntityID
}

// TestWhatTheSetupsOwnerDid: the auditor of the client's owner sees in the client's diff,
// blame, history and evidence that the setup's owner gave it the grant type password and a
// longer lifetime, by whom and why, and may read the setup's snapshots; others below the
// setup's owner may not.
func TestWhatTheSetupsOwnerDid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		h := newHouse(t, dsn)
		h.story(t)
		auditor, client := h.Key(h.Harbour, tenancy.Auditor), "/v1/clients/"+h.client
		get := func(path string) string { t.Helper(); return h.must200(t, "GET", path, auditor, "", "") }
		between := "?from=" + url.QueryEscape(h.before) + "&to=now"
		var list struct{ SnapshotIDs []string }
		must(t, json.Unmarshal([]byte(get("/v2/modules/oauthv2/setups/"+h.setup+"/snapshots")), &list))
		if len(list.SnapshotIDs) != 2 {
			t.Fatalf("the setup's snapshots: %q", list.SnapshotIDs)
		}
		h.first, h.second = list.SnapshotIDs[0], list.SnapshotIDs[1]
		has := func(what, text string, want ...string) {
			t.Helper()
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("%s has no %q: %s", what, w, text)
				}
			}
		}
		never := func(what, text string, never ...string) {
			t.Helper()
			for _, w := range never {
				if strings.Contains(text, w) {
					t.Errorf("%s has %q: %s", what, w, text)
				}
			}
		}

		has("the diff", get(client+"/diff"+between), `"level":"critical"`, `"new":"password"`, `"inherited":{"old":null,"new":"`+h.second+`"}`,
			`"inherited":{"old":"`+h.first+`","new":"`+h.second+`"}`, "new grant type password", "access token lifetime ×24", `"stored":[]`)
		has("the diff of what is stored", get(client+"/diff"+between+"&view=stored"), `"changes":[]`, `"level":"routine"`)
		has("Markdown", get(client+"/diff"+between+"&format=markdown"), "**critical**", "inherited from `"+h.second+"`")
		has("text", get(client+"/diff"+between+"&format=text"), `+grant_types: "password" (inherited from `+h.second+`)`)
		has("the patch", get(client+"/diff"+between+"&format=json-patch"), "[]")
		has("no time at all", get(client+"/diff?from=now&to=now"), `"changes":[]`)
		if status, text := h.ask(t, "GET", client+"/diff?view=other", auditor, "", ""); status != 400 {
			t.Errorf("another view: %d %s", status, text)
		}

		blame := get(client + "/blame")
		has("the blame", blame, `"member":"access_token_ttl","set":true,"snapshot_id":"`+h.second+`"`, `"inherited":true`, "legacy apps, ticket 7", "key:"+h.KeyID(h.North, tenancy.Admin))
		never("the blame of what is stored", get(client+"/blame?view=stored"), "access_token_ttl", `"inherited":true`)

		for _, path := range []string{client + "/history", "/v1/history?client=" + h.client} {
			list := get(path)
			has(path, list, `"kind":"setup.changed"`, `"inherited":["grant_types","access_token_ttl"]`, h.second, "legacy apps, ticket 7")
			never(path, list, `"kind":"setup.published"`)
		}
		has("the table", get("/v1/history?format=csv&client="+h.client), ",grant_types access_token_ttl\r\n")
		has("OCSF", get("/v1/history?format=ocsf&client="+h.client), `"inherited":["grant_types","access_token_ttl"]`)
		never("everything of harbour", get("/v1/history"), "setup.changed")

		plan := h.must200(t, "POST", client+"/snapshots:plan", h.Key(h.Harbour, tenancy.Editor), `{"merge": {"access_token_ttl": 86400, "grant_types": ["authorization_code"]}}`, "")
		has("a plan", plan, `"inherited":{"old":"`+h.second+`","new":null}`, `"level":"sensitive"`)
		never("a plan of what it has already", plan, `"label":"access_token_ttl"`)

		tried := h.must200(t, "PUT", "/v2/modules/oauthv2/setups/"+h.setup+"/clients/"+h.client+"?dry_run=true", h.Key(h.Harbour, tenancy.Editor),
			`{"client_id": "shop", "name": "Shop", "redirect_uris": ["https://shop.example/cb"], "response_types": ["code"], "access_token_ttl": 60}`, "")
		has("a plan in nevisMeta's dialect", tried, `"inherited":{"old":"`+h.second+`","new":null}`)

		for _, who := range []struct {
			name, key string
			want      int
		}{
			{"harbour", auditor, 200}, {"north", h.Key(h.North, tenancy.Auditor), 200}, {"a reader of harbour", h.Key(h.Harbour, tenancy.Reader), 403},
			{"pier, without a client", h.plain, 403}, {"south", h.Key(h.South, tenancy.Auditor), 404},
		} {
			for _, path := range []string{"/snapshots", "/snapshots/" + h.first, "?at=" + url.QueryEscape(h.before)} {
				if status, text := h.ask(t, "GET", "/v2/modules/oauthv2/setups/"+h.setup+path, who.key, "", ""); status != who.want {
					t.Errorf("%s, %s: %d %s", who.name, path, status, text)
				}
			}
		}
		for _, path := range []string{"/diff" + between, "/blame", "/history"} {
			if status, text := h.ask(t, "GET", client+path, h.plain, "", ""); status != 404 {
				t.Errorf("pier, %s: %d %s", path, status, text)
			}
		}

		for _, query := range []string{"?client=" + h.client, ""} {
			h.evidence(t, get("/v1/evidence"+query), false)
		}
		h.evidence(t, get("/v1/evidence?client="+h.client+"&from="+url.QueryEscape(h.before)), true)
	})
}

// evidence verifies a bundle, and reads the page of the client. Where the client's version
// is older than the bundle the page does not claim that the client inherits the change.
func (h *house) evidence(t *testing.T, bundle string, older bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "evidence.zip")
	must(t, os.WriteFile(path, []byte(bundle), 0o600))
	f, err := evidence.Open(path)
	must(t, err)
	defer f.Close()
	var said strings.Builder
	if _, err := evidence.Verify(f, evidence.Options{Say: func(s string) { fmt.Fprintln(&said, s) }}); err != nil {
		t.Errorf("%v\n%s", err, said.String())
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(bundle)), int64(len(bundle)))
	must(t, err)
	var page []byte
	for _, name := range []string{"pages/" + h.client + ".html", "snapshots/" + h.first + ".json", "snapshots/" + h.second + ".json"} {
		file, err := z.Open(name)
		must(t, err)
		text, err := io.ReadAll(file)
		must(t, err)
		if page == nil {
			page = text
		}
	}
	for _, want := range []string{"Inherited from the setup: Changed", "new grant type password", "access token lifetime ×24", "legacy apps, ticket 7", h.second} {
		if strings.Contains(string(page), want) == older {
			t.Errorf("the client's page has %q: %t", want, older)
		}
	}
	if strings.Contains(string(page), "this bundle does not say") != older {
		t.Errorf("the client's page says that it is not known: %t", !older)
	}
}
