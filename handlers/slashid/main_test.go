package slashid_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/slashid"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

const module = snapshots.DefaultModule

// fixture is the surface over a real installation with the tree of the facts:
// A → B → C, D a second child of A, and X beside A, all below a root. The root's
// default setup is everybody's but C's, which has one of its own. Every answer
// is held against the schema.
type fixture struct {
	*tenancytest.World
	t       testing.TB
	store   *snapshots.Store
	handler http.Handler
	bare    http.Handler // the same, whose answers may be what other dialects stored
	log     bytes.Buffer
	orgs    map[string]tenancy.OrgID                  // by letter, and "root"
	keys    map[tenancy.OrgID]map[tenancy.Role]string // of the letters
	own     snapshots.EntityID                        // C's setup
	setup   snapshots.EntityID                        // the root's
	org     tenancy.OrgID                             // that requests are for; B at first
	key     string                                    // and with; its editor's
	await   *func(context.Context) error              // what all_regions waits for
}

func newFixture(t testing.TB, dsn string) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dsn), t: t, keys: map[tenancy.OrgID]map[tenancy.Role]string{}}
	everywhere := func(context.Context) error { return nil }
	f.await = &everywhere
	f.orgs = map[string]tenancy.OrgID{"root": f.Root, "a": f.North, "b": f.Harbour, "x": f.South}
	f.orgs["c"], f.orgs["d"] = f.MustOrg(t, f.Harbour, "quay"), f.MustOrg(t, f.North, "pier")
	for _, org := range f.orgs {
		f.keys[org] = map[tenancy.Role]string{}
		for _, role := range tenancytest.Roles() {
			_, f.keys[org][role] = f.MustKey(t, tenancy.NewKey{Org: org, Name: string(role), Role: role})
		}
	}
	var err error
	f.store, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), snapshots.Options{})
	must(t, err)
	must(t, f.store.CreateModule(ctx, f.Store.Operator("test"), module))
	f.setup, f.own = f.newSetup(f.Root), f.newSetup(f.orgs["c"])
	surface := slashid.New(slashid.Config{Store: f.store, Tenancy: f.Store, Await: func(ctx context.Context) error { return (*f.await)(ctx) }})
	f.bare = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(&f.log)}, []web.Surface{surface})
	f.handler = held(t, f.bare)
	return f.as("b", tenancy.Editor)
}

// newSetup makes the default setup of an organization.
func (f *fixture) newSetup(org tenancy.OrgID) snapshots.EntityID {
	f.t.Helper()
	scope := f.scope(org, tenancy.Admin)
	out, err := f.store.CreateSetup(ctx, scope, module, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			return &document.Setup{Name: "test"}, nil
		}})
	must(f.t, err)
	_, err = f.Store.SetDefaultSetup(ctx, scope, org, string(out.Entity.ID), func(*db.Tx) error { return nil })
	must(f.t, err)
	return out.Entity.ID
}

func (f *fixture) scope(org tenancy.OrgID, role tenancy.Role) tenancy.Scope {
	f.t.Helper()
	p, err := f.Store.Authenticate(f.keys[org][role])
	must(f.t, err)
	scope, err := f.Store.Authorize(p, "", 0, "test", "because of a test")
	must(f.t, err)
	return scope
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as is f for another organization, with its own key.
func (f *fixture) as(letter string, role tenancy.Role) *fixture {
	return f.acting(letter, letter, role)
}

// acting is f for an organization, with another one's key.
func (f *fixture) acting(letter, keyOf string, role tenancy.Role) *fixture {
	own := *f
	own.org, own.key = f.orgs[letter], f.keys[f.orgs[keyOf]][role]
	return &own
}

type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// send sends a request; header lines are "Name: value". They replace the
// fixture's, and one without a value takes it away.
func (f *fixture) send(method, target, body string, header ...string) answer {
	f.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("SlashID-OrgID", string(f.org))
	r.Header.Set("SlashID-API-Key", f.key)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Del(name)
		for _, v := range strings.Split(strings.TrimSpace(value), " & ") {
			if v != "" {
				r.Header.Add(name, strings.Trim(v, "'"))
			}
		}
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return answer{w, f.t}
}

func (f *fixture) get(target string, header ...string) answer {
	f.t.Helper()
	return f.send("GET", target, "", header...)
}

const (
	clients  = "/oauth2/clients"
	minimal  = `{"client_name":"m","scopes":["z","a"],"grant_types":["client_credentials"]}`
	complete = `{"client_name":"Läden \"Ost\" <&>","scopes":["openid","b:write","a:read"],"grant_types":["authorization_code"],` +
		`"access_token_duration":60,"refresh_token_duration":3600,"redirect_uris":["https://a.example/cb?x=y","com.example.app:/cb"],"public":true}`
)

// client creates a client and returns its path.
func (f *fixture) client(body string) string {
	f.t.Helper()
	return clients + "/" + f.send("POST", clients, body).want(201).text("client_id")
}

// want fails the test unless the status is as said and the body has the words.
func (a answer) want(status int, words ...string) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("the answer is %d, not %d: %.2000s", a.Code, status, a.Body)
	}
	for _, word := range words {
		if !strings.Contains(a.Body.String(), word) {
			a.t.Fatalf("the answer lacks %s: %.2000s", word, a.Body)
		}
	}
	return a
}

// result is the answer's result, an object.
func (a answer) result() map[string]any {
	a.t.Helper()
	doc, ok := decode(a.t, a.Body.Bytes())["result"].(map[string]any)
	if !ok {
		a.t.Fatalf("no object in %.500s", a.Body)
	}
	return doc
}

func (a answer) text(member string) string {
	a.t.Helper()
	s, ok := a.result()[member].(string)
	if !ok {
		a.t.Fatalf("%s is no text in %.500s", member, a.Body)
	}
	return s
}

func decode(t testing.TB, data []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%v in %.500s", err, data)
	}
	return doc
}

func encode(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

// stored creates a client of B's through the store, as another dialect does.
func (f *fixture) stored(clientID string, doc document.Client) string {
	f.t.Helper()
	_, err := f.store.CreateClient(ctx, f.scope(f.orgs["b"], tenancy.Editor), snapshots.NewClient{Module: module, Setup: f.setup, ClientID: clientID},
		snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
	must(f.t, err)
	return clients + "/" + clientID
}

// found is what the store has for the client at path.
func (f *fixture) found(path string) snapshots.Resolved[document.Client] {
	f.t.Helper()
	found, err := snapshots.Resolve[document.Client](ctx, f.store, f.scope(f.Root, tenancy.Auditor), snapshots.Anywhere(path[strings.LastIndexByte(path, '/')+1:], f.setup).Within("", ""), snapshots.Instant{})
	must(f.t, err)
	return found
}

// history lists the ids of a client's snapshots.
func (f *fixture) history(path string) []snapshots.SnapshotID {
	f.t.Helper()
	e := f.found(path).Entity
	ids, err := snapshots.Snapshots[document.Client](ctx, f.store, f.scope(f.Root, tenancy.Auditor),
		snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}, nil, false)
	must(f.t, err)
	return ids
}

// tables are those that a write may add to.
var tables = []string{"entity", "snapshot", "snapshot_body", "withdrawal", "entity_term", "client_secret", "secret_end", "org_version",
	"api_key", "key_revocation", "log_event"}

// rows counts the rows of each table.
func (f *fixture) rows() string {
	f.t.Helper()
	var counts []string
	must(f.t, f.DB.View(ctx, func(c *db.Conn) error {
		for _, table := range tables {
			var n int
			if err := c.Get(&n, "SELECT count(*) FROM "+table); err != nil {
				return err
			}
			counts = append(counts, fmt.Sprintf("%s %d", table, n))
		}
		return nil
	}))
	return strings.Join(counts, ", ")
}

// sound fails the test unless the stores are consistent.
func (f *fixture) sound() {
	f.t.Helper()
	f.Check(f.t)
	if problems, err := snapshots.Check(ctx, f.DB); err != nil || len(problems) > 0 {
		f.t.Errorf("%v, %v", problems, err)
	}
}

// variables are what the scripts may name.
func (f *fixture) variables() map[string]string {
	vars := map[string]string{"setup": string(f.setup), "own_setup": string(f.own), "nobody": "01234567-89ab-4def-8123-456789abcdef"}
	for letter, org := range f.orgs {
		vars[letter] = string(org)
		for role, key := range f.keys[org] {
			vars[fmt.Sprintf("%s_%s", letter, role)] = key
		}
	}
	return vars
}
